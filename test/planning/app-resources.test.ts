import { describe, expect, it } from 'vitest';
import { AppsFile } from '../../src/planning/app.ts';
import { appResource, withPlaces } from '../../src/planning/app-resources.ts';

const place = { root: '/srv/web', checks: [{ type: 'tcp', service: 'web', host: '127.0.0.1', port: 8080 }] };
const instance = (name: string) => ({
  service: { supervisor: 'pm2', name },
  address: `unix:/run/${name}.sock`,
  checks: place.checks,
});
const apps = AppsFile.parse({
  apps: {
    web: {
      source: { type: 'git', remote: 'file:///srv/git/web.git' },
      environments: {
        staging: { ...place, root: '/srv/web-staging' },
        production: { ...place, service: { supervisor: 'container', name: 'web' } },
      },
    },
    shop: {
      source: { type: 'git', remote: 'file:///srv/git/shop.git' },
      environments: {
        production: {
          ...place,
          root: '/srv/shop',
          hand_over: {
            instances: { a: instance('shop-a'), b: instance('shop-b') },
            front: {
              file: '/etc/nginx/conf.d/shop.upstream',
              text: 'server {{address}};',
              reload: { argv: ['nginx', '-s', 'reload'], writes: ['/var/log/nginx'] },
            },
          },
        },
      },
    },
  },
});

const unreadable = () => {
  throw new Error('etc/apps.yaml cannot be used');
};

describe('what an app takes for itself', () => {
  it('is its name, the folder it lies in and its service', () => {
    const name = appResource({ app: 'web', environment: 'production' });
    expect(name).toBe('app:web/production');
    expect(withPlaces([name], () => apps)).toEqual([name, 'path:/srv/web', 'service:container/web', 'container:web']);
  });

  it('is not what its other environment takes', () => {
    expect(withPlaces(['path:/etc/a', 'app:web/staging'], () => apps)).toEqual([
      'path:/etc/a',
      'app:web/staging',
      'path:/srv/web-staging',
    ]);
  });

  it('is both of its instances, and what it changes of the front', () => {
    expect(withPlaces(['app:shop/production'], () => apps)).toEqual([
      'app:shop/production',
      'path:/srv/shop',
      'path:/etc/nginx/conf.d/shop.upstream',
      'path:/var/log/nginx',
      'service:pm2/shop-a',
      'service:pm2/shop-b',
    ]);
  });

  it.each(['app:other/staging', 'app:__proto__/staging', 'app:web/else', 'app:web'])(
    'of %s, which nobody declares, is its name',
    (name) => {
      expect(withPlaces([name], () => apps)).toEqual([name]);
    },
  );

  it('is asked of nobody for a task without an app', () => {
    expect(withPlaces(['host', 'path:/etc'], unreadable)).toEqual(['host', 'path:/etc']);
    expect(() => withPlaces(['app:web/staging'], unreadable)).toThrow('cannot be used');
  });
});
