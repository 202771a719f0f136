import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Frame, FrameDecoder, FrameKind, MAX_PAYLOAD_BYTES, writeFrame } from '../../src/runner/frames.ts';

const sent: Frame[] = [
  { kind: FrameKind.run, run: 1, payload: Buffer.from('{"argv":["true"]}') },
  { kind: FrameKind.stdout, run: 4_294_967_295, payload: Buffer.from([0, 255, 10]) },
  { kind: FrameKind.abort, run: 0, payload: Buffer.alloc(0) },
  { kind: FrameKind.exit, run: 2, payload: Buffer.from('{}') },
  { kind: FrameKind.stderr, run: 3, payload: Buffer.alloc(0) },
];

function bytesOf(frames: readonly Frame[]): Buffer {
  const stream = new PassThrough();
  for (const frame of frames) writeFrame(stream, frame);
  return stream.read() as Buffer;
}

function decode(chunks: readonly Buffer[]): Frame[] {
  const decoder = new FrameDecoder();
  return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
}

describe('frames', () => {
  it('come out as they went in, wherever the bytes are cut', () => {
    const bytes = bytesOf(sent);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(sent);
    }
  });

  it('come out when each byte arrives alone', () => {
    const bytes = bytesOf(sent);
    expect(decode([...bytes].map((byte) => Buffer.from([byte])))).toEqual(sent);
  });

  it('share no memory with what was received', () => {
    const bytes = bytesOf(sent);
    const received = decode([bytes]);
    bytes.fill(7);
    expect(received).toEqual(sent);
  });

  it('are refused when of no kind, or longer than any', () => {
    const kindless = bytesOf(sent.slice(0, 1));
    kindless.writeUInt8(99, 4);
    expect(() => decode([kindless])).toThrow('no frame is of kind 99');
    const endless = bytesOf(sent.slice(0, 1));
    endless.writeUInt32BE(MAX_PAYLOAD_BYTES + 1, 0);
    expect(() => decode([endless])).toThrow('longer than any');
  });
});
