/** What launchd knows of a service. `unknown`: it said something that we do not understand; never take it for fine. */
export type ServiceState =
  | { state: 'absent' }
  | { state: 'unknown'; why: string }
  | { state: KnownState; pid: number | null; runs: number | null; lastExit: LastExit };

/** `not running` after `(never exited)` was never started; a signal has no code. */
type LastExit = { code: number } | { signal: string } | 'never' | 'unknown';

const KNOWN_STATES = [
  'running',
  'not running',
  'spawn scheduled',
  'spawning',
  'xpcproxy',
  'SIGTERMed',
  'SIGKILLed',
  'exited',
] as const;
type KnownState = (typeof KNOWN_STATES)[number];
const WITHOUT_PROCESS: ReadonlySet<KnownState> = new Set(['not running', 'spawn scheduled', 'exited']);

/**
 * Reads `launchctl print system/<label>`, which its manual calls "not API in any sense at all".
 * Only lines with one tab are the service's own: `state = active` of a coalition has two. A program's arguments and
 * environment may have any line: they stand below `state`, and above the rest.
 */
export function parsePrint(label: string, text: string): ServiceState {
  if (!text.startsWith(`system/${label} = {\n`)) return { state: 'unknown', why: firstLine(text) };
  const first = (key: string) => valuesOf(text, key)[0];
  const last = (key: string) => valuesOf(text, key).at(-1);
  const state = KNOWN_STATES.find((known) => known === first('state'));
  if (!state) return { state: 'unknown', why: `state = ${first('state') ?? '(none)'}` };
  return {
    state,
    pid: WITHOUT_PROCESS.has(state) ? null : countOf(last('pid')),
    runs: countOf(last('runs')),
    lastExit: lastExitOf(last('last exit code'), last('last terminating signal')),
  };
}

const countOf = (text = ''): number | null => (/^\d+$/.test(text) ? Number(text) : null);

function lastExitOf(code: string | undefined, signal: string | undefined): LastExit {
  if (signal !== undefined) return { signal };
  if (code === '(never exited)') return 'never';
  const number = /^(\d+)(?:: \w+)?$/.exec(code ?? '')?.[1];
  return number === undefined ? 'unknown' : { code: Number(number) };
}

/**
 * Reads `launchctl print-disabled system`: `"label" => disabled`, before macOS 13 `=> true`. A service that is not
 * listed is enabled.
 */
export function parseDisabled(label: string, text: string): 'enabled' | 'disabled' | 'unknown' {
  if (!/^\s*disabled services = \{$/m.test(text)) return 'unknown';
  const marks = [...text.matchAll(/^\s*"([^"]*)" => (\w+)$/gm)].filter(([, name]) => name === label);
  const mark = marks.at(-1)?.[2] ?? 'enabled';
  if (mark === 'disabled' || mark === 'true') return 'disabled';
  return mark === 'enabled' || mark === 'false' ? 'enabled' : 'unknown';
}

function valuesOf(text: string, key: string): string[] {
  return [...text.matchAll(new RegExp(`^\\t${key} = (.*)$`, 'gm'))].map(([, value = '']) => value);
}

const firstLine = (text: string): string => text.trim().split('\n')[0] || 'it said nothing';
