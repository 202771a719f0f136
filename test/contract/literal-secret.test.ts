import { generateKeyPairSync, hash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literalSecretsIn, literalSecretText, placeIn } from '../../src/contract/literal-secret.ts';
import { secretFormIn } from '../../src/contract/secret-forms.ts';
import type { ActionsTask } from '../../src/contract/task.ts';
import { actionsTask, undoTask } from '../support/tasks.ts';

const task = (input: Record<string, unknown>, more: Partial<ActionsTask> = {}) =>
  actionsTask({ actions: [{ action: 'infra.command', with: input }], ...more });

const placesIn = (input: Record<string, unknown>) => literalSecretsIn(task(input)).map(({ place }) => place);

/** So long a text of letters and digits; none of these stands in a file as it is. */
const some = (length: number, from = 'Ab3dEf7hIj1kLm9oPq2sTu4w') =>
  from.repeat(Math.ceil(length / from.length)).slice(0, length);
const upper = (length: number) => some(length, 'QP7ZRY2XGF3TVDW5');
const jwt = [{ alg: 'none' }, { sub: 'somebody' }].map((part) =>
  Buffer.from(JSON.stringify(part)).toString('base64url'),
);

const SECRETS: [string, string][] = [
  ['a private key', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
  ['a private key', ['-----BEGIN', 'OPENSSH', 'PRIVATE', 'KEY-----'].join(' ')],
  ['a private JWK', JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }))],
  ['an age identity', `AGE-SECRET-KEY-1${upper(58)}`],
  ['an AWS access key', `key AKIA${upper(16)}.`],
  ['a GitHub token', `ghp_${some(36)}`],
  ['a GitHub token', `github_pat_${some(22)}_${some(59)}`],
  ['a GitLab token', `glpat-${some(20)}`],
  ['a Slack token', `xoxb-123456789012-${some(24)}`],
  ['a Slack webhook', `https://hooks.slack.com/services/T${upper(8)}/B${upper(8)}/${some(24)}`],
  ['a Stripe key', `sk_live_${some(24)}`],
  ['a Google API key', `AIza${some(35)}`],
  ['an npm token', `//npm.example/:_authToken=npm_${some(36)}`],
  ['a PyPI token', `pypi-${some(80)}`],
  ['a Docker token', `dckr_pat_${some(27)}`],
  ['a DigitalOcean token', `dop_v1_${some(64, '0a1b2c3d4e5f')}`],
  ['a Hugging Face token', `hf_${some(34)}`],
  ['an API key', `sk-proj-${some(48)}`],
  ['an API key', `sk-${some(20)}T3BlbkFJ${some(20)}`],
  ['a SendGrid key', `SG.${some(22)}.${some(43)}`],
  ['a Telegram token', `123456789:AA${some(33)}`],
  ['a 1Password token', `ops_eyJ${some(60)}`],
  ['an Azure key', `DefaultEndpointsProtocol=https;AccountKey=${some(86)}==`],
  ['a JSON Web Token', [...jwt, some(43)].join('.')],
  ['credentials in a header', `Authorization: Bearer ${some(20)}`],
  ['credentials in a header', `{"authorization":"Basic ${Buffer.from('user:hunter2-hunter2').toString('base64')}"}`],
  ['a URL with a password', 'postgres://app:correct-horse@db.example.org/app'],
  ['a URL with a password', 'redis://:correct-horse@127.0.0.1:6379/0'],
  ['a password', 'PORT=80\nexport DB_PASSWORD="correct-horse"\n'],
];

const isMeant = (text: string) => text.includes('known');

describe('T15: what looks like a secret', () => {
  it.each(SECRETS)('is %s: %.24s…', (what, text) => {
    expect(secretFormIn(text)).toBe(what);
    expect(secretFormIn(`before ${text} after`.replaceAll(' PORT', '\nPORT'))).toBe(what);
  });

  it.each(SECRETS)('is found wherever it stands in what a task has done: %s, %.24s…', (what, text) => {
    expect(literalSecretsIn(task({ argv: ['/a', text] }))).toEqual([{ place: 'actions[0].with.argv[1]', what }]);
    expect(literalSecretsIn(task({ stdin: text }))).toEqual([{ place: 'actions[0].with.stdin', what }]);
    expect(literalSecretsIn(task({ env: { A: text } }))).toEqual([{ place: 'actions[0].with.env.A', what }]);
    expect(literalSecretsIn(task({}, { reason: text }))).toEqual([{ place: 'reason', what }]);
    expect(literalSecretsIn({ ...undoTask(actionsTask()), reason: text })).toEqual([{ place: 'reason', what }]);
  });

  it.each(['DB_PASSWORD', 'PGPASSWORD', 'password', 'apiKey', 'API_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'APP_SECRET'])(
    'is a value of 6 characters or more under %s',
    (name) => {
      expect(placesIn({ env: { [name]: 'abc123', A: 'abc123' } })).toEqual([`actions[0].with.env.${name}`]);
      expect(placesIn({ variables: { [name]: 'abc12' } })).toEqual([]);
      expect(placesIn({ set: { db: { [name]: 'abc123' } } })).toEqual([`actions[0].with.set.db.${name}`]);
      expect(placesIn({ set: { [`db.${name}`]: ['abc123'] } })).toEqual([`actions[0].with.set.db.${name}[0]`]);
    },
  );

  it('is found in what a schedule runs later', () => {
    const later = { action: 'infra.command', with: { argv: ['/a'], env: { TOKEN: 'abc123' } } };
    expect(placesIn({ name: 'backup', actions: [later] })).toEqual(['actions[0].with.actions[0].with.env.TOKEN']);
  });

  it('is named by its place and never by itself, even where it is a key', () => {
    const token = `ghp_${some(36)}`;
    const found = literalSecretsIn(task({ env: { [token]: `x ${token}`, B_TOKEN: 'correct-horse' } }));
    expect(found.map(({ place }) => place)).toEqual([
      'actions[0].with.env',
      'actions[0].with.env.(a key)',
      'actions[0].with.env.B_TOKEN',
    ]);
    expect(literalSecretText(found)).not.toMatch(/ghp_|correct/);
  });

  it('is told with what to write in its place, and the first five places', () => {
    const found = literalSecretsIn(
      task({ env: Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`A${n}_TOKEN`, 'abc123'])) }),
    );
    expect(literalSecretText(found)).toMatch(
      /^a secret stands in actions\[0\]\.with\.env\.A0_TOKEN \(a password\), .*A4_TOKEN \(a password\) and 2 more: write a reference in its place, e\.g\. secret:file\/db-password, /,
    );
  });

  it('is looked for by anything else that is known, too', () => {
    expect(placeIn(task({ argv: ['/a', 'unknown'] }), isMeant)).toBe('actions[0].with.argv[1]');
    expect(placeIn(task({ argv: ['/a'] }), isMeant)).toBeNull();
    expect(placeIn(task({}, { plan_id: 'known-1' }), isMeant)).toBeNull();
  });
});

const hex = (length: number) =>
  fc.uint8Array({ minLength: length / 2, maxLength: length / 2 }).map((raw) => Buffer.from(raw).toString('hex'));
const bytes = fc.uint8Array({ maxLength: 2_000 }).map((raw) => Buffer.from(raw));
const host = fc.domain();
const publicKeys = Array.from({ length: 5 }, () => generateKeyPairSync('ed25519').publicKey);

const HONEST = fc.oneof(
  hex(40),
  hex(64).map((digest) => `sha256:${digest}`),
  bytes.map((raw) => raw.toString('base64')),
  bytes.map((raw) => raw.toString('base64url')),
  bytes.map((raw) => raw.toString('hex')),
  bytes.map((raw) => `sha512-${hash('sha512', raw, 'base64')}`),
  fc.uuid(),
  fc.ulid(),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.tuple(host, fc.nat(65_535)).map(([name, port]) => `https://${name}:${port}/a@b`),
  host.map((name) => `git+ssh://git@${name}:22/repository.git`),
  fc.tuple(host, hex(64)).map(([name, digest]) => `${name}:5000/app@sha256:${digest}`),
  fc.emailAddress(),
  fc.ipV6().map((ip) => `http://[${ip}]:8080/`),
  fc.constantFrom(...publicKeys).map((key) => key.export({ type: 'spki', format: 'pem' }) as string),
  fc.constantFrom(...publicKeys).map((key) => JSON.stringify(key.export({ format: 'jwk' }))),
  bytes.map((raw) => `ssh-ed25519 ${raw.toString('base64')} somebody@example.org`),
  fc.lorem({ maxCount: 50 }),
  fc.string({ maxLength: 500 }),
);

describe('what looks like none', () => {
  it.each([
    { env: { DB_PASSWORD: 'secret:file/db', API_TOKEN: '${API_TOKEN}', APP_SECRET: '{{app_secret}}', A_TOKEN: '' } },
    { env: { PASSWORD_FILE: '/run/secrets/db', TOKEN_URL: 'https://a.example/token', SECRETARY: 'somebody' } },
    { env: { KEYBOARD: 'qwertz-de', MONKEY: 'banana-banana', SSH_KEY_PATH: '/etc/ssh/key' } },
    { argv: ['/a', 'redis://:${REDIS_PASSWORD}@host', 'postgres://app:{{password}}@host', 'redis://u:<password>@h'] },
    { text: 'export DB_PASSWORD="$(cat /run/db)"\nTOKEN=$1\nSECRET=`a`\n# PASSWORD=\n', interpreter: ['/bin/sh'] },
    { content: 'const API_TOKEN: string = read();\npassword required\nThe TOKEN=value form is for files.\n' },
    { path: '/etc/password', title: 'token', password: 'no variable here' },
  ])('passes: %j', (input) => {
    expect(placesIn(input)).toEqual([]);
  });

  it('passes: commits, digests, addresses, keys that are public, files in base64', () => {
    fc.assert(
      fc.property(HONEST, (text) => {
        expect(placesIn({ argv: ['/a', text], env: { A: text }, content: `a: ${text}\n` })).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    'eyJ',
    '-eyJ.eyJ',
    '://a:',
    '-----BEGIN A ',
    '"kty""d":"',
    'AKIA',
    'A=',
    '\nA',
    'ghp_',
    'authorization: ',
    'd',
    ' "d" :',
  ])('costs no more than other text where it begins like one again and again: %j', (beginning) => {
    const text = beginning.repeat(Math.ceil(65_536 / beginning.length));
    const began = performance.now();
    secretFormIn(text);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
