import type { SettingFact } from '../../src/planning/facts.ts';
import type { SettingStore, SettingStores } from '../../src/services/ports.ts';

/** A store in memory. */
export class MemoryStore implements SettingStore {
  readonly values = new Map<string, string>();
  /** Each `set`, in order. */
  readonly calls: [name: string, value: string | null][] = [];

  async look(name: string): Promise<SettingFact> {
    return { value: this.values.get(name) ?? null };
  }

  async set(name: string, value: string | null): Promise<void> {
    this.calls.push([name, value]);
    if (value === null) this.values.delete(name);
    else this.values.set(name, value);
  }
}

export const memoryStores = (): SettingStores => ({ default: new MemoryStore() });
