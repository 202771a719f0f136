import type { Mutation } from '../mutation.ts';

export const AUDIT: readonly Mutation[] = [
  {
    name: 'an entry does not follow from the one before it',
    file: 'src/adapters/ledger/audit.ts',
    from: 'return digestOf({ before, entry });',
    to: 'return digestOf({ entry, before: before.length });',
    tests: ['test/adapters/ledger/audit.test.ts'],
  },
  {
    name: 'an entry is not compared with its hash',
    file: 'src/adapters/ledger/audit.ts',
    from: 'entry.seq === seq + 1 && hash === linkOf(head, entry)',
    to: 'entry.seq === seq + 1',
    tests: ['test/adapters/ledger/audit.test.ts'],
  },
  {
    name: 'a head that went out is not looked for',
    file: 'src/adapters/ledger/audit.ts',
    from: 'heads.get(entry.seq)',
    to: 'heads.get(-1)',
    tests: ['test/adapters/ledger/audit.test.ts'],
  },
  {
    name: 'a cut end is not missed',
    file: 'src/adapters/ledger/audit.ts',
    from: 'known.some((it) => it.seq > seq)',
    to: 'known === undefined',
    tests: ['test/adapters/ledger/audit.test.ts'],
  },
  {
    name: 'a claim leaves no entry',
    file: 'src/services/admissions.ts',
    from: "ledger.audit({ event: 'claimed', task_id, detail: { digest, by } }, { outcome: 'claimed' });",
    to: '',
    tests: ['test/services/executor.test.ts'],
  },
];
