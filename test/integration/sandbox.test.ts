import { hash } from 'node:crypto';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesOf, TestHome } from './test-home.ts';
import { until } from './until.ts';

/** Nothing of it is a task's to change but `own`. */
const root = mkdtempSync(join(tmpdir(), 'ops-sandboxed-'));
const at = (...names: string[]) => join(root, ...names);
const source = at('apps/shop/source');
const other = at('apps/blog/releases/1');
const own = at('apps/shop/cache');
let home: TestHome;
let tasks = 0;

beforeAll(async () => {
  for (const folder of [source, other, own]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(source, 'main.js'), 'void 0;\n');
  writeFileSync(join(other, 'main.js'), 'void 0;\n');
  home = await TestHome.make();
  appendFileSync(home.home.etc.ops, `protect: [${source}]\n`);
  await home.start();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

/** All that is below a path: kinds, modes, owners, contents and times of files. */
function picture(path: string): string[] {
  const stat = lstatSync(path);
  const about = [path, stat.mode, stat.uid, stat.gid].join(' ');
  if (stat.isDirectory()) return [about, ...readdirSync(path).flatMap((name) => picture(join(path, name)))];
  return [stat.isFile() ? `${about} ${stat.mtimeMs} ${hash('sha256', readFileSync(path))}` : about];
}

interface Allowed {
  resources?: string[];
  network?: true;
  cwd?: string;
}

/** Runs a script as a task's command; how it exited, and what it printed. */
async function run(script: string, allowed: Allowed = {}) {
  tasks += 1;
  const task = home.task(`t${tasks}`, [
    { action: 'infra.command', with: { argv: ['/bin/sh', '-c', script], ...allowed }, irreversible: true },
  ]);
  await home.submit(task);
  const report = await home.report(task.task_id);
  const log = join(home.home.var.output, `${task.task_id}.log`);
  const output = report.ops_output.blockers[0]?.code === 'not-started' ? '' : readOr(log);
  const [check] = report.ops_output.health_checks;
  return { id: task.task_id, report, endpoint: check?.endpoint, output };
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const OWN = { resources: [`path:${own}`] };
/** Everything but what is protected. */
const WIDE = { resources: ['host'] };

describe('a command that may write everywhere', () => {
  it.each([
    ['writes into it', `echo x >> ${source}/main.js`],
    ['makes a file in it', `touch ${source}/new`],
    ['removes from it', `rm -f ${source}/main.js`],
    ['changes a mode in it', `chmod 777 ${source}/main.js`],
    ['moves it away', `mv ${source} ${source}.old`],
    ['moves the folder that it lies in', `mv ${at('apps/shop')} ${at('apps/moved')}`],
    ['moves the folder above that', `mv ${at('apps')} ${at('moved')}`],
    ['links to a file of it', `ln ${source}/main.js ${own}/main.js`],
    ['goes by /proc', `echo x >> /proc/self/root${source}/main.js`],
    ['goes by the root of init', `echo x >> /proc/1/root${source}/main.js`],
    ['mounts it anew', `mount -o remount,rw,bind ${source}`],
    ['takes the mount away', `umount ${source}`],
    ['mounts something over it', `mount -t tmpfs none ${source}`],
    ['mounts it in a user namespace of its own', `unshare -Um mount -o remount,rw,bind ${source}`],
    ['takes the mount away in a user namespace of its own', `unshare -Um umount ${source}`],
    ['looks below the mount in a user namespace of its own', `unshare -Um mount --bind ${at('apps/shop')} /mnt`],
  ])('T17: cannot change protected source: %s', async (_, attack) => {
    const before = picture(source);
    const { report, endpoint } = await run(attack, WIDE);
    expect([report.evidence.outcome, endpoint]).toEqual(['failed', expect.stringMatching(/^exit code [1-9]/)]);
    expect(picture(source)).toEqual(before);
    const [tree] = report.evidence.protected ?? [];
    expect(tree).toEqual({ path: source, before: tree?.after, after: expect.stringMatching(/^sha256:/) });
  });

  it('T17: sees and changes no more as root of a user namespace of its own', async () => {
    const before = picture(source);
    const { output } = await run(
      `unshare -Ump -f sh -c 'umount ${home.home.var.dir}; mount -o remount,rw,bind /; echo x >> ${source}/main.js; ls ${home.home.var.dir}' 2>&1; true`,
      WIDE,
    );
    expect(output).toContain('Read-only file system');
    expect(output).not.toContain('ledger.db');
    expect(picture(source)).toEqual(before);
  });

  it('T17: reads no key, ledger, password or snapshot, and changes nothing of the home', async () => {
    const { etc, keys, var: own_ } = home.home;
    const before = [etc.dir, keys, own_.hostKey].flatMap(picture);
    const secrets = [
      own_.hostKey,
      own_.ledger,
      own_.redisUrl,
      own_.dashboardPassword,
      etc.operatorKey,
      join(keys, 'manager.jwk'),
    ];
    const script = `
      for f in ${secrets.join(' ')}; do head -c 1 "$f" >/dev/null 2>&1 && echo "read $f"; done
      for f in ${secrets.join(' ')} ${etc.ops} ${etc.policy} ${etc.keyring} ${own_.dir}/x ${own_.run}/x ${etc.dir}/x ${keys}/x; do
        (echo x >> "$f") 2>/dev/null && echo "wrote $f"
      done
      mv ${etc.dir} ${etc.dir}.x 2>/dev/null && echo moved etc
      mv ${home.root} ${home.root}.x 2>/dev/null && echo moved all
      echo end`;
    expect((await run(script, WIDE)).output).toBe('end\n');
    expect([etc.dir, keys, own_.hostKey].flatMap(picture)).toEqual(before);
  });

  it('T18: sees no process of the host, and ends none', async () => {
    const { output } = await run(
      `for pid in ${home.pid} 1; do kill -9 $pid 2>/dev/null; done; ls -d /proc/[0-9]* | wc -l; cat /proc/${home.pid}/environ`,
      WIDE,
    );
    expect(Number(output.split('\n')[0])).toBeLessThan(6);
    expect([home.isReady, output]).toEqual([true, expect.stringMatching(/No such file/)]);
  });

  it('has no right of root but those for files, no device of the host and no setting of the kernel', async () => {
    const { output } = await run(
      `grep CapEff /proc/self/status; mknod ${own}/disk b 8 0 2>&1; ls /dev; find /proc /sys -type f -writable 2>/dev/null | head -3`,
      WIDE,
    );
    const eff = /CapEff:\s+([0-9a-f]+)/.exec(output)?.[1] ?? 'none';
    expect(Number.parseInt(eff, 16) & ~0xfb).toBe(0);
    expect(output).toMatch(/mknod: .*not permitted/);
    expect(output).not.toMatch(/^(?:[sv]d[a-z]|nvme\S*|mem|kmsg)$/m);
    expect(output).not.toMatch(/^\/(?:proc|sys)\//m);
  });
});

describe('a command', () => {
  it('writes where its resources say, and into a TMPDIR that is gone afterwards', async () => {
    const { report, output } = await run(`touch ${own}/made "$TMPDIR/x" && echo "$TMPDIR"`, OWN);
    expect(report.evidence.outcome).toBe('completed');
    expect(readdirSync(own)).toContain('made');
    expect(() => lstatSync(output.trim())).toThrow('ENOENT');
  });

  it.each([
    ["another application's release", () => join(other, 'main.js')],
    ['protected source', () => join(source, 'main.js')],
    ['the folder above its own', () => at('apps/shop/x')],
    ['/tmp', () => join(tmpdir(), `x-${process.pid}`)],
    ['/etc', () => '/etc/x'],
  ])('cannot write to %s', async (_, path) => {
    const before = picture(root);
    const { report, output } = await run(`echo x >> ${path()}`, OWN);
    expect([report.evidence.outcome, output]).toEqual(['failed', expect.stringMatching(/Read-only file system/)]);
    expect(picture(root)).toEqual(before);
  });

  it('writes nowhere where no resource is a path', async () => {
    const { output } = await run(`echo x >> ${own}/x`, { resources: ['lock:a'] });
    expect(output).toContain('Read-only file system');
  });

  it.each([
    ['is not there', () => at('nowhere'), 'is not there'],
    ['is a link to elsewhere', () => at('link'), `leads to ${other}`],
  ])('is not started where the path that it names %s', async (_, path, why) => {
    const { execa } = await import('execa');
    await execa('ln', ['-sfn', other, at('link')]);
    const { report } = await run('true', { resources: [`path:${path()}`] });
    expect(report.ops_output.blockers[0]).toMatchObject({ code: 'not-started', message: expect.stringContaining(why) });
    rmSync(at('link'));
  });

  it('says which program is missing as it did without a sandbox', async () => {
    tasks += 1;
    await home.submit(
      home.task(`t${tasks}`, [{ action: 'infra.command', with: { argv: ['nope'] }, irreversible: true }]),
    );
    const { ops_output } = await home.report(`t${tasks}`);
    expect(ops_output.blockers[0]).toMatchObject({
      code: 'not-started',
      message: expect.stringMatching(/ENOENT: no program nope in PATH=/),
    });
  });

  it('leaves no process behind, wherever it put it', async () => {
    const { id } = await run('setsid -f sleep 1000; (trap "" TERM HUP; exec setsid sleep 1000) & sleep 0.2');
    expect(processesOf(id)).toEqual([]);
  });
});

describe('a build or test of protected source', () => {
  it('that fails is a blocker of Manager, with what it printed last', async () => {
    const { report } = await run('echo one; echo two >&2; exit 3', { ...OWN, cwd: source });
    expect(report.ops_output.blockers[0]).toMatchObject({ code: 'needs-code-change', owner: 'manager' });
    expect(report.ops_output.blockers[0]?.message).toMatch(
      /needs a code change: exit code 3.*\n(?:one\ntwo|two\none)$/s,
    );
  });

  it('is told to have changed where somebody else changes it meanwhile', async () => {
    const go = join(own, 'go');
    const task = home.task('meanwhile', [
      {
        action: 'infra.command',
        with: { argv: ['/bin/sh', '-c', `echo on; until test -e ${go}; do sleep 0.05; done`], ...OWN },
        irreversible: true,
      },
    ]);
    await home.submit(task);
    await until('a command', () => readOr(join(home.home.var.output, 'meanwhile.log')) === 'on\n');
    writeFileSync(join(source, 'main.js'), 'void 1;\n');
    writeFileSync(go, '');
    const { evidence, ops_output } = await home.report('meanwhile');
    expect(evidence).toMatchObject({ outcome: 'failed', reason: 'source-changed' });
    expect(ops_output.blockers[0]?.message).toContain(source);
  });

  it('cannot write there while it runs', async () => {
    const before = picture(source);
    const { output } = await run('echo x > main.js; touch built', { ...WIDE, cwd: source });
    expect(output.match(/Read-only file system/g)).toHaveLength(2);
    expect(picture(source)).toEqual(before);
  });
});

/** A server that counts who comes. */
async function listening(where: { port: number; host: string } | { path: string }): Promise<[Server, () => number]> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return [server, () => count];
}

const connect = (to: string) =>
  `${process.execPath} -e 'require("net").connect(${to}).on("connect", () => { console.log("on"); process.exit() }).on("error", (e) => { console.log(e.code); process.exit(7) })'`;

describe('a command and the network', () => {
  it('reaches nobody by TCP without `network: true`, and somebody with it', async () => {
    const [server, count] = await listening({ port: 0, host: '127.0.0.1' });
    const { port } = server.address() as { port: number };
    const without = await run(connect(`${port}, "127.0.0.1"`), OWN);
    expect([without.endpoint, without.output, count()]).toEqual(['exit code 7', 'ECONNREFUSED\n', 0]);
    const withIt = await run(connect(`${port}, "127.0.0.1"`), { ...OWN, network: true });
    expect([withIt.endpoint, withIt.output, count()]).toEqual(['exit code 0', 'on\n', 1]);
    server.close();
  });

  it.each([
    ['below /tmp', () => at('server.sock')],
    ['where it may write', () => join(own, 'server.sock')],
    ['below /run', () => `/run/ops-test-${process.pid}.sock`],
  ])('reaches no server of the host by a socket %s, as docker and pm2 have', async (_, path) => {
    const [server, count] = await listening({ path: path() });
    const without = await run(connect(`"${path()}"`), OWN);
    expect([without.endpoint, without.output, count()]).toEqual(['exit code 7', 'EPERM\n', 0]);
    const withIt = await run(connect(`"${path()}"`), { ...OWN, network: true });
    expect([withIt.endpoint, count()]).toEqual(['exit code 0', 1]);
    server.close();
  });

  it('may serve itself', async () => {
    const serves = `${process.execPath} -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => require("net").connect(s.address().port, "127.0.0.1", () => process.exit(0)))'`;
    expect((await run(serves, OWN)).endpoint).toBe('exit code 0');
  });
});
