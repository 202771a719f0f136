import type { SourceFile } from './source.ts';
import { COMPUTED } from './source.ts';

const FLOORS: Record<string, number> = {
  contract: 0,
  admission: 1,
  planning: 1,
  schedule: 1.1,
  health: 1,
  jobs: 1.2,
  root: 1.5,
  services: 2,
  steps: 3,
  adapters: 3,
  runner: 3,
  dashboard: 3,
  client: 3,
  install: 4,
  schedules: 3.9,
  machine: 3.9,
  compose: 4,
  mail: 4,
  courier: 4,
  watch: 4,
  workers: 4.1,
  daemon: 4.2,
  ground: 4.25,
  life: 4.3,
  main: 4.4,
  cli: 5,
};

/** Of all floors below, these areas may use no more than this. */
const NARROWER: Record<string, string[]> = {
  jobs: ['contract', 'planning', 'schedule'],
  client: ['contract'],
  runner: [],
};

/** Files of the src root for everybody from floor 2 up. */
const ROOT = new Set(
  [
    'config',
    'dashboard-settings',
    'errors',
    'home',
    'log',
    'log-text',
    'ops-file',
    'orders',
    'password',
    'escapes',
    'needles',
    'secret',
    'secret-forms',
    'version',
    'visible',
  ].map((name) => `src/${name}.ts`),
);

/** What the daemon's side of the runner shares with it: the conversation, and how a process is found and ended. */
const SHARED_BY_RUNNER = /^src\/runner\/(?:conversation|frames|messages|process-table|ending)\.ts$/;

function areaOf(path: string): string | undefined {
  if (ROOT.has(path)) return 'root';
  const [top, next] = path.split('/');
  const area = top === 'src' ? next?.replace(/\.ts$/, '') : top;
  return area !== undefined && area !== 'root' && area in FLOORS ? area : undefined;
}

export function floorViolations(files: SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap(({ specifier, target, line }) => {
      const problem = specifier === COMPUTED ? 'import() of a computed name' : target && problemOf(file.path, target);
      return problem ? [`${file.path}:${line}: ${problem}`] : [];
    }),
  );
}

function problemOf(path: string, target: string): string | undefined {
  const [from, to] = [areaOf(path), areaOf(target)];
  if (!from || !to) return `${from ? target : path} stands on no floor (add it to test/house/floors.ts)`;
  if (from === to || (from === 'adapters' && SHARED_BY_RUNNER.test(target))) return undefined;
  const down = (FLOORS[to] ?? 0) < (FLOORS[from] ?? 0);
  const allowed = down && (NARROWER[from]?.includes(to) ?? true);
  return allowed ? undefined : `${from} may not import ${target}`;
}

export function cycles(files: SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, file.imports.flatMap(({ target }) => target ?? [])]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (done.has(path) || trail.includes(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}
