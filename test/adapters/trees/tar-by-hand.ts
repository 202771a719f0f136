/** One entry of a tar, byte by byte: what tar itself would refuse to write. */
export interface TarEntry {
  name: string | Buffer;
  content?: string | Buffer;
  /** `0` file, `1` hard link, `2` symbolic link, `3`, `4` devices, `5` directory, `6` fifo, `x` pax header. */
  type?: string;
  link?: string;
  mode?: number;
  /** What the header says, where that is not true. */
  size?: number;
}

export function tarOf(...entries: TarEntry[]): Buffer {
  return Buffer.concat([...entries.map(blockOf), Buffer.alloc(1024)]);
}

/** A header that says something of the next entry, as pax does. */
export function pax(key: string, value: string): TarEntry {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length = Buffer.byteLength(`${length}${rest}`);
  return { name: 'pax', type: 'x', content: `${length}${rest}` };
}

function blockOf({ name, content = '', type = '0', link = '', mode = 0o644, size }: TarEntry): Buffer {
  const body = Buffer.from(content);
  const head = Buffer.alloc(512);
  head.write(
    typeof name === 'string' ? Buffer.from(name).toString('latin1') : name.toString('latin1'),
    0,
    100,
    'latin1',
  );
  head.write(octal(mode, 7), 100);
  head.write(octal(0, 7), 108);
  head.write(octal(0, 7), 116);
  head.write(octal(size ?? body.length, 11), 124);
  head.write(octal(0, 11), 136);
  head.write(' '.repeat(8), 148);
  head.write(type, 156);
  head.write(link, 157, 100);
  head.write(Buffer.from([0x75, 0x73, 0x74, 0x61, 0x72, 0, 0x30, 0x30]).toString('latin1'), 257, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return Buffer.concat([head, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
