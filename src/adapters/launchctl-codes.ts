/** What launchd's answer means, and what a person can do about it. */
export interface Refusal {
  meaning: string;
  remedy: string;
}

/** launchctl(1): `launchctl error <code>` prints a shorter text. Seen on macOS 13 to 27. */
const REFUSALS: Readonly<Record<number, Refusal>> = {
  3: { meaning: 'there is no such process or service', remedy: 'look at it with: launchctl print system/<label>' },
  5: {
    meaning: 'launchd says no more than "I/O error": an older one is still ending, or the plist cannot be used',
    remedy: 'wait a minute and run this again; check the plist with: plutil -lint <plist>',
  },
  17: { meaning: 'there is already one of that name', remedy: 'run this again' },
  36: { meaning: 'it is still under way', remedy: 'wait a minute and run this again' },
  107: { meaning: 'the service is malformed', remedy: 'check the plist with: plutil -lint <plist>' },
  108: { meaning: 'the path is invalid', remedy: 'the plist must be a real file, no link: ls -l <plist>' },
  109: { meaning: 'the plist is invalid', remedy: 'check it with: plutil -lint <plist>' },
  110: { meaning: 'the plist has no Label', remedy: 'give it one: <plist>' },
  111: { meaning: 'the plist has no program', remedy: 'give it one: <plist>' },
  112: { meaning: 'there is no such domain', remedy: 'run this with sudo' },
  113: {
    meaning: 'launchd does not know the service',
    remedy: 'put it in with: sudo launchctl bootstrap system <plist>',
  },
  119: { meaning: 'the service is disabled', remedy: 'enable it with: sudo launchctl enable system/<label>' },
  122: {
    meaning: 'the plist has the wrong owner or mode',
    remedy: 'mend it with: sudo chown root:wheel <plist>; sudo chmod 644 <plist>',
  },
  124: { meaning: 'the domain is being shut down', remedy: 'run this again when the Mac is up again' },
  125: { meaning: 'the domain does not support this', remedy: 'run this with sudo, in the system domain' },
  126: { meaning: 'this macOS no longer knows the request', remedy: 'update savorg-ops' },
  133: {
    meaning: 'several things went wrong',
    remedy: 'look at: log show --last 5m --predicate \'process == "launchd"\'',
  },
  134: { meaning: 'the service cannot run in this session', remedy: 'run this with sudo, in the system domain' },
  144: { meaning: 'an entitlement is missing', remedy: 'run this with sudo' },
  146: { meaning: 'launchd starts nothing by itself now', remedy: 'run this again when the Mac has booted' },
  150: { meaning: 'System Integrity Protection forbids it', remedy: 'name a service of our own' },
  152: { meaning: 'not in this boot environment', remedy: 'start the Mac normally' },
  155: {
    meaning: 'a program of it is quarantined',
    remedy: 'take the mark away with: sudo xattr -dr com.apple.quarantine <root>',
  },
  159: { meaning: 'a sandbox forbids it', remedy: 'run this from a terminal of the host itself' },
  161: {
    meaning: 'Background Task Management blocks it',
    remedy: 'allow it in System Settings > General > Login Items, and look with: sudo sfltool dumpbtm',
  },
};

/** Of a code that is not in the table nothing is guessed. */
export function refusalOf(code: number): Refusal {
  return REFUSALS[code] ?? { meaning: 'unknown', remedy: `see: launchctl error ${code}; man launchctl` };
}

/** launchd could not start the program at all. */
export const EX_CONFIG = 78;
