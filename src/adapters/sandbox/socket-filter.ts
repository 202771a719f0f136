import { endianness } from 'node:os';

/** The number of `socket` and the name of the processor, as the kernel has them. */
const PROCESSORS: Partial<Record<string, { arch: number; socket: number }>> = {
  x64: { arch: 0xc000003e, socket: 41 },
  arm64: { arch: 0xc00000b7, socket: 198 },
};

/** The same number on all processors. */
const IO_URING_SETUP = 425;
/** From here on x64 has calls with another numbering. */
const OTHER_CALLS = 0x40000000;
/** Internet sockets reach nothing in a network namespace of their own, and the third kind asks the kernel about that. */
const FAMILIES = { inet: 2, inet6: 10, netlink: 16 };

/** Instructions of BPF, and where in a call its number, its processor and its first argument stand. */
const LOAD = 0x20;
const EQUAL = 0x15;
const AT_LEAST = 0x35;
const RETURN = 0x06;
const CALL = { number: 0, arch: 4, first: 16 };

const ALLOW = 0x7fff0000;
/** With EPERM. */
const REFUSE = 0x00050001;
const KILL = 0x80000000;

/**
 * A filter of system calls by which a command opens no socket to anybody outside of its network namespace: those of the
 * file system (docker's, pm2's) know no namespaces. Null for a processor that it is not made for.
 */
export function socketFilter(processor: string): Buffer | null {
  const { arch, socket } = PROCESSORS[processor] ?? {};
  if (arch === undefined || socket === undefined || endianness() !== 'LE') return null;
  return Buffer.concat([
    instruction(LOAD, CALL.arch),
    instruction(EQUAL, arch, { no: 10 }),
    instruction(LOAD, CALL.number),
    instruction(AT_LEAST, OTHER_CALLS, { yes: 8 }),
    instruction(EQUAL, IO_URING_SETUP, { yes: 5 }),
    instruction(EQUAL, socket, { no: 5 }),
    instruction(LOAD, CALL.first),
    instruction(EQUAL, FAMILIES.inet, { yes: 3 }),
    instruction(EQUAL, FAMILIES.inet6, { yes: 2 }),
    instruction(EQUAL, FAMILIES.netlink, { yes: 1 }),
    instruction(RETURN, REFUSE),
    instruction(RETURN, ALLOW),
    instruction(RETURN, KILL),
  ]);
}

/** `yes` and `no`: how many instructions are skipped for that answer. */
function instruction(code: number, value: number, { yes = 0, no = 0 } = {}): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(yes, 2);
  bytes.writeUInt8(no, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
