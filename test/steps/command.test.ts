import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import type { CommandSpec, CommandStep } from '../../src/planning/step.ts';
import type { CommandExit, CommandRequest } from '../../src/services/commands.ts';
import { commandKind } from '../../src/steps/command.ts';

const spec = (argv: string[], more: Partial<CommandSpec> = {}): CommandSpec => ({
  argv,
  cwd: '/srv',
  env: {},
  stdin: '',
  writes: [],
  network: false,
  outlives: false,
  timeoutMs: 5000,
  outputLimitBytes: 1000,
  ...more,
});

const step = (more: Partial<CommandStep> = {}): CommandStep => ({
  kind: 'command',
  target: 'make',
  title: 'run make all',
  command: spec(['make', 'all']),
  undo: spec(['make', 'clean']),
  guard: null,
  ...more,
});

/** Fetches what it was given; nothing else is there. */
function setUp(exit: Partial<CommandExit> = {}, present: string[] = [], values: Record<string, string> = {}) {
  const requests: CommandRequest[] = [];
  const signals: AbortSignal[] = [];
  const controller = new AbortController();
  const output: string[] = [];
  const fetched: unknown[] = [];
  const context = {
    task_id: 'task-1',
    work: 'task-1',
    n: 4,
    signal: controller.signal,
    output: async (chunk: Uint8Array) => void output.push(Buffer.from(chunk).toString()),
    lastLines: async () => '1 test failed\nshop.test.js:4',
  };
  const kind = commandKind({
    baseEnv: { PATH: '/bin', LANG: 'C' },
    protect: ['/srv/shop'],
    secrets: {
      fetch: async (ref, use) => {
        fetched.push([ref, use]);
        const value = values[ref];
        if (value === undefined) throw new OpsError(`${ref} is missing`);
        return value;
      },
    },
    files: { exists: async (path: string) => present.includes(path) } as never,
    commands: {
      run: async (request, signal, onOutput) => {
        requests.push(request);
        signals.push(signal);
        await onOutput(Buffer.from('hello'), 'stdout');
        return { ended: 'exit', exitCode: 0, signal: null, message: '', durationMs: 1, leftRunning: [], ...exit };
      },
    },
  });
  return { kind, requests, signals, context, output, controller, fetched };
}

describe('the command', () => {
  it('is run as the plan says, with the base environment and no shell history', async () => {
    const { kind, requests, signals, context, output, controller } = setUp();
    await kind.apply(step({ command: spec(['make', 'all'], { env: { LANG: 'de', A: 'b' }, stdin: 'in' }) }), context);
    expect(requests).toEqual([
      {
        argv: ['make', 'all'],
        cwd: '/srv',
        env: { PATH: '/bin', LANG: 'de', A: 'b', HISTFILE: '/dev/null', OPS_TASK_ID: 'task-1' },
        stdin: 'in',
        writes: [],
        network: false,
        outlives: false,
        timeoutMs: 5000,
        outputLimitBytes: 1000,
        task_id: 'task-1',
        step: 4,
        graceMs: 3000,
      },
    ]);
    expect(signals).toEqual([controller.signal]);
    expect(output).toEqual(['hello']);
  });

  it.each([
    [{ exitCode: 0 }, 'applied', null, 'exit code 0', 'healthy', 'exit code 0'],
    [{ exitCode: 2 }, 'failed', 'command-failed', 'exit code 2', 'down', 'exit code 2'],
    [{ exitCode: null, signal: 'SIGSEGV' }, 'failed', 'command-failed', 'ended by SIGSEGV', 'down', 'exit'],
    [{ ended: 'timeout', exitCode: null }, 'failed', 'timeout', 'ended by timeout', 'down', 'timeout'],
    [{ ended: 'timeout', exitCode: 0 }, 'failed', 'timeout', 'ended by timeout', 'down', 'exit code 0'],
    [
      { ended: 'output-limit', exitCode: null },
      'failed',
      'output-limit',
      'ended by output-limit',
      'down',
      'output-limit',
    ],
    [{ ended: 'aborted', exitCode: 0 }, 'failed', 'aborted', 'ended by aborted', 'down', 'exit code 0'],
    [
      { ended: 'not-started', exitCode: null, message: 'ENOENT' },
      'refused',
      'not-started',
      'ENOENT',
      'down',
      'not-started',
    ],
    [{ ended: 'lost', exitCode: null, message: 'died' }, 'unknown', 'lost', 'died', 'degraded', 'lost'],
  ] as const)('F44: that ends with %o is %s', async (exit, outcome, code, message, status, endpoint) => {
    const { kind, context } = setUp(exit);
    expect(await kind.apply(step(), context)).toEqual({
      outcome,
      code,
      message,
      left: null,
      health: [{ service: 'make', status, endpoint }],
      leftRunning: [],
      environment: [],
    });
  });

  it('tells what it left running', async () => {
    const { kind, context } = setUp({ leftRunning: ['7 served'] });
    expect((await kind.apply(step(), context)).leftRunning).toEqual(['7 served']);
  });

  it('has no state that anybody could see', async () => {
    const { kind } = setUp();
    expect([await kind.observe(step()), await kind.capture(step())]).toEqual([null, null]);
  });
});

describe('its undo', () => {
  it('is the declared one', async () => {
    const { kind, requests, context } = setUp();
    expect(await kind.undo(step(), null, context)).toMatchObject({ outcome: 'applied' });
    expect(requests.map(({ argv }) => argv)).toEqual([['make', 'clean']]);
  });

  it('is told whose work it takes back, whatever the step itself says', async () => {
    const { kind, requests, context } = setUp();
    const undo = spec(['make', 'clean'], { env: { OPS_TASK_ID: 'another' } });
    await kind.undo(step({ undo }), null, { ...context, task_id: 'undo-1' });
    expect(requests).toMatchObject([{ task_id: 'undo-1', env: { OPS_TASK_ID: 'task-1' } }]);
  });

  it('fails where none is declared, and runs nothing', async () => {
    const { kind, requests, context } = setUp();
    expect(await kind.undo(step({ undo: null }), null, context)).toMatchObject({
      outcome: 'failed',
      code: 'irreversible',
    });
    expect(requests).toEqual([]);
  });
});

describe('T24: a secret that it names', () => {
  const values = { 'secret:file/key': 'hunter2-hunter2', 'secret:age/in': 'swordfish-x' };
  const named = spec(['make'], { env: { KEY: 'secret:file/key', PLAIN: 'x' }, stdin: 'secret:age/in' });

  it('reaches it in its environment or on its standard input, by the name of the task and step that need it', async () => {
    const { kind, requests, context, fetched, controller } = setUp({}, [], values);
    expect(await kind.apply(step({ command: named }), context)).toMatchObject({ outcome: 'applied' });
    expect(requests).toMatchObject([
      { argv: ['make'], env: { KEY: 'hunter2-hunter2', PLAIN: 'x' }, stdin: 'swordfish-x' },
    ]);
    const use = { task_id: 'task-1', step: 4, signal: controller.signal };
    expect(fetched).toEqual([
      ['secret:file/key', use],
      ['secret:age/in', use],
    ]);
  });

  it('is fetched again for its undo and for its guard, as it is then', async () => {
    const rotated: Record<string, string> = { ...values };
    const { kind, requests, context } = setUp({}, [], rotated);
    const all = step({ command: named, undo: named, guard: { unless: ['made'] } });
    await kind.apply(all, context);
    rotated['secret:file/key'] = 'rotated-since';
    await kind.undo(all, null, context);
    await kind.reconcile(all, null, context);
    expect(requests.map(({ env, stdin }) => [env['KEY'], stdin])).toEqual([
      ['hunter2-hunter2', 'swordfish-x'],
      ['rotated-since', 'swordfish-x'],
      ['rotated-since', ''],
    ]);
  });

  it('and that cannot be fetched has nothing run: the step is refused, its undo has failed, its guard cannot say', async () => {
    const { kind, requests, context } = setUp({}, [], { 'secret:age/in': 'swordfish-x' });
    const all = step({ command: named, undo: named, guard: { unless: ['made'] } });
    const refusal = { outcome: 'refused', code: 'secret', message: 'secret:file/key is missing' };
    expect(await kind.apply(all, context)).toEqual(expect.objectContaining(refusal));
    expect(await kind.undo(all, null, context)).toEqual(expect.objectContaining(refusal));
    expect(await kind.reconcile(all, null, context)).toBe('unknown');
    expect(requests).toEqual([]);
  });
});

describe('after a crash', () => {
  it('is unknown without a guard, and runs nothing', async () => {
    const { kind, requests, context } = setUp();
    expect(await kind.reconcile(step(), null, context)).toBe('unknown');
    expect(requests).toEqual([]);
  });

  it('asks for what it creates, and runs nothing', async () => {
    const { kind, requests, context } = setUp({}, ['/srv/made']);
    expect(await kind.reconcile(step({ guard: { creates: '/srv/made' } }), null, context)).toBe('done');
    expect(await kind.reconcile(step({ guard: { creates: '/srv/other' } }), null, context)).toBe('not-done');
    expect(requests).toEqual([]);
  });

  it.each([
    [{ exitCode: 0 }, 'done'],
    [{ exitCode: 1 }, 'not-done'],
    [{ exitCode: null, signal: 'SIGKILL' }, 'unknown'],
    [{ ended: 'timeout', exitCode: null }, 'unknown'],
    [{ ended: 'timeout', exitCode: 0 }, 'unknown'],
    [{ ended: 'not-started', exitCode: null }, 'unknown'],
  ] as const)('asks the command that succeeds once it is done: %o is %s', async (exit, answer) => {
    const { kind, requests, context } = setUp(exit);
    const guarded = step({ guard: { unless: ['made'] }, command: spec(['make'], { stdin: 'data', timeoutMs: 9e6 }) });
    expect(await kind.reconcile(guarded, null, context)).toBe(answer);
    expect(requests).toMatchObject([{ argv: ['made'], stdin: '', timeoutMs: 30_000, cwd: '/srv' }]);
  });
});

const build = (cwd: string) => step({ command: spec(['make', 'test'], { cwd }) });

const lastLines = async () => 'src/a.ts: unexpected token';

describe('a command that builds or tries code', () => {
  it('needs a code change where it fails, wherever it runs, and shows what was printed last', async () => {
    const { kind, context } = setUp({ exitCode: 2 });
    const ofCode = { ...build('/srv/example/releases/r'), ofCode: true } as const;
    expect(await kind.apply(ofCode, { ...context, lastLines })).toMatchObject({
      outcome: 'failed',
      code: 'needs-code-change',
      message: expect.stringMatching(/^needs a code change: exit code 2.*\nsrc\/a\.ts: unexpected token$/),
    });
    expect((await kind.apply(build('/srv/example/releases/r'), context)).code).toBe('command-failed');
  });
});

describe('a command in protected source', () => {
  it.each(['/srv/shop', '/srv/shop/packages/cart'])('that fails in %s needs a code change', async (cwd) => {
    const { kind, context } = setUp({ exitCode: 2 });
    expect(await kind.apply(build(cwd), context)).toMatchObject({
      outcome: 'failed',
      code: 'needs-code-change',
      message: 'needs a code change: exit code 2. What was printed last:\n1 test failed\nshop.test.js:4',
    });
  });

  it.each([
    ['/srv/shopping', { exitCode: 2 }, 'command-failed'],
    ['/srv/shop', { exitCode: null, signal: 'SIGSEGV' }, 'command-failed'],
    ['/srv/shop', { exitCode: null, ended: 'timeout' }, 'timeout'],
    ['/srv/shop', { exitCode: null, ended: 'not-started', message: 'ENOENT' }, 'not-started'],
    ['/srv/shop', { exitCode: 0 }, null],
  ] as const)('needs none in %s with %o', async (cwd, exit, code) => {
    const { kind, context } = setUp(exit);
    expect((await kind.apply(build(cwd), context)).code).toBe(code);
  });
});

describe('preview', () => {
  it('names the variables but not their values, shows the script, and says that it cannot tell more', async () => {
    const { kind, requests } = setUp();
    const command = spec(['sh'], { env: { TOKEN: 'hidden-value', KEY: 'secret:file/key' }, stdin: 'echo a\necho b\n' });
    expect(await kind.preview(step({ command }))).toBe(
      [
        'would run sh in /srv with the variables TOKEN, KEY (secret:file/key), reading:',
        '  | echo a',
        '  | echo b',
        '  it may write nowhere, and has no network',
        'cannot preview what it changes',
        'its undo would run make clean in /srv',
        '  it may write nowhere, and has no network',
      ].join('\n'),
    );
    expect(await kind.preview(step({ undo: null }))).toBe(
      [
        'would run make all in /srv',
        '  it may write nowhere, and has no network',
        'cannot preview what it changes',
        'irreversible',
      ].join('\n'),
    );
    expect(requests).toEqual([]);
  });

  it.each([
    [['/srv/a', '/srv/b'], true, 'it may write below /srv/a, /srv/b, and may use the network'],
    [['/'], false, 'it may write everywhere but to what is protected, and has no network'],
  ])('says that what writes %o with network %s may do so', async (writes, network, text) => {
    const { kind } = setUp();
    const preview = await kind.preview(step({ command: spec(['make'], { writes, network }) }));
    expect(preview.split('\n')[1]?.trim()).toBe(text);
  });
});
