import { z } from 'zod';
import { binaryNeed } from '../contract/need.ts';
import { plist } from './content/plist.ts';
import { AbsolutePath, PlainVariables } from './input.ts';
import { logNeeds, variableNeeds } from './reach.ts';

const word = z.string().min(1).max(1024);
const count = z.int().min(0);
const flag = z.boolean();
const flags = z.record(word, flag);
const limits = z.record(word, z.int());
const paths = z.array(AbsolutePath).min(1).max(100);

const Time = z.strictObject({ Minute: count, Hour: count, Day: count, Weekday: count, Month: count }).partial();

const Conditions = z
  .strictObject({ SuccessfulExit: flag, Crashed: flag, NetworkState: flag, PathState: flags, OtherJobEnabled: flags })
  .partial();

/** Other keys run other programs, open sockets, or have a path mean another one. */
const Keys = z
  .strictObject({
    Label: word,
    Program: AbsolutePath,
    ProgramArguments: z.tuple([AbsolutePath], z.string().max(8192)),
    EnvironmentVariables: PlainVariables,
    UserName: word,
    GroupName: word,
    InitGroups: flag,
    WorkingDirectory: AbsolutePath,
    Umask: z.union([count, word]),
    RunAtLoad: flag,
    KeepAlive: z.union([flag, Conditions]),
    StartInterval: count,
    StartCalendarInterval: z.union([Time, z.array(Time).min(1).max(100)]),
    StartOnMount: flag,
    WatchPaths: paths,
    QueueDirectories: paths,
    ThrottleInterval: count,
    ExitTimeOut: count,
    AbandonProcessGroup: flag,
    ProcessType: z.enum(['Background', 'Standard', 'Adaptive', 'Interactive']),
    Nice: z.int(),
    LowPriorityIO: flag,
    LowPriorityBackgroundIO: flag,
    SoftResourceLimits: limits,
    HardResourceLimits: limits,
    SessionCreate: flag,
    StandardInPath: AbsolutePath,
    StandardOutPath: AbsolutePath,
    StandardErrorPath: AbsolutePath,
  })
  .partial()
  .required({ Label: true });

export interface LaunchdJob {
  label: string;
  /** It runs as soon as launchd has it. */
  runsAtLoad: boolean;
  /** What of the host it touches: the programs that it runs, and the files that launchd writes for it. */
  needs: string[];
}

/** What a property list has launchd do. @throws Error in words for people where that is not wholly understood. */
export function launchdJob(xml: string): LaunchdJob {
  if (!xml.startsWith('<?xml')) throw new Error('expected a property list as XML, with a dict');
  const keys = keysIn(xml);
  const { Label, Program, ProgramArguments = [], EnvironmentVariables = {}, RunAtLoad, KeepAlive = false } = keys;
  const programs = [Program, ProgramArguments[0]].filter((program) => program !== undefined);
  if (programs.length === 0) throw new Error('it has no Program and no ProgramArguments');
  return {
    label: Label,
    runsAtLoad: RunAtLoad === true || KeepAlive !== false,
    needs: [
      ...programs.map((program) => binaryNeed([program])),
      ...variableNeeds(EnvironmentVariables),
      ...logNeeds([keys.StandardOutPath, keys.StandardErrorPath]),
    ],
  };
}

function keysIn(xml: string): z.infer<typeof Keys> {
  const keys = Keys.safeParse(plist.read(xml).says);
  if (keys.success) return keys.data;
  const [issue] = keys.error.issues;
  throw new Error(
    `${issue?.path.join('.') || 'its keys'}: ${issue?.message} (docs/services.md names what may stand there)`,
  );
}
