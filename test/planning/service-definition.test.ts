import { build, type PlistValue } from 'plist';
import { describe, expect, it } from 'vitest';
import { registry } from '../../jobs/index.ts';
import { bindAction } from '../../src/planning/registry.ts';
import { permissionsOf } from '../../src/planning/run-plan.ts';

/** What policy must allow for the install of a service, or why it is refused. */
function needsOf(service: object): readonly string[] | string {
  const bound = bindAction(registry, { action: 'config.service.install', with: { service } });
  return typeof bound === 'string' ? bound : permissionsOf(bound).flatMap(({ needs }) => needs);
}

const label = 'com.example.web';
const xml = (inner: string) => `<?xml version="1.0"?>\n<plist version="1.0"><dict>${inner}</dict></plist>\n`;
const byText = (plist: string) => needsOf({ supervisor: 'launchd', label, plist });
const byKeys = (keys: Record<string, PlistValue>) =>
  byText(build({ Label: label, ProgramArguments: ['/bin/web', '--port', '80'], ...keys }));

describe('a plist of launchd', () => {
  const least = ['service:launchd/com.example.web', 'binary:/bin/web'];

  it('needs its service and its program, and may say when it runs, as whom and how', () => {
    const keys = {
      KeepAlive: { SuccessfulExit: false, PathState: { '/srv/web/on': true } },
      StartCalendarInterval: [{ Hour: 3, Minute: 0 }],
      UserName: '_web',
      Umask: 0o27,
      SoftResourceLimits: { NumberOfFiles: 1024 },
      WatchPaths: ['/srv/web/conf'],
      StandardErrorPath: '/dev/null',
      EnvironmentVariables: { PORT: '80' },
    };
    expect(byKeys({})).toEqual(least);
    expect(byKeys(keys)).toEqual(least);
  });

  it.each([
    ['a second program', { Program: '/bin/evil' }, ['binary:/bin/evil']],
    ['a log', { StandardOutPath: '/etc/cron.d/x' }, ['path:/etc/cron.d/x']],
    ['a log of errors', { StandardErrorPath: '/etc/cron.d/x' }, ['path:/etc/cron.d/x']],
    ['a library', { EnvironmentVariables: { DYLD_INSERT_LIBRARIES: '/srv/evil.dylib' } }, ['binary:/']],
    ['code for Node', { EnvironmentVariables: { NODE_OPTIONS: '-r /srv/evil.js' } }, ['binary:/']],
    ['folders of programs', { EnvironmentVariables: { PATH: '/srv/a:/bin' } }, ['binary:/srv/a', 'binary:/bin']],
  ])('T37: needs %s, too', (_, keys, more) => {
    expect(new Set(byKeys(keys))).toEqual(new Set([...least, ...more]));
  });

  it.each([
    ['BundleProgram', { BundleProgram: 'Contents/evil' }],
    ['RootDirectory', { RootDirectory: '/srv/a' }],
    ['Sockets', { Sockets: { a: { SockPathName: '/etc/x' } } }],
    ['MachServices', { MachServices: { 'com.apple.x': true } }],
    ['inetdCompatibility', { inetdCompatibility: { Wait: true } }],
    ['LaunchEvents', { LaunchEvents: {} }],
    ['an unknown key', { program: '/bin/evil' }],
    ['KeepAlive.Evil', { KeepAlive: { Evil: true } }],
    ['a way out of a folder', { ProgramArguments: ['/opt/tools/../../srv/evil'] }],
    ['a program by its name', { Program: 'evil' }],
    ['no text as a variable', { EnvironmentVariables: { A: { B: 'x' } } }],
    ['a secret', { EnvironmentVariables: { A: 'secret:file/x' } }],
  ])('T37: is refused with %s', (_, keys) => {
    expect(byKeys(keys as unknown as Record<string, PlistValue>)).toMatch(/✖ [^\n]+\n {2}→ at service.plist/);
  });

  it('T37: is refused where another reader could read something else', () => {
    const keys = `<key>Label</key><string>${label}</string><key>Program</key><string>/bin/web</string>`;
    expect(byText(xml(keys))).toEqual(least);
    for (const more of [
      '<key>Program</key><string>/bin/evil</string>',
      '<key>EnvironmentVariables</key><dict><key>A</key><string/><key>A</key><string/></dict>',
      '<key>Umask</key>',
      '<string>x</string>',
    ])
      expect(byText(xml(keys + more))).toMatch(/✖ line \d+: /);
    const entity = `<?xml version="1.0"?>\n<!DOCTYPE plist [<!ENTITY p "/bin/evil">]>\n<plist><dict>${keys}</dict></plist>`;
    expect(byText(entity)).toMatch(/✖ line 2: no XML of a property list/);
    expect(byText(xml('<key>Program</key><string>/bin/web</string>'))).toMatch(/✖ Label: /);
    expect(byText(xml(keys.replace(label, 'com.example.other')))).toMatch(/✖ its Label must be com.example.web/);
    expect(byText(build([]))).toMatch(/✖ its keys: /);
    expect(byText('bplist00')).toMatch(/✖ expected a property list as XML/);
    expect(byKeys({ ProgramArguments: [] })).toMatch(/✖ ProgramArguments/);
    expect(byText(xml(`<key>Label</key><string>${label}</string>`))).toMatch(/✖ it has no Program/);
  });
});

const bySystemd = (...lines: string[]) =>
  needsOf({ supervisor: 'systemd', unit: 'web.service', text: `${lines.join('\n')}\n` });
const START = ['[Service]', 'ExecStart=/bin/web --port 80'];

describe('a unit of systemd', () => {
  const least = ['service:systemd/web.service', 'binary:/bin/web'];

  it('needs its service and its program, and may say when it runs, as whom and how', () => {
    const unit = ['# of the web', '[Unit]', 'Description=the web', 'After=network.target', '', ...START];
    const more = [
      ' ; kept',
      'Type = notify',
      'User=web',
      'WorkingDirectory=/srv/web',
      'Restart=on-failure',
      'LimitNOFILE=1024',
      'ProtectSystem=strict',
      'StandardOutput=journal',
      'Environment=PORT=80 "NAME=the web" \'A=b\'',
      'ExecStart=',
    ];
    expect(bySystemd(...unit, ...more, '[Install]', 'WantedBy=multi-user.target')).toEqual(least);
  });

  it.each(['StartPre', 'StartPost', 'Reload', 'Stop', 'StopPost', 'Condition'])(
    'T37: needs the program of Exec%s',
    (verb) => {
      expect(bySystemd(...START, `Exec${verb}=-/bin/evil`)).toEqual([...least, 'binary:/bin/evil']);
    },
  );

  it.each([
    ['ExecStart=+/bin/evil', ['binary:/bin/evil']],
    ['ExecStart=@/bin/evil web', ['binary:/bin/evil']],
    [' ExecStartPre \t=  !!/bin/evil', ['binary:/bin/evil']],
    ['Environment=LD_PRELOAD=/srv/evil.so', ['binary:/']],
    ['Environment=A=b "NODE_OPTIONS=-r /srv/evil.js"', ['binary:/']],
    ["Environment='PATH=/srv/a:/bin'", ['binary:/srv/a', 'binary:/bin']],
    ['EnvironmentFile=-/srv/web.env', ['binary:/']],
    ['StandardOutput=append:/etc/cron.d/x', ['path:/etc/cron.d/x']],
    ['StandardError=file:/etc/cron.d/x', ['path:/etc/cron.d/x']],
    ['PIDFile=/run/web.pid', ['path:/run/web.pid']],
    ['StateDirectory=web web/cache', ['path:/var/lib/web', 'path:/var/lib/web/cache']],
    ['RuntimeDirectory=web', ['path:/run/web']],
  ])('T37: needs also what stands in %s', (line, more) => {
    expect(new Set(bySystemd(...START, line))).toEqual(new Set([...least, ...more]));
  });

  it('T37: needs the units that it starts or ends', () => {
    const more = bySystemd('[Unit]', 'Wants=debug-shell.service a.target', 'OnFailure=b@x.service', ...START);
    const units = ['debug-shell.service', 'a.target', 'b@x.service'].map((unit) => `service:systemd/${unit}`);
    expect(new Set(more)).toEqual(new Set([...least, ...units]));
  });

  it.each([
    'RootDirectory=/srv/a',
    'RootImage=/srv/a.img',
    'BindPaths=/srv/a:/bin',
    'LoadCredential=a:/etc/shadow',
    'ExecSearchPath=/srv/a',
    'ExecStart=evil',
    'ExecStart=/opt/tools/../../srv/evil',
    'ExecStart="/bin/evil"',
    String.raw`ExecStart=/bin/\x65vil`,
    'ExecStart=/opt/%i',
    'ExecStart=|/bin/evil',
    'ExecStart=/bin/web ; /bin/evil',
    'ExecStart=/bin/web \\\n/bin/evil',
    'execstart=/bin/evil',
    '.include /srv/evil.conf',
    '[X-Evil]',
    '\u00a0[Install]',
    '[Unit]\nExecStart=/bin/evil',
    '[Unit]\nWants=%i.service',
    '[Install]\nAlias=ssh.service',
    '[Install]\nAlso=debug-shell.service',
    '[Install]\nWantedBy=ssh.service',
    String.raw`Environment=\x4cD_PRELOAD=/srv/evil.so`,
    'Environment=LD_"PRELOAD"=/srv/evil.so',
    'Environment=%iPRELOAD=/srv/evil.so',
    'Environment="A=b',
    'PassEnvironment=A',
    'StandardOutput=socket',
    'StandardOutput=append:/srv/%i',
    'StateDirectory=../../etc',
    'StateDirectory=a:b',
    'Environment=A=\u0000',
    'User=web\rExecStart=/bin/evil',
  ])('T37: is refused with %j', (line) => {
    expect(bySystemd(...START, line)).toMatch(/✖ line \d, .*: no task may bring that/);
  });

  it('T37: is refused without a section, or a service', () => {
    expect(bySystemd('ExecStart=/bin/web')).toMatch(/✖ line 1, /);
    expect(bySystemd('[Unit]', 'Description=x')).toMatch(/✖ expected a unit file with a \[Service\]/);
  });
});

const byApp = (app: object) => needsOf({ supervisor: 'pm2', name: 'web', app: { script: '/srv/web/main.js', ...app } });

describe('an app of pm2', () => {
  const least = ['service:pm2/web', 'binary:/srv/web/main.js'];

  it.each([
    [{ env: { PORT: '80' }, cwd: '/srv/web' }, []],
    [{ interpreter: '/usr/bin/node' }, ['binary:/usr/bin/node']],
    [{ node_args: ['--require', '/srv/evil.js'] }, ['binary:/']],
    [{ env: { LD_PRELOAD: '/srv/evil.so' } }, ['binary:/']],
    [{ env: { PATH: '/srv/a' } }, ['binary:/srv/a']],
    [{ out_file: '/srv/a', error_file: '/srv/b' }, ['path:/srv/a', 'path:/srv/b']],
    [{ out_file: '/dev/null' }, []],
  ])('T37: with %j needs %j besides', (app, more) => {
    expect(new Set(byApp(app))).toEqual(new Set([...least, ...more]));
  });

  it.each([
    ['a command line, which pm2 gives to a shell', { script: '/srv/web/main.js; /srv/evil' }],
    ["a variable that is pm2's own word for the program", { env: { pm_exec_path: '/srv/evil' } }],
    ['... for the interpreter', { env: { exec_interpreter: '/srv/evil' } }],
    ['... for a log', { env: { pm_out_log_path: '/etc/cron.d/x' } }],
    ['a word of pm2 that nobody thought of', { uid: 0 }],
    ['an interpreter by its name', { interpreter: 'evil' }],
    ['a secret', { env: { A: 'secret:file/x' } }],
  ])('T37: is refused with %s', (_, app) => expect(byApp(app)).toMatch(/✖ .*\n {2}→ at service\.app/));
});

describe('a service of Ops itself', () => {
  it.each([
    { supervisor: 'launchd', label: 'com.savorg.ops' },
    { supervisor: 'launchd', label: 'com.Savorg.redis' },
    { supervisor: 'launchd', label: 'COM.apple.sshd' },
    { supervisor: 'pm2', name: 'savorg-ops' },
    { supervisor: 'systemd', unit: 'savorg-ops.service' },
  ])('T36: is touched by no task: %j', (service) => {
    for (const verb of ['start', 'stop', 'restart', 'remove'])
      expect(bindAction(registry, { action: `config.service.${verb}`, with: { service } })).toMatch(
        /belongs to (?:Ops itself|macOS)/,
      );
  });
});
