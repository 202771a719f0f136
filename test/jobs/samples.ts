import type { FactOf, FactQuery, KeptFact } from '../../src/planning/facts.ts';
import { definition } from '../support/definitions.ts';
import { NOW } from '../support/tasks.ts';
import { appFact, FILES, releaseOf, WEB } from './apps.ts';

const web = { type: 'http', service: 'web', url: 'http://127.0.0.1:8080/health' } as const;
const present = { exists: true, sha256: 'a'.repeat(64), mode: '0600', uid: 501, gid: 20 } as const;

const running = { exists: true, id: 'd'.repeat(64), image: 'e'.repeat(64), running: true, spec: '' } as const;

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

const byCommands = {
  supervisor: 'command',
  name: 'web',
  start: ['/srv/web/bin/start', ...SHARP],
  stop: ['/srv/web/bin/stop'],
  status: ['/srv/web/bin/status'],
} as const;

const services = [
  { service: { supervisor: 'launchd', label: 'com.example.web' } },
  { service: { supervisor: 'pm2', name: 'web' } },
  { service: { supervisor: 'systemd', unit: 'web@1.service' } },
  { service: { ...byCommands, writes: ['/srv/web/run'], network: true }, check: web },
  { service: { supervisor: 'container', name: 'web' }, check: web },
];

const PLIST = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
  <key>Label</key><string>com.example.web</string>
  <key>ProgramArguments</key><array><string>/srv/web/bin/web</string></array>
</dict></plist>
`;

/** Valid inputs of every action: the least, the most, and what is hard. */
export const SAMPLES: Record<string, Record<string, unknown>[]> = {
  'config.container.image': [{ image: `images.example.org/shop/web@sha256:${'a'.repeat(64)}`, absent: true }],
  'config.container.prune': [{ name: 'web' }, { name: 'web', older_than_days: 0 }],
  'config.container.pull': [{ image: `images.example.org/shop/web@sha256:${'a'.repeat(64)}` }],
  'config.container.remove': [{ name: 'web' }],
  'config.container.run': [
    { name: 'web', image: `sha256:${'a'.repeat(64)}` },
    {
      name: 'Web.1',
      image: `images.example.org:5000/shop/web@sha256:${'b'.repeat(64)}`,
      command: ['/bin/serve', ...SHARP],
      env: { A: SHARP.join(' '), PATH: '/bin', TOKEN: 'secret:file/token' },
      ports: [
        { host: 8080, container: 80 },
        { host: 53, container: 5353, protocol: 'udp', address: '0.0.0.0' },
      ],
      volumes: [
        { host: '/srv/example/data', container: '/data' },
        { host: '/srv/example/a b', container: '/etc/web', read_only: true },
      ],
      network: 'shop',
      restart: 'on-failure',
      user: '1000:1000',
      read_only: true,
      memory_mb: 256,
      cpus: 0.5,
      health: ['/bin/healthy', ...SHARP],
      ready_within_ms: 5_000,
      check: web,
    },
    { name: 'job', image: `sha256:${'c'.repeat(64)}`, network: 'none', restart: 'no' },
  ],
  'config.container.stop': [{ name: 'web' }],
  'config.directory': [
    { path: '/var/lib/web' },
    { path: '/var/lib/web', mode: '2770', owner: '501:20', check: web },
    { path: '/var/lib/a b/$HOME', absent: true },
  ],
  'config.block': [
    { path: '/etc/hosts', name: 'web', content: '127.0.0.1 web\n' },
    { path: '/etc/hosts', name: 'web', absent: true },
    {
      path: '/etc/a b/$HOME',
      name: 'a.b_c-1',
      content: SHARP.join('\n'),
      comment: ';',
      after: '# $HOME',
      create: true,
      mode: '0644',
      owner: 'root',
      check: web,
    },
  ],
  'config.env': [
    { path: '/srv/web.env', service: 'web', format: 'env', set: { PORT: '8080' } },
    {
      path: '/srv/web.env',
      service: 'web',
      format: 'env',
      set: { TOKEN: 'secret:file/web-token', SHARP: SHARP.join(' ').replaceAll('\n', ''), constructor: 'x' },
      remove: ['DEBUG'],
      create: true,
      mode: '0640',
      owner: '501:20',
      check: web,
    },
    { path: '/Library/LaunchDaemons/web.plist', service: 'web', format: 'launchd', remove: ['DEBUG'] },
    { path: '/srv/pm2.json', service: 'web', format: 'pm2-json', set: { A: '1' } },
    { path: '/srv/pm2.yaml', service: 'web', format: 'pm2-yaml', set: { A: '1' } },
  ],
  'config.file': [
    { path: '/etc/motd', content: '' },
    { path: '/etc/motd', content: 'Maintenance\n', mode: '0644', owner: 'root' },
    { path: '/etc/a b/$HOME', content: SHARP.join('\n'), mode: '0700', owner: '501:20', check: web },
    { path: '/etc/web.conf', template: 'port={{port}}\n', variables: { port: '8080' } },
    {
      path: '/etc/web.conf',
      template: '{{#tls}}key={{key}}\n{{/tls}}',
      variables: { tls: true, key: 'secret:file/web-key' },
      mode: '0640',
    },
  ],
  'config.key': [
    { path: '/etc/web.yaml', format: 'yaml', set: [{ key: ['server', 'port'], value: 8080 }] },
    {
      path: '/etc/a b/web.json',
      format: 'json',
      set: [
        { key: ['list', 0, '$HOME'], value: ['a', { b: null }, true, 1.5] },
        { key: ['token'], value: 'secret:file/web-token' },
      ],
      remove: [['old', 'name']],
      create: true,
      mode: '0600',
      owner: 'web',
      check: web,
    },
    { path: '/etc/web.ini', format: 'ini', remove: [['server', 'debug']] },
  ],
  'config.line': [
    { path: '/etc/sysctl.conf', line: 'net.ipv4.ip_forward = 1' },
    { path: '/etc/sysctl.conf', line: 'net.ipv4.ip_forward = 1', starts_with: 'net.ipv4.ip_forward ', after: '# net' },
    {
      path: '/etc/sysctl.conf',
      starts_with: '$(id)',
      absent: true,
      create: true,
      mode: '0600',
      owner: 'root',
      check: web,
    },
  ],
  'config.package': [
    { manager: 'apt', name: 'jq' },
    { manager: 'apt', name: 'g++', version: '1:2.0~rc1-3' },
    { manager: 'brew', name: 'postgresql@17', version: '1.6', without_undo: true, check: web },
    { manager: 'brew', name: 'jq', absent: true },
  ],
  'config.service.install': [
    { service: { supervisor: 'launchd', label: 'com.example.web', plist: PLIST }, stopped: true },
    { service: { supervisor: 'pm2', name: 'web', app: { script: '/srv/web/main.js' } }, check: web },
    {
      service: {
        supervisor: 'pm2',
        name: 'web',
        app: {
          script: '/srv/web/main.py',
          args: SHARP,
          cwd: '/srv/web',
          interpreter: '/usr/bin/python3',
          node_args: ['--inspect=0'],
          env: { A: '$HOME' },
          autorestart: false,
          exp_backoff_restart_delay: 100,
          max_memory_restart: '512M',
          kill_timeout: 5_000,
          out_file: '/srv/web/out.log',
          error_file: '/srv/web/error.log',
        },
      },
    },
    { service: { supervisor: 'systemd', unit: 'web.service', text: '[Service]\nExecStart=/srv/web/bin/web\n' } },
  ],
  'config.service.remove': services.filter(({ service }) => !['command', 'container'].includes(service.supervisor)),
  'config.link': [
    { path: '/srv/web/current', target: 'releases/2' },
    { path: '/srv/web/current', target: '/srv/a b/$HOME', check: web },
    { path: '/srv/web/current', absent: true },
  ],
  'config.service.restart': services,
  'config.service.start': services,
  'config.service.stop': services,
  'config.user-default': [
    { domain: 'com.apple.dock', key: 'autohide', bool: true },
    { domain: 'NSGlobalDomain', key: 'KeyRepeat', int: -2 },
    { domain: 'com.example.app', key: 'com.apple.trackpad.forceClick', string: SHARP.join('') },
    { domain: 'com.example.app', key: 'delay', float: 0.1, check: web },
    { domain: 'com.example.app', key: 'delay', absent: true },
  ],
  'cron.define': [
    definition(),
    definition({
      name: 'report',
      pattern: 'H H/6 * * MON-FRI',
      time_zone: 'Australia/Lord_Howe',
      on_interrupt: 'resume',
      depends_on: [{ schedule: 'backup' }, { service: web }],
      overlap: 'queue',
      catch_up: 'all',
      retries: { count: 3, backoff_ms: 60_000 },
      alert: { after_failures: 2, severity: 'critical' },
      disable_after: 5,
      start_within_ms: 600_000,
      heartbeat: 'https://hc.example.org/ping/1',
    }),
  ],
  'cron.pause': [{ schedule: 'backup', reason: 'the disk is changed' }],
  'cron.remove': [{ schedule: 'backup' }],
  'cron.resume': [{ schedule: 'backup' }],
  'cron.run-now': [{ schedule: 'backup' }],
  'deploy.promote': [
    { app: 'web', environment: 'production', commit: '0a'.repeat(20) },
    { app: 'files', environment: 'production', artifact: `sha256:${'0b'.repeat(32)}`, irreversible_migrations: true },
  ],
  'deploy.prune': [{ app: 'web', environment: 'staging' }],
  'deploy.release': [
    { app: 'web', environment: 'staging', commit: '0a'.repeat(20) },
    { app: 'web', environment: 'production', commit: '0a'.repeat(20) },
    { app: 'files', environment: 'production', artifact: `sha256:${'0b'.repeat(32)}`, irreversible_migrations: true },
  ],
  'deploy.rollback': [
    { app: 'web', environment: 'production' },
    { app: 'web', environment: 'production', to: releaseOf(5).id },
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
  'infra.upgrade': [
    { version: '3.0.0-rc.1', artifact: `sha256:${'0b'.repeat(32)}` },
    { version: '0.8.12', artifact: `sha256:${'0c'.repeat(32)}` },
  ],
  'monitoring.probe': [
    { check: web },
    { check: { type: 'tcp', service: 'redis', host: '127.0.0.1', port: 6379, attempts: 2 } },
    { check: { type: 'command', service: 'disk', argv: ['/bin/df', ...SHARP] } },
    { check: { type: 'file', service: 'motd', path: '/etc/motd' } },
    { check: { type: 'process', service: 'web', name: 'nginx' } },
  ],
};

const schedules = { now: NOW, schedules: [{ name: 'backup', dependsOn: [], validUntil: '2027-11-01T00:00:00Z' }] };
const row = (letter: string) => ({
  exists: true as const,
  definition: `sha256:${letter.repeat(64)}`,
  task_id: 'define-backup',
  paused: '',
});

const service = (state: 'running' | 'stopped', enabled: boolean) => ({
  state,
  enabled,
  definition: '',
  run: state === 'running' ? 'pid 7' : '',
  says: state,
});

const keptSince = (days: number): KeptFact => ({
  now: NOW,
  containers: [
    { name: 'web.before-task-1', since: NOW - days * 86_400_000, container: { ...running, running: false } },
  ],
});

const MANY = [3, 4, 5, 6, 7, 8, 9].map((days) => releaseOf(days));

type Host = (query: FactQuery) => FactOf[FactQuery['ask']];

/** Different answers of a host to what an action asks. */
export const HOSTS: Host[] = [
  hostWith({
    app: appFact({ current: null, back: [], releases: MANY, app: { ...WEB, shared: undefined } }),
    file: { exists: false },
    container: running,
    installation: { version: '0.9.0' },
    kept: keptSince(31),
    owner: null,
    directory: { exists: false },
    link: { target: null },
    package: { value: null, versions: ['1.6', '1:2.0~rc1-3'], candidate: '1.6' },
    setting: { value: null },
    schedule: row('a'),
    schedules,
    service: service('stopped', false),
    sandbox: 'bubblewrap',
    ground: null,
  }),
  hostWith({
    app: appFact({ releases: MANY }),
    file: present,
    container: { ...running, running: false },
    installation: { version: '1.2.0' },
    kept: keptSince(400),
    owner: { uid: 0, gid: 0 },
    directory: { exists: true, mode: '2750', uid: 501, gid: 20 },
    link: { target: 'releases/1' },
    package: { value: '1.5', versions: ['1.6', '1.5', '1:2.0~rc1-3'], candidate: '1.6' },
    setting: { value: 'int 4' },
    schedule: row('b'),
    schedules,
    service: service('running', true),
    sandbox: 'sandbox-exec',
    ground: null,
  }),
  hostWith({
    app: appFact({
      app: FILES,
      releases: MANY,
      service: { state: 'stopped', enabled: false, definition: '', run: '', says: '' },
    }),
    file: present,
    container: running,
    installation: { version: '2.0.0-rc.1' },
    kept: keptSince(31),
    owner: null,
    directory: { exists: false },
    link: { target: null },
    package: { value: null, versions: ['1.6', '1:2.0~rc1-3'], candidate: '1.6' },
    setting: { value: null },
    schedule: row('a'),
    schedules,
    service: service('stopped', false),
    sandbox: 'bubblewrap',
    ground: null,
  }),
];

function hostWith(answers: FactOf): Host {
  return ({ ask }) => answers[ask];
}
