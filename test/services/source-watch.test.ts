import { describe, expect, it } from 'vitest';
import { Report } from '../../src/contract/report.ts';
import type { SourceTree } from '../../src/services/source-trees.ts';
import { actionsTask, reports, submit, testLine } from './support.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const command = { action: 'infra.command', with: { argv: ['make'], undo: ['unmake'] } };
const file = { action: 'config.file', with: { path: '/etc/a', content: 'a' } };

/** A line whose source trees are looked at once before a task and once after it. */
async function setUp(...looks: SourceTree[][]) {
  let count = 0;
  const line = await testLine({ sources: () => looks[Math.min(count++, looks.length - 1)] ?? [] });
  const evidenceOf = async (...actions: (typeof command | typeof file)[]) => {
    await submit(line, actionsTask({ actions }));
    const [row] = reports(line.ledger);
    const { evidence, ops_output } = Report.omit({ signature: true }).parse(row?.body);
    return { evidence, blockers: ops_output.blockers };
  };
  return { evidenceOf, looked: () => count };
}

describe('application source', () => {
  it('stands in the evidence of a task that ran a command, as it was before and after', async () => {
    const { evidenceOf } = await setUp([{ path: '/srv/shop', digest: digest('a') }]);
    const { evidence, blockers } = await evidenceOf(command);
    expect(evidence.protected).toEqual([{ path: '/srv/shop', before: digest('a'), after: digest('a') }]);
    expect([evidence.outcome, blockers]).toEqual(['completed', []]);
  });

  it('that changed meanwhile is a blocker, whatever the commands said', async () => {
    const { evidenceOf } = await setUp(
      [{ path: '/srv/shop', digest: digest('a') }],
      [{ path: '/srv/shop', digest: digest('b') }],
    );
    const { evidence, blockers } = await evidenceOf(command);
    expect(evidence).toMatchObject({ outcome: 'failed', reason: 'source-changed' });
    expect(blockers).toMatchObject([{ code: 'source-changed', owner: 'operator' }]);
  });

  it('that is too much to look at is said to be unknown, and is no blocker', async () => {
    const { evidenceOf } = await setUp(
      [{ path: '/srv/shop', digest: null }],
      [{ path: '/srv/shop', digest: digest('b') }],
    );
    const { evidence, blockers } = await evidenceOf(command);
    expect(evidence.protected).toEqual([{ path: '/srv/shop', before: null, after: digest('b') }]);
    expect(blockers).toEqual([]);
  });

  it('is not looked at for a task that runs no command', async () => {
    const { evidenceOf, looked } = await setUp([{ path: '/srv/shop', digest: digest('a') }]);
    const { evidence } = await evidenceOf(file);
    expect([evidence.protected, looked()]).toEqual([undefined, 0]);
  });
});
