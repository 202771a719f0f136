import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, vi } from 'vitest';
import { keysInit } from '../../src/cli/keys.ts';
import { secretsCheck, secretsList } from '../../src/cli/secrets.ts';
import { plainSecretsIn } from '../../src/planning/plain-secrets.ts';
import { temporaryFolder } from '../services/support.ts';

/** What a verb printed, and the error with which it ended. */
async function printed(verb: () => Promise<void> | void): Promise<{ stdout: string; problem: string }> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const problem = await Promise.resolve()
    .then(verb)
    .then(() => '', String);
  const stdout = write.mock.calls.map(([text]) => text).join('');
  write.mockRestore();
  return { stdout: stdout.trimEnd(), problem };
}

async function madeHome() {
  const root = join(temporaryFolder(), 'home');
  await printed(() => keysInit(root, { host: 'mini-1' }));
  mkdirSync(join(root, 'etc/secrets'));
  const put = (path: string, text: string, mode = 0o600) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
    return join(root, path);
  };
  const launchDaemons = join(root, 'daemons');
  return {
    root,
    put,
    check: (options = {}) => printed(() => secretsCheck(root, { launchDaemons, ...options })),
    list: (options = {}) => printed(() => secretsList(root, options)),
  };
}

describe('ops secrets check', () => {
  it('finds nothing in a home as it is made', async () => {
    const { put, check } = await madeHome();
    put('etc/secrets/db', 'hunter2-hunter2');
    put('etc/redis-url', 'redis://:correct-horse@127.0.0.1:6379', 0o640);
    expect(await check()).toEqual({ stdout: 'no secret stands where others read it', problem: '' });
  });

  it('T15: tells file and line of what stands in settings, plists and process files, and never what it is', async () => {
    const { put, check } = await madeHome();
    const cron = put(
      'etc/crons/backup.yaml',
      'name: backup\nactions:\n  - with: { env: { DB_PASSWORD: correct-horse } }\n',
    );
    const json = put('etc/extra.json', '{\n "apiKey":\n  "correct-horse" }\n');
    const process = put(
      'ecosystem.config.cjs',
      "module.exports = {\n  env: { A: 'x', API_TOKEN: 'correct-horse' },\n};\n",
    );
    const plist = put(
      'daemons/com.savorg.ops.plist',
      '<dict>\n<key>REDIS_URL</key>\n<string>redis://:correct-horse@host</string>\n<key>OP_SERVICE_ACCOUNT_TOKEN</key>\n<string>correct-horse</string>\n</dict>\n',
    );
    const { stdout, problem } = await check();
    expect(stdout.split('\n').map((line) => line.split(': move')[0])).toEqual([
      `${json}:3: a password`,
      `${cron}:3: a password`,
      `${plist}:3: a URL with a password`,
      `${plist}:5: a password`,
      `${process}:2: a password`,
    ]);
    expect(problem).toBe('OpsError: 5 to mend: docs/secrets.md says where secrets belong');
    expect(stdout).not.toContain('correct-horse');
  });

  it('tells which secrets others can read, and what cannot be looked through', async () => {
    const { root, put, check } = await madeHome();
    put('etc/secrets/db', 'hunter2-hunter2', 0o644);
    put('etc/redis-url', 'redis://:correct-horse@host', 0o644);
    await execa('mkfifo', [join(root, 'etc/odd.yaml')]);
    const { stdout, problem } = await check({ json: true });
    expect(problem).toContain('3 to mend');
    expect(JSON.parse(stdout)).toEqual([
      {
        path: `${root}/etc/odd.yaml`,
        line: null,
        problem: expect.stringMatching(/odd\.yaml cannot be looked through: /),
      },
      {
        path: `${root}/etc/redis-url`,
        line: null,
        problem: expect.stringMatching(/^\S+redis-url is open to others: type chmod o= /),
      },
      {
        path: `${root}/etc/secrets`,
        line: null,
        problem: expect.stringMatching(/^secret:file\/db: \S+db is open to others: type chmod o= /),
      },
    ]);
  });
});

describe('ops secrets list', () => {
  it('names what is there as a task does, and says whether it can be fetched', async () => {
    const { root, put, list } = await madeHome();
    expect((await list()).stdout).toBe(`there are none in ${root}/etc/secrets`);
    put('etc/secrets/db', 'hunter2-hunter2');
    put('etc/secrets/key.age', 'age-encryption.org/v1');
    put('etc/secrets/.hidden', 'hunter2-hunter2');
    put('etc/secrets/open', 'hunter2-hunter2', 0o666);
    symlinkSync('db', join(root, 'etc/secrets/link'));
    const { stdout } = await list({ json: true });
    expect(JSON.parse(stdout)).toEqual([
      { ref: 'secret:file/.hidden', problem: expect.stringMatching(/^cannot be named/) },
      { ref: 'secret:file/db', problem: null },
      { ref: 'secret:age/key', problem: null },
      { ref: 'secret:file/link', problem: expect.stringMatching(/is a link/) },
      { ref: 'secret:file/open', problem: expect.stringMatching(/type chmod g-w,o= /) },
    ]);
    const table = (await list()).stdout;
    expect(table).toMatch(/^secret:file\/db +can be fetched$/m);
    expect(table).not.toContain('hunter2');
  });
});

describe('settings', () => {
  it.each([
    ['host: mini-1\npass_environment: [API_TOKEN]\nsecret_environment: [DB_PASSWORD]\n', true],
    ['allow:\n  - secrets: [file/db-password, "op/ops/db/password"]\n', true],
    ['env: { DB_PASSWORD: secret:file/db, A_TOKEN: "${A_TOKEN}", B_TOKEN: 12345678 }\n', true],
    ["export const apps = [{ env: { API_TOKEN: process.env.API_TOKEN, NAME: 'savorg-ops' } }];\n", false],
    ['<key>PATH</key>\n<string>/usr/bin:/bin:/usr/sbin</string>\n', false],
    ['not: [yaml', true],
  ])('without a secret have none: %j', (text, isYaml) => {
    expect(plainSecretsIn(text, isYaml)).toEqual([]);
  });

  it('may hold one over several lines', () => {
    const jwk = JSON.stringify({ kty: 'OKP', d: 'Ab3dEf7hIj1kLm9oPq2s'.repeat(2) }, null, 2);
    expect(plainSecretsIn(jwk, true)).toEqual([{ line: 1, what: 'a private JWK' }]);
  });
});
