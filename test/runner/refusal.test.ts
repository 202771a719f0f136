import { describe, expect, it } from 'vitest';
import type { RunMessage } from '../../src/runner/messages.ts';
import { describeRefusal } from '../../src/runner/refusal.ts';
import { command } from '../fixtures/commands/commands.ts';

const failure = (code: string): Error => Object.assign(new Error(`spawn ${code}`), { code });
const request = (argv: string[], given: Partial<RunMessage> = {}): RunMessage => command(argv, given);

describe('a refusal', () => {
  it.each([
    ['ENOENT', request(['nope']), 'ENOENT: no program nope in PATH=/usr/bin:/bin; install it'],
    ['ENOENT', request(['/no/nope']), 'ENOENT: no program /no/nope; install it or correct the path'],
    ['ENOENT', request(['/bin/sh']), 'the interpreter in its first line is not'],
    ['ENOENT', request(['/bin/sh'], { cwd: '/no/where' }), 'directory /no/where does not exist'],
    ['ENOTDIR', request(['/bin/sh'], { cwd: '/bin/sh' }), 'directory /bin/sh is not a directory'],
    ['EACCES', request(['/etc/hosts']), 'EACCES: may not execute /etc/hosts'],
    ['E2BIG', request(['/bin/sh']), 'pass the content by stdin or in a file'],
    ['EAGAIN', request(['/bin/sh']), 'no room for another process'],
    ['EMFILE', request(['/bin/sh']), 'too many files are open'],
    ['ERR_INVALID_ARG_VALUE', request([]), 'argv names no program'],
    ['EIO', request(['/bin/sh']), 'EIO: spawn EIO'],
  ])('for %s says what to do', (code, refused, text) => {
    expect(describeRefusal(failure(code), refused)).toContain(text);
  });
});
