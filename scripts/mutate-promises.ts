/** `npm run mutate:promises`: breaks each promise on purpose, in copies of the tree, and expects a test to notice. */
import { coerceError } from '../src/errors.ts';
import { type Mutation, PROMISES, type PromiseNumber } from './mutate-promises/mutation.ts';
import { MUTATIONS } from './mutate-promises/mutations/index.ts';
import { TreeCopy } from './mutate-promises/tree-copy.ts';

/** Tests wait more than they work. */
const AT_A_TIME = 2;

type Verdict = { kind: 'killed' | 'SURVIVED' | 'ERROR'; told: string };

const numbers = Object.keys(PROMISES).map(Number) as PromiseNumber[];
const all = numbers.flatMap((promise) => MUTATIONS[promise].map((mutation) => ({ promise, mutation })));
const verdicts: Verdict[] = [];

await using stack = new AsyncDisposableStack();
const copies = await Promise.all(Array.from({ length: AT_A_TIME }, async () => stack.use(await TreeCopy.make())));
if (await passesUnbroken(copies)) await breakAll(copies);
const killed = verdicts.filter(({ kind }) => kind === 'killed').length;
console.log(`${all.length} mutations of ${numbers.length} promises: ${killed} killed, ${all.length - killed} not`);
process.exitCode = killed === all.length ? 0 : 1;

async function passesUnbroken([copy]: TreeCopy[]): Promise<boolean> {
  const tests = [...new Set(all.flatMap(({ mutation }) => mutation.tests))];
  const run = await copy?.test(tests);
  if (run?.passed) return true;
  console.log(`these tests fail without a mutation:\n${run?.failed.join('\n') || run?.message}`);
  return false;
}

async function breakAll(on: readonly TreeCopy[]): Promise<void> {
  const waiting = all.values();
  await Promise.all(
    on.map(async (copy) => {
      for (const { promise, mutation } of waiting) {
        const verdict = await judge(copy, mutation);
        verdicts.push(verdict);
        console.log(`promise ${promise}  ${verdict.kind.padEnd(8)}  ${mutation.name}  ${verdict.told}`);
      }
    }),
  );
}

async function judge(copy: TreeCopy, mutation: Mutation): Promise<Verdict> {
  try {
    const { passed, failed, message } = await copy.tryOut(mutation);
    if (passed) return { kind: 'SURVIVED', told: `${mutation.tests.join(', ')} did not notice` };
    const [first] = failed;
    // A file that does not load proves nothing of what its tests would see.
    return first === undefined ? { kind: 'ERROR', told: `no test ran:\n${message}` } : { kind: 'killed', told: first };
  } catch (error) {
    return { kind: 'ERROR', told: coerceError(error).message };
  }
}
