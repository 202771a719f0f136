import { HERE } from '../../planning/container.ts';
import type { SettingStore } from '../../services/host.ts';
import type { ContainerEngine } from './engine.ts';

/** Which pinned images are here, as settings. What a container stands on, one that is kept too, does not go. */
export function imageStore(engine: ContainerEngine): SettingStore {
  return {
    look: async (name) => ({ value: (await engine.hasImage(name)) ? HERE : null }),
    isAtWork: (name) => engine.isAtWork([name]),
    set: (name, value) => (value === null ? engine.removeImage(name) : engine.pull(name)),
  };
}
