import type { ContainerGoal } from './container.ts';
import type { Content } from './content/content.ts';
import type {
  ContainerFact,
  DirectoryFact,
  FileFact,
  LinkFact,
  OwnerFact,
  ScheduleFact,
  ServiceFact,
  ServiceGoal,
  SettingFact,
  StoreName,
} from './facts.ts';
import type { Probe } from './probe.ts';
import type { Release, TreeSource } from './release.ts';
import type { ServiceRef } from './service.ts';

/** A program to run, bounded in time and output. */
export interface CommandSpec {
  argv: readonly string[];
  cwd: string;
  /** Added to the allow-listed base environment: values, or references to secrets. */
  env: Readonly<Record<string, string>>;
  /** What it reads, or a reference to a secret. */
  stdin: string;
  /** Below which paths it may write; `/` for everywhere but what is protected. */
  writes: readonly string[];
  network: boolean;
  /** What it starts may live on after it; else nothing of it does. */
  outlives: boolean;
  timeoutMs: number;
  outputLimitBytes: number;
}

/** Tells whether a command's work is done: the path it creates, or a command that succeeds once it is. */
export type Guard = { creates: string } | { unless: readonly string[] };

interface StepBase {
  /** What it acts on: a path, a service, a program. */
  target: string;
  title: string;
  /**
   * The one way on which it does its work, where another step does what is to be done on the other one. `forward`: it is
   * not taken back. `back`: it does nothing when its turn comes, and its work when it is taken back.
   */
  only?: 'forward' | 'back';
}

/** Runs an argv. Its undo is the declared one; without one the signed task said `irreversible: true`. */
export interface CommandStep extends StepBase {
  kind: 'command';
  command: CommandSpec;
  undo: CommandSpec | null;
  guard: Guard | null;
  /** It builds or tries code: where it fails, no operation mends that. */
  ofCode?: true;
}

/** Writes content, mode and owner of one file, if it still is as the plan saw it. */
export interface FileStep extends StepBase {
  kind: 'file';
  path: string;
  content: Content;
  /** Octal digits; kept as it is (0644 for a new file) where null. */
  mode: string | null;
  /** Kept as it is where null. */
  owner: OwnerFact | null;
  before: FileFact;
}

/** Makes, changes or removes one directory, if it still is as the plan saw it. */
export interface DirectoryStep extends StepBase {
  kind: 'directory';
  path: string;
  /** There is to be none. Only an empty one is removed. */
  absent: boolean;
  /** Octal digits; kept as it is (0755 for a new one) where null. */
  mode: string | null;
  /** Kept as it is where null. */
  owner: OwnerFact | null;
  before: DirectoryFact;
}

/** Makes, swaps or removes one symbolic link, if it still leads where the plan saw it lead. */
export interface LinkStep extends StepBase {
  kind: 'link';
  path: string;
  /** Null: there is to be none. */
  wanted: LinkFact['target'];
  before: LinkFact;
}

/** Has a tool of the host keep a value, if it still keeps the one that the plan saw. */
export interface SettingStep extends StepBase {
  kind: 'setting';
  store: StoreName;
  name: string;
  /** Null: there is to be none. */
  wanted: SettingFact['value'];
  before: SettingFact;
  /** What an undo leaves as it is; empty where nothing. */
  remains: string;
  /** The value before can be had no more: signed as irreversible. */
  oneWay: boolean;
}

/** Has the container of a name be as told, if it still is the one that the plan saw. */
export interface ContainerStep extends StepBase {
  kind: 'container';
  name: string;
  goal: ContainerGoal;
  before: ContainerFact;
}

/** Looks at a service until it is healthy or its attempts are used up. Changes nothing. */
export interface ProbeStep extends StepBase {
  kind: 'probe';
  probe: Probe;
}

/** Makes a directory of it where nothing is, and takes the right to write from it, or removes it. */
export interface TreeStep extends StepBase {
  kind: 'tree';
  /** `seal` takes all rights to write in it away; `remove` cannot be taken back. */
  verb: 'make' | 'seal' | 'remove';
  path: string;
  source: TreeSource | null;
  /** The digest that it must have as it is fetched; null where any. */
  digest: string | null;
  /** A sealed tree whose files may be shared where they are the same; null where nothing will write into this one. */
  like: string | null;
}

/** Looks at a service for a while, and fails as soon as it is worse than it may be. Changes nothing. */
export interface WatchStep extends StepBase {
  kind: 'watch';
  checks: readonly Probe[];
  /** It may not start anew meanwhile; null where nobody can tell. */
  service: ServiceRef | null;
  forMs: number;
  everyMs: number;
  /** The part of looks that may fail. */
  failures: number;
  /** What half of the looks may take at most; null where that does not count. */
  latencyMs: number | null;
}

/** What a schedule's row is to say. */
export interface ScheduleChange {
  /** The whole definition where it is a new one; the task that brings it becomes the one that defined it. */
  definition: object | null;
  digest: string;
  /** Why it is paused; empty where it is not. */
  paused: string;
}

/** Changes a schedule's row of the ledger, if it still is as the plan saw it. `after` null: there is to be none. */
export interface ScheduleStep extends StepBase {
  kind: 'record';
  record: 'schedule';
  name: string;
  before: ScheduleFact;
  after: ScheduleChange | null;
}

/** Adds a slot to a schedule out of its turn. */
export interface SlotStep extends StepBase {
  kind: 'record';
  record: 'slot';
  schedule: string;
  /** A whole second, in milliseconds since 1970. */
  dueAt: number;
}

/** Writes how a release stands. */
export interface ReleaseStep extends StepBase {
  kind: 'record';
  record: 'release';
  release: Pick<Release, 'id' | 'app' | 'environment' | 'version'>;
  /** Where it lies. */
  path: string;
  state: Release['state'];
}

/** Changes one row of the ledger. */
export type RecordStep = ReleaseStep | ScheduleStep | SlotStep;

/** Has a supervisor change a service, if it still is as the plan saw it; whatever it is where `before` is null. */
export interface ServiceStep extends StepBase {
  kind: 'service';
  verb: 'install' | 'start' | 'stop' | 'restart' | 'remove';
  ref: ServiceRef;
  before: ServiceFact | null;
  after: ServiceGoal;
  /** The text that `install` puts in place; null for the other verbs. */
  definition: string | null;
}

/** Has root put another version of savorg-ops in the place of this one, which ends the daemon in the middle. */
export interface UpgradeStep extends StepBase {
  kind: 'upgrade';
  from: string;
  version: string;
}

/** The smallest reversible change, as data. */
export type Step =
  | CommandStep
  | ContainerStep
  | DirectoryStep
  | FileStep
  | LinkStep
  | ProbeStep
  | RecordStep
  | ServiceStep
  | SettingStep
  | TreeStep
  | UpgradeStep
  | WatchStep;
export type StepKindName = Step['kind'];

/** A step in its place: `n` counts through the run plan, `action` through the task's actions, both from 1. */
export interface PlannedStep {
  n: number;
  action: number;
  step: Step;
}

/** Whether it changes something when its turn comes. */
export const changesSomething = ({ kind, only }: Step): boolean =>
  only !== 'back' && kind !== 'probe' && kind !== 'watch';

/** Whether there is something to be done by this step when its task is taken back. */
export const isTakenBack = (step: Step): boolean =>
  step.only === 'back' || (step.only === undefined && changesSomething(step));

/** Whether what the step does can be taken back, by itself or by another step. */
export function canBeUndone(step: Step): boolean {
  if (!isTakenBack(step) || step.only === 'back') return true;
  if (step.kind === 'command') return step.undo !== null;
  if (step.kind === 'container') return step.goal.state !== 'gone';
  if (step.kind === 'tree') return step.verb !== 'remove';
  if (step.kind === 'upgrade') return false;
  return step.kind !== 'setting' || !step.oneWay;
}
