import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { insist, launchctl } from '../../src/adapters/launchctl.ts';
import { refusalOf } from '../../src/adapters/launchctl-codes.ts';
import { parseDisabled, parsePrint } from '../../src/adapters/launchctl-print.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { Mac } from '../doubles/mac.ts';
import * as prints from './launchctl-prints.ts';

const { LABEL } = prints;

describe('F55: launchctl print', () => {
  it.each([
    ['running', prints.running, { state: 'running', pid: 731, runs: 3, lastExit: 'never' }],
    ['stopped', prints.stopped, { state: 'not running', pid: null, runs: 3, lastExit: { code: 0 } }],
    ['throttled', prints.throttled, { state: 'spawn scheduled', pid: null, runs: 3, lastExit: { code: 1 } }],
    ['killed before', prints.killed, { state: 'running', pid: 812, runs: 3, lastExit: { signal: 'Killed: 9' } }],
    ['not to be started', prints.cannotStart, { state: 'not running', pid: null, runs: 3, lastExit: { code: 78 } }],
    [
      'with an argument of several lines',
      prints.disguised,
      { state: 'not running', pid: null, runs: 3, lastExit: { code: 78 } },
    ],
  ])('of a service that is %s', (_, text, state) => {
    expect(parsePrint(LABEL, text)).toEqual(state);
  });

  it.each([
    ['a state of a later macOS', prints.newState, 'state = hibernating'],
    ['another service', prints.running.replaceAll(LABEL, 'com.example.other'), 'system/com.example.other = {'],
    ['garbage', 'Segmentation fault\nat 0', 'Segmentation fault'],
    ['nothing', '', 'it said nothing'],
    ['no state', `system/${LABEL} = {\n\t\tstate = running\n}\n`, 'state = (none)'],
  ])('of %s is unknown', (_, text, why) => {
    expect(parsePrint(LABEL, text)).toEqual({ state: 'unknown', why });
  });

  it('does not guess at an exit code', () => {
    const text = prints.stopped.replace('last exit code = 0', 'last exit code = (see log)');
    expect(parsePrint(LABEL, text)).toMatchObject({ lastExit: 'unknown' });
  });
});

describe('F55: launchctl print-disabled', () => {
  it.each([
    ['now', prints.disabledNow],
    ['before macOS 13', prints.disabledBefore],
  ])('as it is %s', (_, text) => {
    expect([LABEL, 'com.example.other', 'com.example.unlisted'].map((label) => parseDisabled(label, text))).toEqual([
      'disabled',
      'enabled',
      'enabled',
    ]);
  });

  it('is unknown where it says something else', () => {
    expect(parseDisabled(LABEL, 'garbage')).toBe('unknown');
    expect(parseDisabled(LABEL, prints.disabledNow.replace('disabled\n', 'asleep\n'))).toBe('unknown');
  });
});

describe('F55: what launchd refuses', () => {
  const names = { label: LABEL, plist: '/p/job.plist', root: '/opt/example' };

  it.each([
    3, 5, 17, 36, 107, 108, 109, 110, 111, 112, 113, 119, 122, 124, 125, 126, 133, 134, 144, 146, 150, 152, 155, 159,
    161,
  ])('%i is explained', (code) => expect(refusalOf(code).meaning).not.toBe('unknown'));

  it('is said with code, meaning and remedy', () => {
    expect(() => insist({ done: false, code: 119, text: 'Service is disabled' }, 'start it', names)).toThrow(
      'launchd refused to start it: 119, the service is disabled\n  it said: Service is disabled\n' +
        '  what to do: enable it with: sudo launchctl enable system/com.example.job',
    );
  });

  it('is not guessed at', () => {
    expect(() => insist({ done: false, code: 99, text: '?' }, 'start it', names)).toThrow('99, unknown');
    expect(() => insist({ done: false, code: null, text: 'no answer' }, 'start it', names)).toThrow(
      'start it: no answer',
    );
  });
});

describeAsRoot('F55: launchctl itself, by its double', () => {
  let mac: Mac;
  let path: string | undefined;
  beforeAll(async () => {
    mac = await Mac.start();
    path = process.env['PATH'];
    process.env['PATH'] = mac.env.PATH;
  });
  afterEach(() => {
    process.env['PATH'] = mac.env.PATH;
  });
  afterAll(async () => {
    process.env['PATH'] = path;
    await mac[Symbol.asyncDispose]();
  });

  const job = () => mac.plist(LABEL, { ProgramArguments: ['/bin/sleep', '1000'], RunAtLoad: true });

  it('takes a service in, also when it is in already, shows it, restarts it, and takes it out', async () => {
    expect(await launchctl.print(LABEL)).toEqual({ state: 'absent' });
    expect(await launchctl.bootstrap(job())).toEqual({ done: true });
    expect(await launchctl.bootstrap(job())).toEqual({ done: true });
    expect(await launchctl.print(LABEL)).toMatchObject({
      state: 'running',
      pid: expect.any(Number),
      lastExit: 'never',
    });
    expect(await launchctl.kickstart(LABEL, { kill: true })).toEqual({ done: true });
    expect(await launchctl.signal(LABEL, 'SIGKILL')).toMatchObject({ done: expect.any(Boolean) });
    expect(await launchctl.bootout(LABEL)).toEqual({ done: true });
    expect(await launchctl.bootout(LABEL)).toEqual({ done: true });
    await expect.poll(() => launchctl.print(LABEL)).toEqual({ state: 'absent' });
  });

  it('enables what is disabled', async () => {
    await mac.launchctl('disable', `system/${LABEL}`);
    expect(await launchctl.enabled(LABEL)).toBe('disabled');
    expect(await launchctl.bootstrap(job())).toEqual({
      done: false,
      code: 119,
      text: 'Bootstrap failed: 119: Service is disabled',
    });
    await launchctl.enable(LABEL);
    expect(await launchctl.enabled(LABEL)).toBe('enabled');
  });

  it.each([5, 36, 119, 122, 125, 161])('says what launchd said: %i', async (exitCode) => {
    await mac.fail('bootstrap', { exitCode, stderr: `Bootstrap failed: ${exitCode}: text\nmore` });
    expect(await launchctl.bootstrap(job())).toEqual({
      done: false,
      code: exitCode,
      text: `Bootstrap failed: ${exitCode}: text`,
    });
  });

  it.each([36, 3, 113])('takes %i from bootout for done: it ends, or is gone', async (exitCode) => {
    await mac.fail('bootout', { exitCode });
    expect(await launchctl.bootout(LABEL)).toEqual({ done: true });
  });

  it('takes garbage and another exit code for unknown', async () => {
    await mac.fail('print', { stdout: 'garbage' });
    expect(await launchctl.print(LABEL)).toEqual({ state: 'unknown', why: 'garbage' });
    await mac.fail('print', { exitCode: 1, stderr: 'no idea\n' });
    expect(await launchctl.print(LABEL)).toEqual({ state: 'unknown', why: 'no idea' });
    await mac.fail('print-disabled', { exitCode: 1 });
    expect(await launchctl.enabled(LABEL)).toBe('unknown');
  });

  it('does not wait for ever', async () => {
    await mac.fail('print', null);
    expect(await launchctl.print(LABEL)).toEqual({
      state: 'unknown',
      why: expect.stringContaining('no answer in 10 s'),
    });
  });

  it('says what is missing where there is no launchctl', async () => {
    process.env['PATH'] = join(mac.folder, 'nothing');
    await expect(launchctl.print(LABEL)).rejects.toThrow('this needs macOS; elsewhere pm2 keeps the daemon');
  });
});
