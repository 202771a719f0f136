import { cycles, floorViolations } from './floors.ts';
import { lineAt, readSource, type SourceFile } from './source.ts';
import type { Tree } from './tree.ts';

export interface Rule {
  name: string;
  violations: (tree: Tree) => string[];
  /** Files that break it: the rule must say so, or it guards nothing. Each is tried alone unless `together`. */
  offending: Record<string, string>;
  together?: boolean;
}

const PURE = /^(?:src\/(?:admission|planning|schedule|health)|jobs)\//;
const PURE_PACKAGES = new Set([
  'zod',
  'canonicalize',
  'diff',
  'plist',
  'mustache',
  'yaml',
  'jsonc-parser',
  'node:path',
  'node:path/posix',
]);
const CLOCK =
  /\bDate\.now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\s(\w]))|(?<![\w.]\s*|new\s)\bDate\(\s*\)|\bperformance\s*\.\s*now\b|\bhrtime\b/g;
const MAIN = ['src/main.ts', 'src/cli/main.ts', 'src/runner/main.ts'];

interface Scope {
  in?: RegExp;
  except?: (path: string) => boolean;
}

/** What these files may not say. */
function never(pattern: RegExp, { in: scope = /^/, except = () => false }: Scope = {}) {
  return ({ sources }: Tree): string[] =>
    sources
      .filter(({ path }) => scope.test(path) && !except(path))
      .flatMap(({ path, code }) =>
        [...code.matchAll(pattern)].map((match) => `${path}:${lineAt(code, match.index)}: ${match[0].trim()}`),
      );
}

type Use = SourceFile['imports'][number];

function neverImport(forbidden: (use: Use) => boolean, { in: scope = /^/, except = () => false }: Scope = {}) {
  return ({ sources }: Tree): string[] =>
    sources
      .filter(({ path }) => scope.test(path) && !except(path))
      .flatMap(({ path, imports }) =>
        imports.filter(forbidden).map(({ specifier, line }) => `${path}:${line}: imports ${specifier}`),
      );
}

/** Of node:crypto, a digest is a function of its input; of node-cron, the parser. The rest is randomness, keys, timers. */
const PURE_NAMES: Record<string, string> = {
  'node:crypto': 'hash',
  'node:util': 'isDeepStrictEqual',
  'node-cron': 'validateDetailed',
};

const isPure = ({ specifier, names }: Use): boolean =>
  PURE_PACKAGES.has(specifier) || PURE_NAMES[specifier] === names.join();

const oneOf =
  (...paths: string[]) =>
  (path: string): boolean =>
    paths.includes(path);

/** Lines of any file, code or not. */
function neverWritten(pattern: RegExp, files: (path: string) => boolean = () => true) {
  return ({ paths, read }: Tree): string[] =>
    paths
      .filter((path) => !path.endsWith('/') && files(path))
      .flatMap((path) => {
        const text = read(path);
        if (text.includes('\0')) return [];
        return [...text.matchAll(pattern)].map((match) => `${path}:${lineAt(text, match.index)}: ${match[0]}`);
      });
}

export const rules: Rule[] = [
  {
    name: 'imports point down, or stay in their folder',
    violations: ({ sources }) => floorViolations(sources),
    offending: {
      'src/contract/a.ts': "import type { Step } from '../planning/step.ts';",
      'src/admission/a.ts': "export {\n  type Step,\n} from '../planning/step.ts';",
      'src/planning/a.ts': "export * from '../errors.ts';",
      'jobs/infra/a.ts': "import { admit } from '../../src/admission/admit.ts';",
      'src/services/a.ts': "const ledger = await import('../adapters/ledger/index.ts');",
      'src/steps/a.ts': "import '../adapters/files.ts';",
      'src/runner/a.ts': "import type { Clock } from '../services/ports.ts';",
      'src/adapters/a.ts': "import { spawnCommand } from '../runner/spawn.ts';",
      'src/client/a.ts': "import { OpsError } from '../errors.ts';",
      'src/services/b.ts': "import {\n  daemon,\n} from '../daemon.ts';",
      'src/config.ts': "import type { Clock } from './services/ports.ts';",
      'src/daemon.ts': 'const it = await import(name);',
      'src/plumbing/a.ts': "import { Task } from '../contract/task.ts';",
    },
  },
  {
    name: 'no import cycles',
    violations: ({ sources }) => cycles(sources),
    offending: {
      'src/services/a.ts': "import { b } from './b.ts';",
      'src/services/b.ts': "import { c } from './c.ts';",
      'src/services/c.ts': "export { a } from './a.ts';",
    },
    together: true,
  },
  {
    name: 'the runner imports node: and itself only',
    violations: neverImport(({ specifier }) => !/^(?:node:|\.)/.test(specifier), { in: /^src\/runner\// }),
    offending: { 'src/runner/a.ts': "import { execa } from 'execa';" },
  },
  {
    name: 'pure floors import pure packages only',
    violations: neverImport((use) => !use.target && !isPure(use), { in: PURE }),
    offending: {
      'src/planning/a.ts': "import { readFileSync } from 'node:fs';",
      'src/health/a.ts': "import { hash, randomBytes } from 'node:crypto';",
      'src/schedule/a.ts': "import cron from 'node-cron';",
      'src/schedule/b.ts': "import { schedule, validateDetailed } from 'node-cron';",
      'jobs/infra/a.ts': "import { execa } from 'execa';",
    },
  },
  {
    name: 'pure floors have no randomness, no process, no promises',
    violations: never(/\bMath\.random\b|\brandomUUID\b|\bcrypto\.|\bprocess\.|\basync\b|\bawait\b|\bPromise\b/g, {
      in: PURE,
    }),
    offending: {
      'src/admission/a.ts': 'export const a = Math.random();',
      'src/planning/a.ts': 'export const a = `${crypto.randomUUID()}`;',
      'src/schedule/a.ts': "export const a = process.platform === 'linux';",
      'src/health/a.ts': 'export async function a() {}',
      'jobs/infra/a.ts': 'export const a = (): Promise<void> => b();',
    },
  },
  {
    name: 'the clock is read in src/adapters/clock.ts only',
    // The runner can import nothing: where the system does not tell the start of a process, it notes its own time.
    violations: never(CLOCK, { except: oneOf('src/adapters/clock.ts', 'src/runner/record.ts') }),
    offending: {
      'src/contract/a.ts': 'const now = Date.now();',
      'src/services/a.ts': 'const now = new Date( );',
      'src/steps/a.ts': 'const now = new Date;',
      'src/adapters/a.ts': 'const now = clock ?? Date.now;',
      'src/cli/a.ts': 'const started = performance.now();',
      'src/daemon.ts': 'const started = process.hrtime.bigint();',
      'jobs/infra/a.ts': 'const text = Date();',
    },
  },
  {
    name: 'the environment is read in src/config.ts only',
    violations: never(/\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*\[|\}\s*=\s*process\b(?!\s*\.)/g, {
      except: oneOf('src/config.ts'),
    }),
    offending: {
      'src/log.ts': "const level = process.env['OPS_LOG_LEVEL'];",
      'src/cli/a.ts': 'const { env } = process;',
      'src/daemon.ts': "const env = process['env'];",
    },
  },
  {
    name: 'process is the global one, so that its uses can be found',
    violations: neverImport(({ specifier }) => /^(?:node:)?process$/.test(specifier)),
    offending: { 'src/adapters/a.ts': "import { env } from 'node:process';" },
  },
  {
    name: 'only the entries exit',
    violations: never(/\bprocess\.(?:exit|reallyExit|abort)\b/g, { except: oneOf(...MAIN) }),
    offending: { 'src/daemon.ts': 'if (broken) process.exit(1);' },
  },
  {
    name: 'only the runner and the embedded Redis spawn',
    violations: neverImport(({ specifier, typeOnly }) => /^(?:node:)?child_process$/.test(specifier) && !typeOnly, {
      except: (path) => /^src\/(?:adapters\/(?:runner-process|redis-server)\.ts|runner\/)/.test(path),
    }),
    offending: {
      'src/steps/a.ts': "import { type ChildProcess, spawn } from 'node:child_process';",
      'src/adapters/a.ts': "const { execSync } = await import('child_process');",
    },
  },
  {
    name: 'folders are words of the domain',
    violations: ({ paths }) =>
      paths.filter((path) => /(?:^|\/)(?:utils?|common|helpers?|types|classes|lib|misc)\/$/.test(path)),
    offending: { 'src/services/helpers/': '', 'test/utils/': '' },
  },
  {
    name: 'no file of src and jobs is longer than 250 lines',
    violations: ({ sources }) =>
      sources.flatMap(({ path, text }) => {
        const lines = text.trimEnd().split('\n').length;
        return lines > 250 ? [`${path}:251: ${lines} lines`] : [];
      }),
    offending: { 'src/services/a.ts': 'a();\n'.repeat(251) },
  },
  {
    name: 'no file names a package registry',
    violations: neverWritten(/\bregistry\.[\w-]+\.\w+|"resolved": "https?:[^"]*"/g),
    offending: {
      'package-lock.json': JSON.stringify({ resolved: 'https://packages.example/zod.tgz' }, null, 1),
      'docs/a.md': `npm install --registry ${['registry', 'npmjs', 'org'].join('.')}`,
    },
  },
  {
    name: 'no file names a folder of the machine it was written on',
    violations: neverWritten(/(?<![\w.~*-])\/(?:work|root)\//g),
    offending: {
      'docs/a.md': `cd ${['', 'work', 'main'].join('/')}`,
      'test/a.ts': `'${['', 'root', '.ssh'].join('/')}'`,
    },
  },
];

/** A tree of these files and nothing else. */
export function treeOf(files: Record<string, string>): Tree {
  const sources = Object.entries(files)
    .filter(([path]) => /^(?:src|jobs)\/.*\.ts$/.test(path))
    .map(([path, text]) => readSource(path, text));
  return { paths: Object.keys(files), sources, read: (path) => files[path] ?? '' };
}
