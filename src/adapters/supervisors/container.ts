import { hash } from 'node:crypto';
import { coerceError, OpsError } from '../../errors.ts';
import type { ServiceFact } from '../../planning/facts.ts';
import type { RefOf } from '../../planning/service.ts';
import type { Container, Containers } from '../../services/containers.ts';
import type { Supervisor } from '../../services/host.ts';

type Ref = RefOf<'container'>;

export interface ContainerPorts {
  containers: Containers;
}

/**
 * One container that is there, as a service. What defines it is the container itself: in the place of another it is
 * another service, so its definition is its id. It is made and removed by actions of its own.
 */
export function containerSupervisor({ containers }: ContainerPorts): Supervisor<Ref> {
  return {
    look: async ({ name }) => {
      try {
        const found = await containers.find(name);
        if (!found) return { state: 'absent' };
        // A dead daemon may have given it.
        if (await containers.isUnderWay(name, [found.id]))
          return { state: 'unknown', says: 'an order to it is still under way' };
        return factOf(found);
      } catch (error) {
        return { state: 'unknown', says: coerceError(error).message };
      }
    },
    definitionOf: async ({ name }) => (await containers.find(name).catch(() => null))?.id ?? null,
    install: refuse,
    remove: refuse,
    bring: async (ref, { state }) => {
      const id = await idOf(ref, containers);
      await (state === 'running' ? containers.start(id) : containers.stop(id));
    },
    restart: async (ref) => containers.restart(await idOf(ref, containers)),
  };
}

async function refuse({ name }: Ref): Promise<never> {
  throw new OpsError(`which container ${name} is only config.container.run and remove change`);
}

async function idOf({ name }: Ref, containers: Containers): Promise<string> {
  const found = await containers.find(name);
  if (!found) throw new OpsError(`the container ${name} is gone`);
  if (found.removesItself)
    throw new OpsError(`${name} removes itself when it ends (--rm): nothing could bring it back`);
  return found.id;
}

/** How the words of both engines are understood; of any other, like `paused` or `restarting`, nobody knows what becomes. */
const STATES: ReadonlyMap<string, 'running' | 'stopped'> = new Map([
  ['running', 'running'],
  ['exited', 'stopped'],
  ['created', 'stopped'],
  ['configured', 'stopped'],
  ['initialized', 'stopped'],
]);

function factOf({ id, status, exitCode, startedAt }: Container): ServiceFact {
  const state = STATES.get(status);
  const says = `container ${id.slice(0, 12)} ${status}${status === 'exited' ? ` with exit code ${exitCode}` : ''}`;
  if (state === undefined) return { state: 'unknown', says };
  const run = state === 'running' ? `${id} since ${startedAt}` : '';
  // What starts with the host its engine knows: docker by restart policy and last order, podman by a unit of systemd.
  return { state, enabled: false, definition: hash('sha256', id), run, says };
}
