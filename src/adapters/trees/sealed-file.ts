import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Of a sealed release nobody may write anything. */
export const sealedMode = (executable: boolean): number => (executable ? 0o555 : 0o444);

/** What is in a small sealed file of this size and right; null where none is there. */
export function readSealed(path: string, { size, executable }: { size: number; executable: boolean }): Buffer | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(file);
    const fits = stat.isFile() && stat.size === size && (stat.mode & 0o7777) === sealedMode(executable);
    return fits ? readFileSync(file) : null;
  } finally {
    closeSync(file);
  }
}
