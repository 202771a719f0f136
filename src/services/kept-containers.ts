import { keptPrefix } from '../planning/container.ts';
import { containerFact, type KeptFact } from '../planning/facts.ts';
import type { Containers } from './containers.ts';
import type { Ledger } from './ledger.ts';
import type { Clock } from './ports.ts';

interface KeptParts {
  /** Where the daemon has never run there is none. */
  ledger: Pick<Ledger, 'task'>;
  containers: Pick<Containers, 'keptOf'>;
  clock: Clock;
}

/**
 * What is kept of the container of a name, with its age. An engine does not tell since when one has its name, so the
 * ledger says it: what no ended task of this host put aside is not among them.
 */
export async function keptOf(name: string, { ledger, containers, clock }: KeptParts): Promise<KeptFact> {
  const kept = (await containers.keptOf(name)).flatMap((container) => {
    const since = ledger.task(container.name.slice(keptPrefix(name).length))?.ended?.at;
    return since === undefined ? [] : [{ name: container.name, since, container: containerFact(container) }];
  });
  return { now: clock.now(), containers: kept };
}
