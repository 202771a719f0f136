import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { CREDIT_BYTES, Output } from '../../src/runner/output.ts';

function printing(limitBytes = Number.MAX_SAFE_INTEGER) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const streams = [stdout, stderr] as const;
  const sent: Buffer[] = [];
  const sources: string[] = [];
  const onLimit = vi.fn<() => void>();
  const send = (batch: Buffer, source: string) => {
    sent.push(batch);
    sources.push(source);
  };
  const output = new Output({ stdout, stderr }, limitBytes, send, onLimit);
  return { streams, output, onLimit, text: () => Buffer.concat(sent).toString('latin1'), sent, sources };
}

describe('output', () => {
  it('comes in order of arrival, in few batches, each of one stream', async () => {
    const { streams, output, text, sources } = printing();
    for (const stream of [...streams, streams[0]]) {
      for (const word of ['a', 'b', 'c']) {
        stream.write(word);
        await new Promise(setImmediate);
      }
    }
    for (const stream of streams) stream.end();
    await output.closed;
    output.finish();
    expect(text()).toBe('abcabcabc');
    expect(sources).toEqual(['stdout', 'stderr', 'stdout']);
  });

  it('is held back at the credit and goes on when half of it is acknowledged', async () => {
    const { streams, output, sent } = printing();
    streams[0].write(Buffer.alloc(CREDIT_BYTES));
    await vi.waitFor(() => expect(output.paused).toBe(true));
    streams[0].write('more');
    output.acknowledge(CREDIT_BYTES / 2 - 1);
    expect(output.paused).toBe(true);
    output.acknowledge(1);
    expect(output.paused).toBe(false);
    await vi.waitFor(() => expect(sent.at(-1)?.toString()).toBe('more'));
  });

  it('passes on exactly the limit, and says so only beyond it', async () => {
    const { streams, output, onLimit, text } = printing(4);
    streams[0].write('1234');
    await vi.waitFor(() => expect(text()).toBe('1234'));
    expect(onLimit).not.toHaveBeenCalled();
    streams[0].write('5');
    await vi.waitFor(() => expect(onLimit).toHaveBeenCalled());
    output.finish();
    expect(text()).toBe('1234');
  });

  it('is not waited for for ever when somebody holds it open', async () => {
    const { output } = printing();
    await output.drain(() => true);
    expect(output.isClosed).toBe(false);
  });

  it('is waited for while held back, unless there is no time for it', async () => {
    const { streams, output } = printing();
    streams[0].write(Buffer.alloc(CREDIT_BYTES));
    await vi.waitFor(() => expect(output.paused).toBe(true));
    let mayWait = true;
    const drained = vi.fn<() => void>();
    const draining = output.drain(() => mayWait).then(drained);
    await output.drain(() => false);
    expect(drained).not.toHaveBeenCalled();
    mayWait = false;
    await draining;
  });
});
