import type { LogFields } from './log.ts';
import { visible } from './visible.ts';

/** A line of the log, read again. */
export interface LogEntry extends Required<LogFields> {
  level: number;
  time: string;
  event: string;
}

const LEVELS: Record<number, string> = { 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };

/** Null for what is no line of ours, e.g. the half of one that a full disk left. */
export function readEntry(line: string): LogEntry | null {
  try {
    const entry = JSON.parse(line);
    return typeof entry?.event === 'string' && typeof entry.time === 'string' ? entry : null;
  } catch {
    return null;
  }
}

/** A line of the log for people: one line, and what it quotes of more than one line is indented. */
export function readable(line: string): string {
  const entry = readEntry(line);
  return visible(entry ? sentence(entry) : line.trimEnd()).replaceAll('\n', '\n    ');
}

function sentence({ time, level, event, task_id, action, outcome, reason, duration_ms, detail }: LogEntry): string {
  const result = outcome != null && event.endsWith(outcome) ? null : outcome;
  const took = duration_ms == null ? null : `${duration_ms} ms`;
  const words = [task_id, event, action, ...pairs(detail, task_id != null), result, took];
  const said = words.filter((word) => word != null).join('  ');
  return `${time}  ${(LEVELS[level] ?? '').padEnd(5)}  ${said}${reason ? `: ${reason}` : ''}`;
}

/** Of a task only what was acted on: digests and keys are for programs. */
function pairs(detail: object | null, ofTask: boolean): string[] {
  return Object.entries(detail ?? {})
    .filter(([name]) => !ofTask || name === 'target')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
}
