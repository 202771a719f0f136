import { describe, expect, it } from 'vitest';
import { endpointOf, Probe } from '../../src/planning/probe.ts';

const PROBES: [Probe, string][] = [
  [{ type: 'http', service: 'web', url: 'http://127.0.0.1:8080/health?a=b' }, 'http://127.0.0.1:8080/health?a=b'],
  [
    {
      type: 'http',
      service: 'web',
      url: 'https://example.org',
      status: 204,
      timeout_ms: 100,
      attempts: 3,
      interval_ms: 50,
    },
    'https://example.org',
  ],
  [{ type: 'tcp', service: 'redis', host: '127.0.0.1', port: 6379 }, 'tcp://127.0.0.1:6379'],
  [{ type: 'command', service: 'disk', argv: ['/bin/df', '-h'] }, 'command /bin/df -h'],
  [{ type: 'file', service: 'motd', path: '/etc/motd', sha256: 'a'.repeat(64) }, 'file /etc/motd'],
  [{ type: 'process', service: 'web', name: 'nginx' }, 'process nginx'],
];

describe.each(PROBES)('the probe %j', (probe, endpoint) => {
  it('is taken as it is, and says what it looks at', () => {
    expect(Probe.parse(probe)).toEqual(probe);
    expect(endpointOf(probe)).toBe(endpoint);
  });

  it('has no field that is not known', () => {
    expect(Probe.safeParse({ ...probe, retries: 1 }).success).toBe(false);
  });

  it.each(Object.keys(probe).filter((key) => !['status', 'sha256'].includes(key) && !/_ms$|^attempts$/.test(key)))(
    'needs its %s',
    (key) => {
      expect(Probe.safeParse({ ...probe, [key]: undefined }).success).toBe(false);
      expect(Probe.safeParse({ ...probe, [key]: '' }).success).toBe(false);
    },
  );

  it.each([
    { timeout_ms: 9 },
    { timeout_ms: 60_001 },
    { attempts: 0 },
    { attempts: 101 },
    { interval_ms: 0 },
    { attempts: 1.5 },
  ])('has no %j', (timing) => {
    expect(Probe.safeParse({ ...probe, ...timing }).success).toBe(false);
  });
});

describe('a probe', () => {
  it.each([
    { type: 'http', service: 'web', url: 'file:///etc/passwd' },
    { type: 'http', service: 'web', url: 'ftp://a' },
    { type: 'http', service: 'web', url: 'javascript:alert(1)' },
    { type: 'http', service: 'web', url: 'a' },
    { type: 'http', service: 'web', url: 'http://a', status: 99 },
    { type: 'tcp', service: 'web', host: 'a', port: 0 },
    { type: 'tcp', service: 'web', host: 'a', port: 65_536 },
    { type: 'command', service: 'web', argv: [] },
    { type: 'file', service: 'web', path: 'etc' },
    { type: 'file', service: 'web', path: '/etc', sha256: 'A'.repeat(64) },
    { type: 'dns', service: 'web' },
  ])('is none: %j', (probe) => {
    expect(Probe.safeParse(probe).success).toBe(false);
  });

  it.each([
    ' http://a/',
    'http://a/ ',
    'http://a/\n',
    'http://a/\tb',
    'ht\ntp://a/',
    'HTTP://A',
    'http://a',
    'http://a/%7e',
    'http://ü/',
  ])('has the very URL that was signed, or is none: %j', (url) => {
    const parsed = Probe.safeParse({ type: 'http', service: 'web', url });
    expect(parsed.success ? parsed.data : { url }).toMatchObject({ url });
  });
});
