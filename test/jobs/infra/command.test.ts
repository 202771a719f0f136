import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { command } from '../../../jobs/infra/command.ts';
import { script } from '../../../jobs/infra/script.ts';
import type { CommandStep } from '../../../src/planning/step.ts';

const plan = (input: object) => command.plan(command.input.parse(input), {});
const planScript = (input: object) => script.plan(script.input.parse(input), {});
const bounds = { timeoutMs: 600_000, outputLimitBytes: 16 * 1024 * 1024 };

describe('infra.command', () => {
  it('runs the argv from /, for 10 minutes, with 16 MiB of output', () => {
    expect(plan({ argv: ['/bin/echo', 'a b'] })).toEqual([
      {
        kind: 'command',
        target: '/bin/echo',
        title: 'run /bin/echo "a b"',
        command: {
          argv: ['/bin/echo', 'a b'],
          cwd: '/',
          env: {},
          stdin: '',
          writes: [],
          network: false,
          outlives: false,
          ...bounds,
        },
        undo: null,
        guard: null,
      },
    ]);
  });

  it('undoes in the same place with the same variables and bounds, without the input', () => {
    const given = { cwd: '/tmp', env: { A: 'x' }, timeout_ms: 50, output_limit_bytes: 2048 };
    const spec = { cwd: '/tmp', env: { A: 'x' }, timeoutMs: 50, outputLimitBytes: 2048 };
    expect(plan({ argv: ['/a'], undo: ['/b'], stdin: 'yes', ...given })).toMatchObject([
      { command: { argv: ['/a'], stdin: 'yes', ...spec }, undo: { argv: ['/b'], stdin: '', ...spec } },
    ]);
  });

  it.each([
    [undefined, []],
    [['service:web'], []],
    [
      ['path:/srv/web', 'service:web', 'path:/var/www'],
      ['/srv/web', '/var/www'],
    ],
    [['host', 'path:/srv/web'], ['/']],
  ])('writes below the paths that it names: %j', (resources, writes) => {
    expect(plan({ argv: ['/a'], ...(resources && { resources }) })).toMatchObject([{ command: { writes } }]);
  });

  it('needs its programs, the paths that it writes, its secrets and the network', () => {
    const input = command.input.parse({
      argv: ['git', 'pull'],
      undo: ['/bin/true'],
      guard: { unless: ['test', '-e', '/x'] },
      env: { TOKEN: 'secret:file/git', PLAIN: 'x' },
      stdin: 'secret:age/key',
      resources: ['path:/srv/web'],
      network: true,
    });
    expect(command.needs(input)).toEqual([
      'binary:git',
      'binary:/bin/true',
      'binary:test',
      'path:/srv/web',
      'secret:file/git',
      'secret:age/key',
      'network:any',
    ]);
    expect(script.needs({ interpreter: ['/bin/sh', '-eu'], text: 'x' })).toEqual(['binary:/bin/sh']);
  });

  it('T20: never joins, splits or quotes an argv', () => {
    const word = fc
      .string({ unit: 'binary', maxLength: 20 })
      .filter((text) => !text.includes('\0') && text.isWellFormed());
    const argv = fc
      .tuple(fc.constant('/bin/echo'), fc.array(word, { maxLength: 6 }))
      .map(([first, rest]) => [first, ...rest]);
    fc.assert(
      fc.property(argv, argv, (run, undo) => {
        expect(plan({ argv: run, undo })).toMatchObject([{ command: { argv: run }, undo: { argv: undo } }]);
      }),
    );
  });

  it.each([
    { given: {}, resources: ['host'] },
    { given: { resources: ['path:/tmp', 'service:web'] }, resources: ['path:/tmp', 'service:web'] },
  ])('takes the whole host, or what it names: $resources', ({ given, resources }) => {
    expect(command.resources({ argv: ['/a'], ...given })).toEqual(resources);
    expect(script.resources({ interpreter: ['/a'], text: 'x', ...given })).toEqual(resources);
  });

  it.each([
    { argv: [] },
    { argv: '/bin/true' },
    { argv: ['/a'], shell: true },
    { argv: ['/a'], timeout_ms: 9 },
    { argv: ['/a'], timeout_ms: 24 * 3600_000 + 1 },
    { argv: ['/a'], output_limit_bytes: 1023 },
    { argv: ['/a'], cwd: 'tmp' },
    { argv: ['/a'], env: { 'A B': 'x' } },
    { argv: ['/a'], guard: {} },
    { argv: ['/a'], guard: { creates: '/a', unless: ['/b'] } },
    { argv: ['/a'], resources: [] },
    { argv: ['/a'], resources: ['hosts'] },
    { argv: ['/a'], network: false },
    { argv: ['/a', 'secret:file/x'] },
    { argv: ['/a'], env: { A: 'secret:x' } },
    { argv: ['/a'], stdin: 'secret:file/../x' },
    { argv: ['/a'], stdin: 'secret:file/a/b' },
    { argv: ['/a'], stdin: 'secret:op/vault/item' },
    { argv: ['/a'], stdin: `secret:file/${'x'.repeat(300)}` },
    { argv: ['/a'], undo: [] },
  ])('is refused as %j', (input) => {
    expect(command.input.safeParse(input).success).toBe(false);
  });
});

describe('infra.script', () => {
  it('gives the text to the interpreter, and never to a command line', () => {
    const [step] = planScript({ interpreter: ['/bin/sh', '-eu'], text: 'echo $SECRET\n', undo_text: 'echo undo' });
    expect(step).toMatchObject({
      kind: 'command',
      target: '/bin/sh',
      command: { argv: ['/bin/sh', '-eu'], stdin: 'echo $SECRET\n' },
      undo: { argv: ['/bin/sh', '-eu'], stdin: 'echo undo' },
    });
    const { command: run, ...rest } = step as CommandStep;
    expect(JSON.stringify([rest.title, rest.target, run.argv, run.env, run.cwd])).not.toContain('SECRET');
  });

  it.each([
    ['true', 1],
    ['true\n', 1],
    ['a\nb\n', 2],
  ])('says how many lines %j has', (text, lines) => {
    expect(planScript({ interpreter: ['/bin/sh'], text })[0]?.title).toBe(
      `run a script of ${lines} lines with /bin/sh`,
    );
  });

  it.each([
    { interpreter: ['/bin/sh'] },
    { interpreter: ['/bin/sh'], text: '' },
    { interpreter: ['/bin/sh'], text: 'x', undo_text: '' },
    { interpreter: ['/bin/sh'], text: 'secret:file/db' },
    { interpreter: ['/bin/sh'], text: 'x', undo_text: 'secret:file/db' },
    { interpreter: [], text: 'x' },
    { interpreter: ['/bin/sh'], text: 'x', argv: [] },
  ])('is refused as %j', (input) => {
    expect(script.input.safeParse(input).success).toBe(false);
  });
});
