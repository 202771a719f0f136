import { constants } from 'node:os';
import type { Job } from './job.ts';
import type { Launchd } from './launchd.ts';

export interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** As `launchctl error` names them. */
const TEXTS: Readonly<Record<number, string>> = {
  3: 'No such process',
  5: 'Input/output error',
  36: 'Operation now in progress',
  37: 'Operation already in progress',
  109: 'Invalid property list',
  110: 'No service label',
  111: 'No program specified',
  113: 'Could not find specified service',
  119: 'Service is disabled',
  122: 'Path had bad ownership/permissions',
  125: 'Domain does not support specified action',
};
const USAGE = 64;

const done = (stdout = ''): Answer => ({ exitCode: 0, stdout, stderr: '' });
const failed = (exitCode: number, stderr: string): Answer => ({ exitCode, stdout: '', stderr: `${stderr}\n` });
const textOf = (code: number): string => `${code}: ${TEXTS[code] ?? 'unknown error'}`;
const notFound = (label: string): string => `Could not find service "${label}" in domain for system`;

function bootstrapAnswer(code: number): Answer {
  const hint = code === 5 ? '\nTry re-running the command as root for richer errors.' : '';
  return code === 0 ? done() : failed(code, `Bootstrap failed: ${textOf(code)}${hint}`);
}

/** `system/<label>`; another domain is not there over SSH. */
function inSystem(specifier = '', act: (label: string) => Answer): Answer {
  const label = /^system\/(.+)$/.exec(specifier)?.[1];
  return label === undefined ? failed(125, textOf(125)) : act(label);
}

function withJob({ jobs }: Launchd, specifier: string | undefined, act: (job: Job) => Answer): Answer {
  return inSystem(specifier, (label) => {
    const job = jobs.get(label);
    return job ? act(job) : failed(113, notFound(label));
  });
}

function legacy({ jobs }: Launchd, label = '', act: (job: Job) => void): Answer {
  const job = jobs.get(label);
  if (!job) return failed(3, '');
  act(job);
  return done();
}

function print(job: Job): Answer {
  const { definition, lastExit, state, pid, runs, path } = job;
  const [program = '', ...rest] = definition.ProgramArguments;
  const environment = { ...definition.EnvironmentVariables, XPC_SERVICE_NAME: definition.Label };
  const lines = [
    `active count = ${pid ? 1 : 0}`,
    `path = ${path}`,
    'type = LaunchDaemon',
    `state = ${state}`,
    '',
    `program = ${program}`,
    ...block('arguments', [program, ...rest]),
    `working directory = ${definition.WorkingDirectory}`,
    `stdout path = ${definition.StandardOutPath}`,
    `stderr path = ${definition.StandardErrorPath}`,
    ...block('default environment', ['PATH => /usr/bin:/bin:/usr/sbin:/sbin']),
    ...block(
      'environment',
      Object.entries(environment).map(([key, value]) => `${key} => ${value}`),
    ),
    'domain = system',
    `username = ${definition.UserName ?? 'root'}`,
    `minimum runtime = ${definition.ThrottleInterval}`,
    `exit timeout = ${definition.ExitTimeOut}`,
    `runs = ${runs}`,
    ...(pid ? [`pid = ${pid}`, 'immediate reason = speculative'] : []),
    ...lastExitLines(lastExit),
    ...block('resource coalition', ['type = resource', 'state = active', 'active count = 1']),
    `spawn type = ${definition.ProcessType === 'Interactive' ? 'interactive (4)' : 'daemon (3)'}`,
    `job state = ${pid ? 'running' : 'exited'}`,
    'properties = keepalive | runatload | inferred program',
  ];
  const body = lines.map((line) => (line ? `\t${line}\n` : '\n')).join('');
  return done(`system/${definition.Label} = {\n${body}}\n`);
}

const block = (name: string, lines: readonly string[]): string[] => [
  `${name} = {`,
  ...lines.map((line) => `\t${line}`),
  '}',
  '',
];

const SIGNALS = { SIGKILL: 'Killed: 9', SIGTERM: 'Terminated: 15', SIGSEGV: 'Segmentation fault: 11' };

function lastExitLines(lastExit: Job['lastExit']): string[] {
  if (lastExit === null) return ['last exit code = (never exited)'];
  if ('code' in lastExit) return [`last exit code = ${lastExit.code}${lastExit.code === 78 ? ': EX_CONFIG' : ''}`];
  const { signal } = lastExit;
  return [`last terminating signal = ${signal in SIGNALS ? SIGNALS[signal as keyof typeof SIGNALS] : signal}`];
}

/** A signal is negative. */
function statusOf({ lastExit }: Job): number {
  if (lastExit === null) return 0;
  return 'code' in lastExit ? lastExit.code : -constants.signals[lastExit.signal];
}

function list({ jobs }: Launchd): Answer {
  const rows = [...jobs].map(([label, job]) => `${job.pid ?? '-'}\t${statusOf(job)}\t${label}\n`);
  return done(`PID\tStatus\tLabel\n${rows.join('')}`);
}

function listOne(job: Job): Answer {
  const lines = [
    `"Label" = "${job.definition.Label}";`,
    '"OnDemand" = false;',
    // As wait(2) has it.
    `"LastExitStatus" = ${statusOf(job) < 0 ? -statusOf(job) : statusOf(job) * 256};`,
    ...(job.pid ? [`"PID" = ${job.pid};`] : []),
    `"Program" = "${job.definition.ProgramArguments[0]}";`,
  ];
  return done(`{\n${lines.map((line) => `\t${line}\n`).join('')}};\n`);
}

function printDisabled({ disabled, jobs }: Launchd): Answer {
  const labels = new Set([...jobs.keys(), ...disabled]);
  const rows = [...labels].map((label) => `\t\t"${label}" => ${disabled.has(label) ? 'disabled' : 'enabled'}\n`);
  return done(`\n\tdisabled services = {\n${rows.join('')}\t}\n`);
}

function kickstart(launchd: Launchd, args: readonly string[]): Answer {
  return withJob(launchd, args.at(-1), (job) => {
    if (args.includes('-k')) void job.restart();
    else job.start();
    return done(args.includes('-p') && job.pid ? `service spawned with pid: ${job.pid}\n` : '');
  });
}

type Verb = (launchd: Launchd, args: readonly string[]) => Answer;

/** What anybody may ask. */
const READING: Readonly<Record<string, Verb>> = {
  print: (launchd, [specifier]) => {
    const answer = withJob(launchd, specifier, print);
    return answer.exitCode === 113 ? { ...answer, stderr: `Bad request.\n${answer.stderr}` } : answer;
  },
  'print-disabled': (launchd) => printDisabled(launchd),
  list: (launchd, [label]) => (label === undefined ? list(launchd) : withJob(launchd, `system/${label}`, listOne)),
  error: (_, [code]) => done(`${textOf(Number(code))}\n`),
  blame: (launchd, [specifier]) => withJob(launchd, specifier, () => done('speculative\n')),
};

/** What only root may do in the system domain. */
const CHANGING: Readonly<Record<string, Verb>> = {
  bootstrap: (launchd, [domain, path = '']) => bootstrapAnswer(domain === 'system' ? launchd.bootstrap(path) : 125),
  bootout: (launchd, [specifier]) =>
    inSystem(specifier, (label) => {
      const code = launchd.bootout(label);
      return code === 0 ? done() : failed(code, `Boot-out failed: ${textOf(code)}`);
    }),
  kickstart,
  kill: (launchd, [signal, specifier]) =>
    withJob(launchd, specifier, (job) =>
      job.signal(signal as NodeJS.Signals) ? done() : failed(3, 'No process to signal.'),
    ),
  enable: ({ disabled }, [specifier]) =>
    inSystem(specifier, (label) => {
      disabled.delete(label);
      return done();
    }),
  disable: ({ disabled }, [specifier]) =>
    inSystem(specifier, (label) => {
      disabled.add(label);
      return done();
    }),
  start: (launchd, [label]) => legacy(launchd, label, (job) => job.start()),
  stop: (launchd, [label]) => legacy(launchd, label, (job) => job.stop()),
};

/** Does what `launchctl <args>` does, and says what it says. */
export function answerTo(launchd: Launchd, uid: number, [verb = '', ...args]: readonly string[]): Answer {
  const reading = READING[verb];
  if (reading) return reading(launchd, args);
  const changing = CHANGING[verb];
  if (!changing) return failed(USAGE, `Unrecognized subcommand: ${verb}`);
  if (uid === 0) return changing(launchd, args);
  return verb === 'bootstrap' ? bootstrapAnswer(5) : failed(1, 'Operation not permitted');
}
