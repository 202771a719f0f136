import type {
  DirectoryFact,
  FileFact,
  LinkFact,
  OwnerFact,
  PackageManager,
  PackageOffer,
  ServiceFact,
  SettingFact,
  Standing,
  StoreName,
} from '../planning/facts.ts';
import type { TreeSource } from '../planning/release.ts';
import type { RefOf, ServiceRef, SupervisorName } from '../planning/service.ts';
import type { StepContext } from './step-kind.ts';

/** The files that steps change. Paths are absolute; a symbolic link at the end of one is refused, not followed. */
export interface Files {
  fact(path: string): Promise<FileFact>;
  read(path: string): Promise<Buffer>;
  /** Whole or not at all, and on the disk when it resolves. */
  write(path: string, content: string | Uint8Array, mode: string, owner: OwnerFact): Promise<void>;
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
}

/** What was there before, by digest; kept 0600 and never sent anywhere. */
export interface Snapshots {
  /** Returns the content's sha256; it is on the disk when the promise resolves. */
  keep(content: Uint8Array): Promise<string>;
  get(sha256: string): Promise<Buffer>;
}

export type PresentDirectory = Extract<DirectoryFact, { exists: true }>;

/** The directories that steps change. Nothing at the end of a path is followed, nor a link above it that is not root's or the daemon's own. */
export interface Directories {
  fact(path: string): Promise<DirectoryFact>;
  /** False where anything is there: then nothing has changed. */
  make(path: string, wanted: PresentDirectory): Promise<boolean>;
  change(path: string, wanted: PresentDirectory): Promise<void>;
  /** Returns what stands in it: then it stays. */
  remove(path: string): Promise<string[]>;
}

/** The symbolic links that steps change. No link above one is followed that is not root's or the daemon's own. */
export interface Links {
  fact(path: string): Promise<LinkFact>;
  /** False where anything is there: then nothing has changed. */
  make(path: string, target: string): Promise<boolean>;
  /** Another one in its place, which is never empty meanwhile. */
  swap(path: string, target: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Whether there is something where it leads. */
  leads(path: string): Promise<boolean>;
}

/** A tool of the host that keeps values by name. Both reject where it does not answer, or its answer is not understood. */
export interface SettingStore {
  look(name: string): Promise<SettingFact>;
  /** Null takes it away. Resolves when the tool has done it; whether the value is as wanted is for `look` to say. */
  set(name: string, value: SettingFact['value']): Promise<void>;
  /** Of a tool that is not ended with the daemon: whether it is still at this name. */
  isAtWork?(name: string): Promise<boolean>;
}

/** A package's value is its version. */
export interface PackageStore extends SettingStore {
  offer(name: string): Promise<PackageOffer>;
}

export type SettingStores = { readonly [K in StoreName]: K extends PackageManager ? PackageStore : SettingStore };

/**
 * What keeps services running: launchd, pm2, … Its orders resolve once they are given and taken; whether the service
 * came to stand so is seen by `look`, for which the step waits.
 * @throws OpsError from every order, where it was refused: what was said, and what to do.
 */
export interface Supervisor<R extends ServiceRef = ServiceRef> {
  /** Changes nothing, and never throws: what cannot be seen or understood is `unknown`. */
  look(ref: R): Promise<ServiceFact>;
  /** The text with the digest of `look`, as `install` takes it; null where there is none, or nobody can say it. */
  definitionOf(ref: R): Promise<string | null>;
  /** Puts the definition in the place of what there is, if anything, and has it stand so. */
  install(ref: R, definition: string, standing: Standing, context: StepContext): Promise<void>;
  /** Has it stand so; it is there, in another standing. */
  bring(ref: R, standing: Standing, context: StepContext): Promise<void>;
  /** Another run of it; where it does not run, its first. */
  restart(ref: R, context: StepContext): Promise<void>;
  /** Ends it, and takes its definition away. */
  remove(ref: R, context: StepContext): Promise<void>;
}

export type Supervisors = { readonly [S in SupervisorName]: Supervisor<RefOf<S>> };

/** `digest`: of its files as they were fetched. */
export type TreeFact = { exists: false } | { exists: true; digest: string; sealed: boolean };

export interface TreeWish {
  source: TreeSource;
  /** What its digest must be; null where any. */
  digest: string | null;
  /** A sealed tree, whose files may be shared where they are the same. */
  like: string | null;
  signal: AbortSignal;
}

/** The trees of releases. */
export interface Trees {
  /** `digest` is empty where what is there was made by nobody here, or not to its end. */
  fact(path: string): Promise<TreeFact>;
  /**
   * Whole and on the disk, or not at all.
   * @throws OpsError with what is wrong with the source, UnknownCommitError where it has no such commit: nothing is there then.
   */
  make(path: string, wish: TreeWish): Promise<void>;
  /** Takes all rights to write in it away. */
  seal(path: string): Promise<void>;
  /** With what was begun of it; fine where nothing is there. */
  remove(path: string): Promise<void>;
}

/** What root says of an upgrade. `gone`: who was at it has ended without a word. */
export type UpgradeState =
  | { state: 'under-way' | 'gone' }
  | {
      state: 'ended';
      /** `as-before`: the version before runs. `unclear`: nobody put that right. */
      outcome: 'upgraded' | 'as-before' | 'unclear';
      /** What was said last. */
      message: string;
    };

/** Upgrades of this very program, which root does, if it finds for itself that they were signed. */
export interface Upgrades {
  /** The version that `current` leads to; null where nothing is installed. */
  installed(): Promise<string | null>;
  /** What became of this task's upgrade; null where root has not begun it. */
  look(taskId: string): Promise<UpgradeState | null>;
  /**
   * Has root begin it; what it does then outlives this daemon. Root does a task's upgrade once.
   * @throws OpsError with what root said, where it has not begun.
   */
  begin(taskId: string): Promise<void>;
}
