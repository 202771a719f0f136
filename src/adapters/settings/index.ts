import type { SettingStores } from '../../services/host.ts';
import { aptStore } from './apt.ts';
import { brewStore } from './brew.ts';
import { defaultsStore } from './defaults.ts';

/** Every tool of the host whose values a step may set, but for the container engine. `env`: what the tools get. */
export function settingStores(env: Readonly<Record<string, string>>): Omit<SettingStores, 'image'> {
  return { apt: aptStore(env), brew: brewStore(env), default: defaultsStore(env) };
}
