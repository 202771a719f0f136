/** What was done to the daemons, and what came of it. */
export class Figures {
  readonly counts = new Map<string, number>();
  readonly kills = new Map<string, number>();
  readonly violations: string[] = [];

  add(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  killed(where: string): void {
    this.kills.set(where, (this.kills.get(where) ?? 0) + 1);
  }

  line(): string {
    const kills = [...this.kills].toSorted(([, a], [, b]) => b - a);
    const total = kills.reduce((sum, [, count]) => sum + count, 0);
    const counts = [...this.counts].map(([what, count]) => `${count} ${what}`);
    const at = kills.map(([where, count]) => `${where} ${count}`).join(', ');
    return [...counts, `${total} deaths (${at})`, `${this.violations.length} violations`].join(', ');
  }
}
