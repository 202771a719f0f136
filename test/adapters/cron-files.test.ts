import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type CronFile, cronFilesIn } from '../../src/adapters/cron-files.ts';
import { digestOf } from '../../src/contract/digest.ts';
import { temporaryFolder } from '../services/support.ts';
import { definition } from '../support/definitions.ts';

const problemOf = (file: CronFile | undefined) => file && 'problem' in file.content && file.content.problem;

it('are read by name, with the digest that a signed task would bring', () => {
  const folder = temporaryFolder();
  const [a, b] = [definition({ name: 'alpha' }), definition({ name: 'beta' })];
  writeFileSync(join(folder, 'beta.yaml'), `# A remark\n${stringify(b)}`);
  writeFileSync(join(folder, 'alpha.yaml'), JSON.stringify(a));
  writeFileSync(join(folder, 'README.md'), 'none of them');
  expect(cronFilesIn(folder)).toEqual([
    { name: 'alpha', path: join(folder, 'alpha.yaml'), content: { definition: a, digest: digestOf(a) } },
    { name: 'beta', path: join(folder, 'beta.yaml'), content: { definition: b, digest: digestOf(b) } },
  ]);
});

it('are none where there is no folder', () => {
  expect(cronFilesIn(join(temporaryFolder(), 'crons'))).toEqual([]);
});

it('cannot be read where the folder is none', () => {
  const path = join(temporaryFolder(), 'crons');
  writeFileSync(path, '');
  expect(() => cronFilesIn(path)).toThrow(`cannot read ${path}: ENOTDIR`);
});

it.each<[string, (path: string) => void, string]>([
  ['no YAML', (path) => writeFileSync(path, 'a: [b'), 'Flow sequence'],
  ['no definition', (path) => writeFileSync(path, 'name: backup'), 'at purpose'],
  ['empty', (path) => writeFileSync(path, ''), 'expected object'],
  ['of another name', (path) => writeFileSync(path, stringify(definition({ name: 'other' }))), 'name it other.yaml'],
  ['a wrong pattern', (path) => writeFileSync(path, stringify(definition({ pattern: '61 * * * *' }))), 'at pattern'],
  ['a folder', (path) => mkdirSync(path), 'no regular file'],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), 'no regular file'],
  ['a link', (path) => symlinkSync('/etc/hostname', path), 'no regular file'],
  ['too big', (path) => (writeFileSync(path, ''), truncateSync(path, 2 ** 20 + 1)), 'not a file of ours'],
  [
    'one that unfolds without end',
    (path) => writeFileSync(path, `a: &a [${'x,'.repeat(99)}]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]`),
    'alias',
  ],
])('tell their problem, and the others are there all the same: %s', (_what, make, problem) => {
  const folder = temporaryFolder();
  make(join(folder, 'backup.yaml'));
  writeFileSync(join(folder, 'well.yaml'), stringify(definition({ name: 'well' })));
  const [bad, well] = cronFilesIn(folder);
  expect(problemOf(bad)).toContain(problem);
  expect(well?.content).toMatchObject({ definition: { name: 'well' } });
});
