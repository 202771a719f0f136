/**
 * Gives a buffer's memory back at once. The collector sees only the small object in front of it, and lets some 60 MB
 * of these pile up. Nobody may use the buffer afterwards. A part of a larger buffer is left alone.
 */
export function release(buffer: Buffer): void {
  const memory = buffer.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength > 0 && memory.byteLength === buffer.byteLength) {
    memory.transfer(0);
  }
}
