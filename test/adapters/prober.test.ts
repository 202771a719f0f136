import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { files } from '../../src/adapters/files.ts';
import { proberWith } from '../../src/adapters/prober.ts';
import type { Probe } from '../../src/planning/probe.ts';
import type { CommandExit, CommandRequest } from '../../src/services/commands.ts';
import { temporaryFolder } from '../services/support.ts';

function setUp(exit: Partial<CommandExit> = {}) {
  const requests: CommandRequest[] = [];
  const prober = proberWith({
    baseEnv: { PATH: '/bin' },
    files,
    commands: {
      run: async (request) => {
        requests.push(request);
        return { ended: 'exit', exitCode: 0, signal: null, message: '', durationMs: 1, leftRunning: [], ...exit };
      },
    },
  });
  const look = (probe: Probe, signal = new AbortController().signal) => prober.look(probe, signal);
  return { look, requests };
}

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/up`;
}

const http = (url: string, more: { status?: number; timeout_ms?: number } = {}): Probe => ({
  type: 'http',
  service: 'web',
  url,
  ...more,
});

describe('http', () => {
  it('looks over a connection of its own: one that is kept leads to what a front led it to before', async () => {
    const sockets = new Set<unknown>();
    const url = await served(({ socket }, response) => {
      sockets.add(socket);
      response.end('up');
    });
    const { look } = setUp();
    for (const _ of [1, 2, 3]) expect(await look(http(url))).toMatchObject({ status: 'healthy' });
    expect(sockets.size).toBe(3);
  });

  it.each([
    [200, undefined, 'healthy'],
    [204, undefined, 'healthy'],
    [302, undefined, 'healthy'],
    [404, undefined, 'down'],
    [500, undefined, 'down'],
    [404, 404, 'healthy'],
    [200, 204, 'down'],
  ])('status %i, expected %s, is %s', async (status, expected, verdict) => {
    const url = await served((_, response) => response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end());
    const { look } = setUp();
    expect(await look(http(url, expected === undefined ? {} : { status: expected }))).toEqual({
      service: 'web',
      endpoint: url,
      status: verdict,
      detail: `status ${status}`,
    });
  });

  it('F57, T23: does not follow a redirect', async () => {
    const asked: (string | undefined)[] = [];
    const url = await served((request, response) => {
      asked.push(request.url);
      response.writeHead(301, { location: '/elsewhere' }).end();
    });
    await setUp().look(http(url));
    expect(asked).toEqual(['/up']);
  });

  it('F57: is down where nothing listens, and says why', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const { status, detail } = await setUp().look(http(`http://127.0.0.1:${port}/`));
    expect([status, detail]).toEqual(['down', expect.stringMatching(/ECONNREFUSED/)]);
  });

  it('F57: waits no longer than it was told for a server that does not answer', async () => {
    const url = await served(() => undefined);
    const before = performance.now();
    expect(await setUp().look(http(url, { timeout_ms: 100 }))).toMatchObject({ status: 'down' });
    expect(performance.now() - before).toBeLessThan(3000);
  });

  it('F57: does not wait for the end of an endless answer', async () => {
    const url = await served((_, response) => void response.writeHead(200).write('more to come'));
    expect(await setUp().look(http(url, { timeout_ms: 2000 }))).toMatchObject({ status: 'healthy' });
  });

  it('ends when its task ends', async () => {
    const controller = new AbortController();
    const url = await served(() => controller.abort());
    expect((await setUp().look(http(url, { timeout_ms: 60_000 }), controller.signal)).status).not.toBe('healthy');
  });
});

const tcp = (port: number, more: { host?: string; timeout_ms?: number } = {}): Probe => ({
  type: 'tcp',
  service: 'db',
  host: '127.0.0.1',
  port,
  ...more,
});

describe('tcp', () => {
  it('is healthy where somebody listens, else down', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await setUp().look(tcp(port))).toEqual({
      service: 'db',
      endpoint: `tcp://127.0.0.1:${port}`,
      status: 'healthy',
      detail: 'accepts connections',
    });
    server.close();
    await once(server, 'close');
    expect(await setUp().look(tcp(port))).toMatchObject({
      status: 'down',
      detail: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it('is bounded where nothing answers at all', async () => {
    const before = performance.now();
    const probe = tcp(9, { timeout_ms: 100, host: '192.0.2.1' });
    expect((await setUp().look(probe)).status).not.toBe('healthy');
    expect(performance.now() - before).toBeLessThan(3000);
  });
});

describe('command', () => {
  const command: Probe = { type: 'command', service: 'db', argv: ['pg_isready', '-q'], timeout_ms: 700 };

  it('is run without a shell, bounded, with the base environment', async () => {
    const { look, requests } = setUp();
    expect(await look(command)).toMatchObject({ status: 'healthy', endpoint: 'command pg_isready -q' });
    expect(requests).toMatchObject([
      {
        argv: ['pg_isready', '-q'],
        cwd: '/',
        stdin: '',
        timeoutMs: 700,
        env: { PATH: '/bin', HISTFILE: '/dev/null' },
        outputLimitBytes: 64 * 1024,
      },
    ]);
  });

  it.each([
    [{ exitCode: 2 }, 'down', 'exit code 2'],
    [{ exitCode: null, ended: 'timeout' }, 'down', 'timeout'],
    [{ exitCode: null, ended: 'not-started', message: 'ENOENT: no program' }, 'down', 'ENOENT: no program'],
    [{ exitCode: null, ended: 'lost' }, 'degraded', 'nobody knows how it ended'],
  ] as const)('that ends with %o is %s', async (exit, status, detail) => {
    expect(await setUp(exit).look(command)).toMatchObject({ status, detail });
  });

  it('F39: says what it left running', async () => {
    expect((await setUp({ leftRunning: ['7 sleep'] }).look(command)).leftRunning).toEqual(['7 sleep']);
  });

  it.each(['timeout', 'aborted', 'output-limit'] as const)(
    'that was ended by %s is not healthy, whatever its exit code',
    async (ended) => {
      expect((await setUp({ exitCode: 0, ended }).look(command)).status).not.toBe('healthy');
    },
  );
});

const at = (path: string, sha256?: string): Probe => ({
  type: 'file',
  service: path,
  path,
  ...(sha256 && { sha256 }),
});

describe('file', () => {
  it('is healthy where it exists, or has the content that is expected', async () => {
    const path = join(temporaryFolder(), 'a');
    const { look } = setUp();
    expect(await look(at(path))).toMatchObject({ status: 'down', detail: 'does not exist' });
    await writeFile(path, 'content');
    expect(await look(at(path))).toMatchObject({ status: 'healthy', endpoint: `file ${path}` });
    expect(await look(at(path, hash('sha256', 'content')))).toMatchObject({ status: 'healthy' });
    expect(await look(at(path, hash('sha256', 'other')))).toMatchObject({
      status: 'down',
      detail: 'has other content',
    });
  });

  it('is not healthy where it is no file', async () => {
    const path = join(temporaryFolder(), 'a');
    await mkdir(path);
    expect((await setUp().look(at(path))).status).not.toBe('healthy');
  });
});

const looked = (name: string) => setUp().look({ type: 'process', service: 'it', name });

/** Runs a program that is called `name` and waits. */
async function running(name: string): Promise<number> {
  const path = join(temporaryFolder(), name);
  await copyFile('/bin/sleep', path);
  const child = spawn(path, ['60'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child.pid ?? 0;
}

describe('process', () => {
  it.each(['ops-sleeper', 'ops-sleeper-with-a-long-name'])('is found by the name of its program: %s', async (name) => {
    expect(await looked(name)).toMatchObject({ status: 'down', detail: 'no such process' });
    const pid = await running(name);
    expect(await looked(name)).toEqual({
      service: 'it',
      endpoint: `process ${name}`,
      status: 'healthy',
      detail: `pid ${pid}`,
    });
  });

  it('is found where it is a Node.js program', async () => {
    expect(await looked(basename(process.execPath))).toMatchObject({ status: 'healthy' });
  });
});
