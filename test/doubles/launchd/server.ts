/** `node server.ts <LaunchDaemons> <accounts.json> <socket>`: the double's launchd. It ends, with all it runs, when its stdin does. */
import { chmodSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Accounts, accountOf, userOf } from '../dscl/accounts.ts';
import { Root } from '../sudo/root.ts';
import { Launchd } from './launchd.ts';
import { type Answer, answerTo } from './verbs.ts';

/** One answer to give instead of the next one to this verb; `null` is none, ever. */
interface Fault {
  verb: string;
  answer: Answer | null;
}

export type Request =
  | { launchctl: string[]; uid: number }
  | { sudo: string[]; uid: number }
  | { fault: Fault }
  | { reboot: 'in order' | 'power cut' }
  | { forbidden: true };

/** They always say 0, whatever happens: nothing of ours may use them. */
const FORBIDDEN = new Set(['load', 'unload']);

const [directory = '', accountsFile = '', socketPath = '', sudoers = '', bin = ''] = process.argv.slice(2);
const accounts = (): Accounts => JSON.parse(readFileSync(accountsFile, 'utf8'));
const launchd = new Launchd(directory, (user) => accountOf(accounts(), user));
const root = new Root(sudoers, bin);
const faults: Fault[] = [];
const forbidden: string[] = [];

async function handle(request: Request): Promise<unknown> {
  if ('fault' in request) return faults.push(request.fault);
  if ('reboot' in request) {
    if (request.reboot === 'power cut') root.cutPower();
    return launchd.reboot(request.reboot).then(() => true);
  }
  if ('sudo' in request) return root.run(userOf(accounts(), request.uid), request.sudo);
  if ('forbidden' in request) return forbidden;
  const { launchctl, uid } = request;
  if (FORBIDDEN.has(launchctl[0] ?? '')) {
    forbidden.push(launchctl.join(' '));
    return { exitCode: 0, stdout: '', stderr: '' };
  }
  const at = faults.findIndex(({ verb }) => verb === launchctl[0]);
  return at >= 0 ? faults.splice(at, 1)[0]?.answer : answerTo(launchd, uid, launchctl);
}

async function serve(socket: Socket): Promise<void> {
  const answer = await handle(JSON.parse(await text(socket)) as Request);
  if (answer !== null) socket.end(JSON.stringify(answer));
}

const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => undefined);
  void serve(socket);
});
server.listen(socketPath, () => {
  chmodSync(socketPath, 0o666);
  process.stdout.write('ready\n');
});
process.stdin.resume().once('end', () => {
  launchd.cutPower();
  root.cutPower();
  process.exit(0);
});
