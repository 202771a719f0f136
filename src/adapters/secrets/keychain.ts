import type { SecretSource } from '../../services/secrets.ts';
import { ask } from './tool.ts';

/** A person's keychain is locked while nobody is logged in; this one never is. */
const KEYCHAIN = '/Library/Keychains/System.keychain';
const SECURITY = '/usr/bin/security';

/** Generic passwords of macOS's System keychain, as `<service>/<account>`. */
export const keychainSource =
  (security = SECURITY): SecretSource =>
  (name, signal) => {
    const [service = '', account = ''] = name.split('/');
    const argv = [security, 'find-generic-password', '-w', '-s', service, '-a', account, KEYCHAIN];
    return ask(argv, { signal, remedy: (exitCode) => FAULTS[exitCode ?? 0]?.(name) });
  };

/** By exit code: the lowest byte of what the Security framework answers. */
const FAULTS: Record<number, (name: string) => string> = {
  // -25308
  36: (name) => `may not show ${name} without asking somebody: store it again with -T ${SECURITY} (docs/secrets.md)`,
  // -25300
  44: (name) => `knows no ${name} in ${KEYCHAIN}: store it there (docs/secrets.md says how)`,
  // -25294
  50: () => `finds no ${KEYCHAIN}`,
  // -25293
  51: (name) => `is not allowed to read ${name}: store it again with -T ${SECURITY} (docs/secrets.md)`,
};
