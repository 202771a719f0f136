import type { PackageOffer, SettingFact } from '../../src/planning/facts.ts';
import type { PackageStore, SettingStore } from '../../src/services/host.ts';

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

/** A package manager in memory. */
class MemoryPackages extends MemoryStore implements PackageStore {
  readonly offers = new Map<string, PackageOffer>();

  async offer(name: string): Promise<PackageOffer> {
    return this.offers.get(name) ?? { versions: [], candidate: null };
  }
}

export const memoryStores = () => ({
  apt: new MemoryPackages(),
  brew: new MemoryPackages(),
  default: new MemoryStore(),
  image: new MemoryStore(),
});
