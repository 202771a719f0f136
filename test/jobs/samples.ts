import type { FactOf, FactQuery } from '../../src/planning/facts.ts';

const web = { type: 'http', service: 'web', url: 'http://127.0.0.1:8080/health' } as const;
const present = { exists: true, sha256: 'a'.repeat(64), mode: '0600', uid: 501, gid: 20 } as const;

/** What a shell would not leave as it is. */
const SHARP = [
  '$HOME',
  '`id`',
  '$(id)',
  'a b',
  "'",
  '"',
  '\\',
  '*',
  '~',
  ';',
  '|',
  '&&',
  '>',
  '\n',
  '',
  '--',
  '-rf',
  'ü',
];

/** Valid inputs of every action: the least, the most, and what is hard. */
export const SAMPLES: Record<string, Record<string, unknown>[]> = {
  'config.file': [
    { path: '/etc/motd', content: '' },
    { path: '/etc/motd', content: 'Maintenance\n', mode: '0644', owner: 'root' },
    { path: '/etc/a b/$HOME', content: SHARP.join('\n'), mode: '0700', owner: '501:20', check: web },
  ],
  'infra.command': [
    { argv: ['/bin/true'] },
    { argv: ['/bin/echo', ...SHARP], undo: ['/bin/echo', 'undo', ...SHARP] },
    {
      argv: ['/usr/bin/touch', '/tmp/seen'],
      undo: ['/bin/rm', '-f', '/tmp/seen'],
      stdin: SHARP.join('\n'),
      cwd: '/tmp',
      env: { A: '$HOME', constructor: 'x' },
      timeout_ms: 1000,
      output_limit_bytes: 4096,
      guard: { creates: '/tmp/seen' },
      resources: ['path:/tmp/seen', 'service:web'],
      check: web,
    },
  ],
  'infra.script': [
    { interpreter: ['/bin/sh', '-eu'], text: 'true\n' },
    {
      interpreter: ['/bin/sh', '-c', 'cat'],
      text: SHARP.join('\n'),
      undo_text: 'rm -f "$SEEN"',
      env: { SEEN: '/tmp/seen' },
    },
    {
      interpreter: ['/usr/bin/python3', '-'],
      text: 'print(1)',
      guard: { unless: ['/bin/test', '-e', '/x'] },
      resources: ['x:1'],
      check: web,
    },
  ],
  'monitoring.probe': [
    { check: web },
    { check: { type: 'tcp', service: 'redis', host: '127.0.0.1', port: 6379, attempts: 2 } },
    { check: { type: 'command', service: 'disk', argv: ['/bin/df', ...SHARP] } },
    { check: { type: 'file', service: 'motd', path: '/etc/motd' } },
    { check: { type: 'process', service: 'web', name: 'nginx' } },
  ],
};

/** Different answers of a host to what an action asks. */
export const HOSTS: ((query: FactQuery) => FactOf[FactQuery['ask']])[] = [
  ({ ask }) => (ask === 'file' ? { exists: false } : null),
  ({ ask }) => (ask === 'file' ? present : { uid: 0, gid: 0 }),
];
