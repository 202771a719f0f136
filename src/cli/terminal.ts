import { stringify } from 'yaml';

export function print(text: string): void {
  process.stdout.write(`${visible(text)}\n`);
}

/** For progress: not part of what a script reads. */
export function tell(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

/** What comes from a task or its output must not move the cursor of who approves it. */
function visible(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]|\p{Bidi_Control}/gu,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
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
