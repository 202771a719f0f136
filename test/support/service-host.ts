import { join } from 'node:path';
import { registry } from '../../jobs/index.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { snapshotsIn } from '../../src/adapters/snapshots.ts';
import { bindActions } from '../../src/planning/registry.ts';
import type { ServiceStep } from '../../src/planning/step.ts';
import type { Supervisor } from '../../src/services/host.ts';
import { planTask } from '../../src/services/planner.ts';
import type { Clock, FactReader } from '../../src/services/ports.ts';
import { serviceKind } from '../../src/steps/service.ts';
import { TestSupervisor } from './supervisor.ts';

type Verb = ServiceStep['verb'];
type Service = { supervisor: 'launchd' | 'pm2' | 'systemd' | 'command' } & Record<string, unknown>;

const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };

/** Ten times as fast as the real one: patience of a minute is over in six seconds. */
const hasty: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 10 };

/** Plans actions for one real supervisor and does their steps, as the line would. */
export function serviceHost(name: Service['supervisor'], supervisor: Supervisor, folder: string) {
  const supervisors = { ...new TestSupervisor().all, [name]: supervisor };
  const kind = serviceKind({ supervisors, snapshots: snapshotsIn(join(folder, 'snapshots')), clock: hasty });
  const reader: FactReader = {
    answer: async (query) => (query.ask === 'service' ? supervisor.look(query.ref) : null),
  };

  const plan = async (verb: Verb, service: Service): Promise<ServiceStep> => {
    const actions = bindActions(registry, [{ action: `config.service.${verb}`, with: { service } }]);
    if (typeof actions === 'string') throw new Error(actions);
    const made = await planTask(actions, reader);
    if ('code' in made) throw new Error(made.message);
    return made.steps[0]?.step as ServiceStep;
  };
  const apply = async (step: ServiceStep) => {
    const captured = await kind.capture(step);
    const effect = await kind.apply(step, context);
    const again = () => kind.reconcile(step, captured, context);
    return { effect, undo: () => kind.undo(step, captured, context), reconcile: again };
  };
  return {
    plan,
    apply,
    run: async (verb: Verb, service: Service) => apply(await plan(verb, service)),
  };
}
