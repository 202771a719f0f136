import type { SettingFact } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import type { SettingStep } from '../planning/step.ts';
import type { SettingStores } from '../services/host.ts';
import { applied, type Effect, failed, refusedTo, type StepKind } from '../services/step-kind.ts';

export interface SettingPorts {
  stores: SettingStores;
}

/** Has a tool of the host keep a value; its undo has it keep the one before. Not broken off: tools end badly by that. */
export function settingKind({ stores }: SettingPorts): StepKind<SettingStep> {
  const look = ({ store, name }: SettingStep) => stores[store].look(name);
  return {
    observe: look,
    capture: look,
    apply: async (step) => {
      const now = await look(step);
      if (now.value !== step.before.value)
        return refusedTo('changed-since-plan', `${step.target} changed after the plan was made`);
      if (now.value === step.wanted) return applied('was already so', seen(step, now));
      await stores[step.store].set(step.name, step.wanted);
      return outcomeOf(step, await look(step));
    },
    undo: async (step, captured) => {
      if (step.oneWay) return failed('irreversible', 'was signed as irreversible');
      const before = factOf(captured);
      const now = await look(step);
      if (now.value === before.value) return applied('as it was', seen(step, now));
      await stores[step.store].set(step.name, before.value);
      return undoneTo(before, step, await look(step));
    },
    reconcile: async (step, captured) => {
      const { value } = await look(step);
      if (value === step.wanted) return 'done';
      const mayStillCome = await stores[step.store].isAtWork?.(step.name);
      return value === factOf(captured).value && !mayStillCome ? 'not-done' : 'unknown';
    },
    preview: async (step) => previewOf(step),
  };
}

/** What `capture` returned, read back from the ledger. */
function factOf(captured: State): SettingFact {
  return captured as SettingFact;
}

function outcomeOf(step: SettingStep, left: SettingFact): Effect {
  if (left.value === step.wanted) return applied(`is ${textOf(left.value)}`, seen(step, left));
  const message = `${step.target} is ${textOf(left.value)}, not ${textOf(step.wanted)}`;
  return failed('not-as-planned', message, seen(step, left, 'down'));
}

function undoneTo(before: SettingFact, step: SettingStep, left: SettingFact): Effect {
  if (left.value === before.value) return applied('as it was', seen(step, left));
  const message = `${step.target} is ${textOf(left.value)}, and was ${textOf(before.value)}`;
  return failed('undo-failed', message, seen(step, left, 'down'));
}

function seen({ store, target }: SettingStep, left: SettingFact, status: 'healthy' | 'down' = 'healthy') {
  return { left, health: [{ service: target, status, endpoint: `${store}: ${textOf(left.value)}` }] };
}

const textOf = (value: SettingFact['value']): string => value ?? 'absent';

function previewOf({ name, before, wanted, remains, oneWay }: SettingStep): string {
  if (before.value === wanted) return `${name} is already ${textOf(wanted)}`;
  const undo = oneWay ? ['irreversible'] : [];
  const rest = remains === '' ? [] : [`an undo leaves ${remains}`];
  return [`${name}: ${textOf(before.value)} -> ${textOf(wanted)}`, ...undo, ...rest].join('\n');
}
