/** What of the host an action touches, as policy names it: `<kind>:<name>`. */
export type NeedKind =
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
export const NETWORK = 'network:any';

/** Kind and name of a need. */
export function partsOf(need: string): { kind: NeedKind; name: string } {
  const [kind = ''] = need.split(':', 1);
  return { kind: kind as NeedKind, name: need.slice(kind.length + 1) };
}
