import { execa } from 'execa';
import { type PlistValue, parse } from 'plist';
import { describe, expect, it } from 'vitest';
import { layoutOf, type ServiceName } from '../../src/install/layout.ts';
import { template } from '../../src/install/program.ts';
import { renderPlist } from '../../src/install/services.ts';

const places = { launchDaemons: '/d', bin: '/b' };
const usual = layoutOf({ root: '/opt/savorg-ops', ...places });
const services: ServiceName[] = ['ops', 'redis'];

/** As macOS's own plutil reads it, or on Linux libplist. */
async function readByOthers(plist: string): Promise<PlistValue> {
  const [program, ...args]: [string, ...string[]] =
    process.platform === 'darwin'
      ? ['plutil', '-convert', 'xml1', '-o', '-', '-']
      : ['plistutil', '-i', '-', '-o', '-', '-f', 'xml'];
  return parse((await execa(program, args, { input: plist })).stdout);
}

describe.each(services)('the plist of %s', (service) => {
  it('is read by others as by us, as an example and rendered', async () => {
    const elsewhere = layoutOf({ root: '/opt/a <strange> & place', ...places });
    for (const plist of [template(`com.savorg.${service}`), renderPlist(service, elsewhere)]) {
      expect(await readByOthers(plist)).toEqual(parse(plist));
    }
  });

  it('is finished for the usual place', () => {
    expect(parse(renderPlist(service, usual))).toEqual(parse(template(`com.savorg.${service}`)));
  });

  it('has every path moved to another place, and nothing else', () => {
    const before = JSON.stringify(parse(template(`com.savorg.${service}`)));
    const after = JSON.stringify(
      parse(renderPlist(service, layoutOf({ root: '/else', ...places }), '/usr/bin/redis-server')),
    );
    expect(after).not.toContain('/opt/savorg-ops');
    expect(
      after.replaceAll('/else', '/opt/savorg-ops').replace('/usr/bin/redis-server', '/opt/homebrew/bin/redis-server'),
    ).toBe(before);
  });
});

describe('the plist of the daemon', () => {
  it('says what launchd must know', () => {
    expect(parse(renderPlist('ops', usual))).toMatchObject({
      Label: 'com.savorg.ops',
      UserName: '_savorgops',
      KeepAlive: { SuccessfulExit: false },
      RunAtLoad: true,
      // Ops stops within 40 s.
      ExitTimeOut: 45,
      ThrottleInterval: 10,
      ProcessType: 'Interactive',
      Umask: '077',
      EnvironmentVariables: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin:/opt/homebrew/bin:/usr/local/bin' },
    });
  });
});
