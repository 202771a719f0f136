import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/admission/policy.ts';
import { homeAt } from '../../src/home.ts';
import { NO_ROOT_WORK, rootWorkOf } from '../../src/install/root-work.ts';
import { sudoersDropIn } from '../../src/install/sudoers.ts';
import { describeAsRoot } from '../doubles/as-root.ts';

type Rule = Policy['allow'][number];

const parts = { daemon: '_savorgops', runAs: null, work: NO_ROOT_WORK, home: homeAt('/opt/savorg-ops') };
const rules = (text: string) => text.split('\n').filter((line) => line.includes('NOPASSWD'));
const commands = (text: string) => text.match(/\/(?:bin|usr)\/.*?(?=, \\$|$)/gm) ?? [];

function work(rule: Partial<Rule>, { isMac = false, host = 'mini-1' } = {}) {
  const allow: Rule[] = [
    { actions: ['config.service.install'], environments: ['staging'], hosts: ['mini-1'], ...rule },
  ];
  return rootWorkOf({ allow }, host, isMac);
}
const dropIn = (...args: Parameters<typeof work>) => sudoersDropIn({ ...parts, work: work(...args) });

describe('the drop-in for sudo', () => {
  it('lets the daemon be the user of its commands, and nobody else', () => {
    expect(rules(sudoersDropIn({ ...parts, runAs: '_savorgrun' }))).toEqual([
      '_savorgops ALL=(_savorgrun) NOPASSWD: ALL',
    ]);
  });

  it('never makes root the user of commands', () => {
    expect(() => sudoersDropIn({ ...parts, runAs: 'root' })).toThrow('run_as: root would give root whatever is signed');
  });

  it('has root do exact commands for each service, and no other', () => {
    const mac = commands(dropIn({ services: ['launchd/com.example.web'] }, { isMac: true }));
    expect(mac).toHaveLength(9);
    for (const command of mac) expect(command).toMatch(/com\.example\.web(?:\.plist)?$/);
    const debian = commands(dropIn({ services: ['systemd/web.service'] }));
    expect(debian).toHaveLength(9);
    for (const command of debian) expect(command).toMatch(/(?:web\.service|daemon-reload)$/);
  });

  it.each([
    ['config.service.start', 'config.service.stop', 'config.service.restart'],
    ['config.service.restart', 'config.package'],
  ])('does not let what a service is be changed where tasks only order it about: %s, %s', (...actions) => {
    for (const isMac of [true, false]) {
      const name = isMac ? 'launchd/com.example.web' : 'systemd/web.service';
      expect(dropIn({ actions, services: [name] }, { isMac })).not.toMatch(/\/bin\/install|\/bin\/rm|--now/);
    }
  });

  it('allows nothing for other hosts, other systems and other actions', () => {
    const names = { services: ['systemd/web.service', 'launchd/com.example.web'], packages: ['jq'] };
    expect(rules(dropIn({ ...names, actions: ['monitoring.probe'] }))).toEqual([]);
    expect(rules(dropIn(names, { host: 'mini-2' }))).toEqual([]);
    expect(dropIn({ ...names, actions: ['config.service.install', 'config.package'] }, { isMac: true })).not.toMatch(
      /apt|systemctl/,
    );
    expect(dropIn(names)).not.toMatch(/apt-get|launchctl/);
  });

  it.each([
    ['systemd/web*.service'],
    ['systemd/*'],
    ['systemd/../../etc/passwd.service'],
    ['systemd/savorg-ops.service'],
    ['systemd/a b.service'],
    ['systemd/web.service\nwww-data ALL=(root) NOPASSWD: ALL'],
  ])('says of %j that no task can use it, and allows nothing', (name) => {
    const text = dropIn({ services: [name] });
    expect(rules(text).filter((line) => !line.startsWith('#'))).toEqual([]);
    expect(text).toContain(
      `no task can use them: names are exact, without wildcards; some are Ops' own or Apple's.\n#   `,
    );
    expect(text).toContain(`#   ${JSON.stringify(name)}\n`);
  });

  it('T38: lets root upgrade Ops by one command, which nobody gives a PATH, where the policy names that for this Mac', () => {
    const rule = { actions: ['infra.upgrade'] };
    const text = dropIn(rule, { isMac: true });
    const home = '/opt/savorg-ops';
    expect(rules(text)).toEqual([
      `_savorgops ALL=(root) NOPASSWD: ${home}/node ${home}/app/current/dist/src/cli/main.js --home ${home} upgrade --task ${home}/var/upgrade.json`,
    ]);
    expect(text).toContain(`\nDefaults!${home}/node secure_path="/usr/bin:/bin:/usr/sbin:/sbin"\n`);
    expect(rules(dropIn(rule))).toEqual([]);
    expect(rules(dropIn(rule, { isMac: true, host: 'mini-2' }))).toEqual([]);
  });

  it.each([['launchd/com.savorg.ops'], ['launchd/com.apple.ftpd'], ['launchd/com.example.*']])(
    'says the same of %s on a Mac',
    (name) => expect(rules(dropIn({ services: [name] }, { isMac: true }))).toEqual([]),
  );

  it.each([['nginx*'], ['*'], ['nginx=1'], ['./nginx.deb'], ['-o'], ['nginx -y']])('and of the package %s', (name) => {
    const text = dropIn({ actions: ['config.package'], packages: [name, 'jq'] });
    expect(text).toContain(`#   ${JSON.stringify(name)}\n`);
    expect(rules(text)).toHaveLength(1);
  });

  it('refuses a home whose path sudo would not take as it stands', () => {
    const own = { ...parts, work: work({ services: ['systemd/web.service'] }) };
    for (const root of ['/srv/my home', '/srv/*', '/srv/a,b'])
      expect(() => sudoersDropIn({ ...own, home: homeAt(root) })).toThrow('sudo cannot be told exactly');
  });

  it('allows nothing where nothing needs it', () => expect(rules(sudoersDropIn(parts))).toEqual([]));
});

const BOTH = {
  services: ['systemd/web.service'],
  packages: ['jq', 'g++', 'x*'],
  actions: ['config.service.remove', 'config.package'],
};

describeAsRoot('the same, for sudo itself', () => {
  it.each([
    ['for commands', { runAs: 'games' }],
    [
      'for services of launchd',
      { work: work({ services: ['launchd/com.example.web', 'launchd/com.example.*'] }, { isMac: true }) },
    ],
    ['for upgrades', { work: work({ actions: ['infra.upgrade'] }, { isMac: true }) }],
    ['for services of systemd, and packages', { work: work(BOTH) }],
    ['for all of it', { runAs: 'games', work: work(BOTH) }],
  ])('is understood %s', async (_, more) => {
    const text = sudoersDropIn({ ...parts, daemon: 'www-data', ...more });
    expect(await execa('visudo', ['-cf', '-'], { input: text, reject: false })).toMatchObject({ exitCode: 0 });
  });
});
