import { stringify } from 'yaml';
import { visible } from '../visible.ts';

/** What comes from a task or its output must not move the cursor of who approves it. */
export function print(text: string): void {
  process.stdout.write(`${visible(text)}\n`);
}

/** For progress: not part of what a script reads. */
export function tell(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

/** JSON for programs, YAML for people. */
export function printData(data: unknown, options: { json?: boolean | undefined }): void {
  print(options.json ? JSON.stringify(data, null, 2) : stringify(data, { lineWidth: 0 }).trimEnd());
}

/** Rows in columns under a heading. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [heading, ...rows]) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
