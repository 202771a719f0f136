import type { SettingStores } from '../../services/ports.ts';
import { defaultsStore } from './defaults.ts';

/** Every tool of the host whose values a step may set. `env`: what the tools get. */
export function settingStores(env: Readonly<Record<string, string>>): SettingStores {
  return { default: defaultsStore(env) };
}
