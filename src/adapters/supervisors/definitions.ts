/** Where a host keeps the definitions of its services. */
export const DEFINITIONS = { launchd: '/Library/LaunchDaemons', systemd: '/etc/systemd/system' } as const;
