import { constants, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, vi } from 'vitest';
import { type OutputOptions, openOutput } from '../../src/adapters/output.ts';
import { Redactor } from '../../src/secret.ts';
import { temporaryFolder } from '../services/support.ts';

function open(more: Partial<OutputOptions> = {}) {
  const directory = join(temporaryFolder(), 'output');
  const logged: string[][] = [];
  const log = async (lines: string[]) => void logged.push(lines);
  const output = openOutput('task-1', { directory, redactor: new Redactor(['hunter2-hunter2']), log, ...more });
  const path = join(directory, 'task-1.log');
  return { output, directory, path, logged, text: () => readFileSync(path, 'utf8') };
}

const MIB = 1024 ** 2;

describe("a task's output", () => {
  it('is in its file and in the log of its job, masked and plain', async () => {
    const { output, text, logged, path, directory } = open();
    await output.write(Buffer.from('\u001B[32mhello\u001B[0m hunter2-'), 'stdout');
    await output.write(Buffer.from('hunter2\nlast'), 'stdout');
    await output.close();
    expect(text()).toBe('hello [secret]\nlast');
    expect(logged).toEqual([['hello [secret]', 'last']]);
    expect([statSync(directory).mode & 0o777, statSync(path).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('T24: is masked although what came on the other stream stands in its middle', async () => {
    const { output, text } = open();
    await output.write(Buffer.from('on one: hunter2-hun'), 'stdout');
    await output.write(Buffer.from('on the other\n'), 'stderr');
    await output.write(Buffer.from('ter2\n'), 'stdout');
    await output.close();
    expect(text()).toBe('on the other\non one: [secret]\n');
  });

  it('T24: is quoted by its last lines, masked and whole', async () => {
    const { output, text } = open();
    await output.write(Buffer.from(`${'a line\n'.repeat(20)}1 failed: hunter2-hun`), 'stdout');
    expect(await output.lastLines()).toBe(`${'a line\n'.repeat(9)}1 failed: [secret]`);
    await output.write(Buffer.from('of the next step\n'), 'stdout');
    expect((await output.lastLines()).endsWith('of the next step')).toBe(true);
    await output.close();
    expect(text()).not.toContain('hunter2');
  });

  it('is on the disk when it was written: a crash loses no whole line', async () => {
    const { output, text } = open();
    await output.write(Buffer.from('one\ntw'), 'stdout');
    await vi.waitFor(() => expect(text()).toBe('one\n'));
    await output.close();
  });

  it('of a resumed task goes on in the same file', async () => {
    const { output, directory, text } = open();
    await output.write(Buffer.from('before\n'), 'stdout');
    await output.close();
    const again = openOutput('task-1', { directory, redactor: new Redactor([]), log: async () => undefined });
    await again.write(Buffer.from('after\n'), 'stdout');
    await again.close();
    expect(text()).toBe('before\nafter\n');
  });

  it('that says nothing leaves no file and no line', async () => {
    const { output, path, logged } = open();
    await output.write(Buffer.from('\u001B[0m'), 'stdout');
    await output.close();
    expect([existsSync(path), logged]).toEqual([false, []]);
  });
});

describe("a job's log", () => {
  it('gets its lines in batches, soon even where little comes', async () => {
    const { output, logged } = open();
    for (let n = 0; n < 100; n += 1) await output.write(Buffer.from(`line ${n}\n`), 'stdout');
    await vi.waitFor(() => expect(logged.flat()).toHaveLength(100));
    expect(logged.length).toBeLessThan(50);
    await output.close();
  });

  it('holds 256 KiB, and says where the rest is', async () => {
    const { output, logged, text, path } = open();
    const line = `${'x'.repeat(1023)}\n`;
    for (let n = 0; n < 400; n += 1) await output.write(Buffer.from(line), 'stdout');
    await output.close();
    const shown = logged.flat().join('\n');
    expect(shown.length).toBeLessThan(256 * 1024 + 300);
    expect(shown.length).toBeGreaterThan(255 * 1024);
    expect(logged.flat().at(-1)).toBe(`… the rest is in ${path}`);
    expect(text()).toBe(line.repeat(400));
  });

  it('comes in order, one batch after the other, also where it is slow', async () => {
    let atOnce = 0;
    const seen: string[] = [];
    const { output } = open({
      log: async (lines) => {
        atOnce += 1;
        expect(atOnce).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(...lines);
        atOnce -= 1;
      },
    });
    const lines = Array.from({ length: 3000 }, (_, n) => `line ${n} ${'.'.repeat(50)}`);
    for (const line of lines) await output.write(Buffer.from(`${line}\n`), 'stdout');
    await output.close();
    expect(seen).toEqual(lines);
  });

  it('that cannot be written does not concern the task', async () => {
    const { output, text } = open({ log: () => Promise.reject(new Error('Redis is away')) });
    await output.write(Buffer.from('hello\n'), 'stdout');
    await output.close();
    expect(text()).toBe('hello\n');
  });
});

describe('a disk', () => {
  it.runIf(existsSync('/dev/full'))(
    'that is full does not concern the task: its job still gets the lines',
    async () => {
      const directory = temporaryFolder();
      symlinkSync('/dev/full', join(directory, 'task-1.log'));
      const { output, logged } = open({ directory });
      for (let n = 0; n < 20; n += 1) await output.write(Buffer.from(`${'x'.repeat(10_000)}\n`), 'stdout');
      await output.close();
      expect(logged.flat()).toHaveLength(20);
    },
  );

  it('T18: whose place a command gave to a pipe does not concern the task', async () => {
    const directory = temporaryFolder();
    await execa('mkfifo', [join(directory, 'task-1.log')]);
    const { output, logged } = open({ directory });
    for (let n = 0; n < 20; n += 1) await output.write(Buffer.from('x\n'), 'stdout');
    await output.close();
    expect(logged.flat()).toHaveLength(20);
  });

  it('that takes nothing holds the writer back, and takes all of it in the end', async () => {
    const directory = temporaryFolder();
    const pipe = join(directory, 'task-1.log');
    await execa('mkfifo', [pipe]);
    await using reader = await openFile(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const { output } = open({ directory });
    const content = `${'x'.repeat(1023)}\n`.repeat(1024);
    let held = true;
    const written = output.write(Buffer.from(content), 'stdout').finally(() => {
      held = false;
    });
    const chunks: Buffer[] = [];
    const take = async () => {
      const { bytesRead, buffer } = await reader
        .read(Buffer.alloc(64 * 1024))
        .catch(() => ({ bytesRead: 0, buffer: Buffer.alloc(0) }));
      chunks.push(buffer.subarray(0, bytesRead));
      return Buffer.concat(chunks).length;
    };
    await expect.poll(take).toBeGreaterThan(0);
    expect(held).toBe(true);
    await expect.poll(take, { interval: 1 }).toBe(content.length);
    await written;
    await output.close();
    expect(Buffer.concat(chunks).toString()).toBe(content);
  });

  it('T26: gets 200 MB without the memory growing', async () => {
    const { output, path } = open();
    const chunk = Buffer.from(`${'x'.repeat(1023)}\n`.repeat(256));
    const before = process.memoryUsage().rss;
    let most = 0;
    for (let n = 0; n < 800; n += 1) {
      await output.write(chunk, 'stdout');
      most = Math.max(most, process.memoryUsage().rss);
    }
    await output.close();
    expect(statSync(path).size).toBe(800 * chunk.length);
    expect((most - before) / MIB).toBeLessThan(120);
  });
});
