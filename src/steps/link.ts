import { dirname, resolve } from 'node:path';
import type { LinkFact } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import type { LinkStep } from '../planning/step.ts';
import type { Links } from '../services/host.ts';
import { applied, type Effect, failed, refusedTo, type StepKind } from '../services/step-kind.ts';

export interface LinkPorts {
  links: Links;
}

/** Makes, swaps or removes one symbolic link; what it leads to is not touched. */
export function linkKind({ links }: LinkPorts): StepKind<LinkStep> {
  const look = ({ path }: LinkStep) => links.fact(path);
  return {
    observe: look,
    // A link must not be led back to what has gone meanwhile.
    capture: async (step) => ({ ...(await look(step)), leads: await links.leads(step.path) }),
    apply: async (step) => {
      const now = await look(step);
      if (now.target !== step.before.target)
        return refusedTo('changed-since-plan', `${step.path} changed after the plan was made`);
      if (now.target === step.wanted) return applied('was already so', await seen(step, now, links));
      if (!(await turn(step.path, now, { target: step.wanted }, links)))
        return refusedTo('changed-since-plan', `${step.path} is there meanwhile`);
      const left = await look(step);
      const message = `${step.path} is ${textOf(left)}`;
      if (left.target === step.wanted) return applied(message, await seen(step, left, links));
      return failed('not-as-planned', `${message}, not ${textOf({ target: step.wanted })}`, { left });
    },
    undo: async (step, captured) => {
      const before = factOf(captured);
      if (captured?.['leads'] && !(await links.leads(resolve(dirname(step.path), before.target ?? ''))))
        return failed('undo-failed', `${before.target}, to which ${step.path} led, is gone: it stays as it is`);
      return takeBack(step, before, links);
    },
    reconcile: async (step, captured) => {
      const now = await look(step);
      if (now.target === step.wanted) return 'done';
      return now.target === factOf(captured).target ? 'not-done' : 'unknown';
    },
    preview: async (step) => previewOf(step),
  };
}

/** What `capture` returned, read back from the ledger. */
function factOf(captured: State): LinkFact {
  return captured as LinkFact;
}

async function takeBack(step: LinkStep, before: LinkFact, links: Links): Promise<Effect> {
  const now = await links.fact(step.path);
  if (now.target !== before.target) await turn(step.path, now, before, links);
  const left = await links.fact(step.path);
  if (left.target === before.target) return applied('as it was', await seen(step, left, links));
  return failed('undo-failed', `${step.path} is ${textOf(left)}, and was ${textOf(before)}`, { left });
}

/** From one state to another. False where something else came up: then nothing has changed. */
async function turn(path: string, now: LinkFact, { target }: LinkFact, links: Links): Promise<boolean> {
  if (target !== null && now.target === null) return links.make(path, target);
  await (target === null ? links.remove(path) : links.swap(path, target));
  return true;
}

/** A link that leads nowhere is what was asked for, but nothing to stand on. */
async function seen({ path }: LinkStep, left: LinkFact, links: Links): Promise<Pick<Effect, 'left' | 'health'>> {
  const isSound = left.target === null || (await links.leads(path));
  const status = isSound ? 'healthy' : 'degraded';
  return { left, health: [{ service: path, status, endpoint: `link ${path}: ${textOf(left)}` }] };
}

const textOf = ({ target }: LinkFact): string => target ?? 'absent';

function previewOf({ path, before, wanted }: LinkStep): string {
  if (before.target === wanted) return `${path} is already ${textOf(before)}`;
  return `${path}: ${textOf(before)} -> ${textOf({ target: wanted })}`;
}
