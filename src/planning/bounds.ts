/** What a command may do with a path and all below it. */
export interface Rule {
  path: string;
  /** `pinned`: it may write below, and the path stays where it is: it leads to what is guarded. */
  access: 'write' | 'pinned' | 'read' | 'none';
}

/** What a command may touch. Of two rules about a path the later one counts. */
export interface Bounds {
  rules: readonly Rule[];
  network: boolean;
  /** What it starts may live on. */
  outlives: boolean;
}

/** What is decided about paths; real ones, without symbolic links. */
export interface Ground {
  /** Where it may write; `/` for everywhere but what is guarded. */
  writes: readonly string[];
  /** What nobody may write, whatever `writes` says. */
  readOnly: readonly string[];
  /** What nobody may read either. */
  hidden: readonly string[];
  /** HOME of commands, which may lie in what is hidden; null where there is none. */
  userHome: string | null;
  /** A folder of its own, which may lie in what is hidden; null where it has none. */
  scratch: string | null;
}

/** The rules that follow: first the whole host, last what counts whatever else was said. */
export function rulesOf({ writes, readOnly, hidden, userHome, scratch }: Ground): Rule[] {
  const may = (path: string) => writes.some((open) => covers(open, path));
  const pinned = new Set([...readOnly, ...hidden].flatMap(foldersAbove).filter(may));
  const open = new Set([...writes.filter((path) => path !== '/'), ...pinned]);
  return [
    { path: '/', access: may('/') ? 'write' : 'read' },
    ...rules(open, (path) => (pinned.has(path) ? 'pinned' : 'write')),
    ...rules(readOnly, () => 'read'),
    ...rules(hidden, () => 'none'),
    ...(userHome ? homeRules(userHome, writes, may(userHome)) : []),
    ...(scratch ? [{ path: scratch, access: 'write' } as const] : []),
  ];
}

/** Said once more, for what is hidden may lie around it. */
function homeRules(userHome: string, writes: readonly string[], writable: boolean): Rule[] {
  const inside = writes.filter((path) => path !== userHome && covers(userHome, path));
  return [{ path: userHome, access: writable ? 'write' : 'read' }, ...rules(inside, () => 'write')];
}

/** A folder before what lies in it. */
function rules(paths: Iterable<string>, access: (path: string) => Rule['access']): Rule[] {
  return [...paths].toSorted().map((path) => ({ path, access: access(path) }));
}

/** Whether the path is the folder, or lies in it. */
export function covers(folder: string, path: string): boolean {
  return folder === '/' || folder === path || path.startsWith(`${folder}/`);
}

/** From below the root to its parent. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
