/** The whole machine: what a command takes that says nothing else. */
export const WHOLE_HOST = 'host';

/** Whether two tasks that need these resources must wait for each other. A path covers its children. */
export function collide(a: string, b: string): boolean {
  return a === WHOLE_HOST || b === WHOLE_HOST || sameName(a, b);
}

/**
 * The resource that two actions of one task both name, if any. All facts are read before the first step, so the second
 * action's plan would be made of what the first one changes. The whole host is no name: commands have no facts.
 */
export function overlap(needs: readonly (readonly string[])[]): string | undefined {
  const seen: string[] = [];
  for (const names of needs) {
    const named = names.filter((name) => name !== WHOLE_HOST);
    const twice = named.find((name) => seen.some((other) => sameName(name, other)));
    if (twice) return twice;
    seen.push(...named);
  }
  return undefined;
}

function sameName(a: string, b: string): boolean {
  return a === b || isPathAbove(a, b) || isPathAbove(b, a);
}

function isPathAbove(parent: string, child: string): boolean {
  return parent.startsWith('path:') && child.startsWith(`${parent}/`);
}
