/** What of the host an action touches, as policy names it: `<kind>:<name>`. */
export type NeedKind =
  | 'app'
  | 'path'
  | 'binary'
  | 'service'
  | 'container'
  | 'image'
  | 'package'
  | 'setting'
  | 'secret'
  | 'network';

export const pathNeed = (path: string): string => `path:${path}`;
export const binaryNeed = (argv: readonly string[]): string => `binary:${argv[0] ?? ''}`;
/** Any program: only a rule that covers all of them covers it. */
export const ANY_BINARY = 'binary:/';
export const NETWORK = 'network:any';

/** Whether an absolute path is written in the one way by which it can be compared: without `//`, `.`, `..` or a slash at its end. */
export const isInOneForm = (path: string): boolean =>
  !path
    .split('/')
    .slice(1)
    .some((part) => ['', '.', '..'].includes(part));

/** Kind and name of a need. */
export function partsOf(need: string): { kind: NeedKind; name: string } {
  const [kind = ''] = need.split(':', 1);
  return { kind: kind as NeedKind, name: need.slice(kind.length + 1) };
}
