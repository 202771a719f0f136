import { appendFileSync } from 'node:fs';
import { expect, vi } from 'vitest';
import { AptHost, hasApt } from '../../support/apt-host.ts';
import type { Place, Trial, Trials } from '../trial.ts';

const WANTED = '1.6-2.1';
const jq = (version: string) => ({ name: 'jq', version });
let host: AptHost;

/** A Debian with a root of its own, where the daemon's apt is. */
async function debian({ home }: Place): Promise<void> {
  host = new AptHost();
  for (const [name, value] of Object.entries(host.env)) vi.stubEnv(name, value);
  appendFileSync(home.etc.ops, 'pass_environment: [APT_CONFIG, DPKG_ROOT]\n');
  await host.offer(jq('1.5'), jq(WANTED), jq('1.7'));
}

const base: Omit<Trial, 'arrange'> = {
  needs: hasApt ? [] : ['apt-get, for root'],
  observe: async () => ({ file: host.has('jq'), version: (await host.run('dpkg-query', '-W')).stdout }),
};

export const trials: Trials = {
  'over nothing': {
    ...base,
    arrange: debian,
    shows: (preview) =>
      expect(preview).toBe(`jq: absent -> ${WANTED}\nan undo leaves what came along with it, and its configuration`),
  },
  'over an older version': {
    ...base,
    arrange: async (place) => {
      await debian(place);
      await place.perform({ action: 'config.package', with: { manager: 'apt', name: 'jq', version: '1.5' } });
    },
    shows: (preview) => expect(preview).toBe(`jq: 1.5 -> ${WANTED}`),
  },
};
