/** A daemon that says that it takes no tasks. */
export const SAFE_MODE = (version: string): string => `
import { writeFileSync } from 'node:fs';
const state = { pid: process.pid, version: '${version}', state: 'safe-mode', reason: 'a test', dashboard: null };
writeFileSync(process.argv[3] + '/var/run/daemon.json', JSON.stringify(state));
setInterval(() => {}, 1000);
`;
