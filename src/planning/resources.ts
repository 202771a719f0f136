/** The whole machine: what a command takes that says nothing else. */
export const WHOLE_HOST = 'host';

/** Whether two tasks that need these resources must wait for each other. A path covers its children. */
export function collide(a: string, b: string): boolean {
  return a === WHOLE_HOST || b === WHOLE_HOST || sameName(a, b);
}

/** What one action of a task names, and whether its plan is made of what it finds there. */
export interface Naming {
  names: readonly string[];
  asks: boolean;
}

/**
 * The resource that two actions of one task both name, if any. All facts are read before the first step, so the second
 * action's plan would be made of what the first one changes. Two that ask for nothing, as commands, may follow each
 * other; the whole host is no name.
 */
export function overlap(actions: readonly Naming[]): string | undefined {
  const seen: { name: string; asks: boolean }[] = [];
  for (const { names, asks } of actions) {
    const named = names.filter((name) => name !== WHOLE_HOST);
    const twice = named.find((name) => seen.some((other) => (asks || other.asks) && sameName(name, other.name)));
    if (twice) return twice;
    seen.push(...named.map((name) => ({ name, asks })));
  }
  return undefined;
}

function sameName(a: string, b: string): boolean {
  return a === b || isPathAbove(a, b) || isPathAbove(b, a);
}

function isPathAbove(parent: string, child: string): boolean {
  return parent.startsWith('path:') && child.startsWith(`${parent}/`);
}
