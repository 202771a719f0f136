import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { checkSteps } from '../../src/planning/command.ts';
import type { PackageFact, PackageManager } from '../../src/planning/facts.ts';
import { PackageName, PackageVersion } from '../../src/planning/package.ts';
import { Probe } from '../../src/planning/probe.ts';

const Input = z
  .strictObject({
    manager: z.enum(['apt', 'brew']),
    name: PackageName.describe('As the manager itself names it; no alias, no file.'),
    version: PackageVersion.optional().describe(
      'Where absent, whichever is there, else the one that the manager chooses.',
    ),
    absent: z.literal(true).optional().describe('It is to be removed. Its configuration stays.'),
    without_undo: z
      .literal(true)
      .optional()
      .describe('Also where the version that is there can be had no more; needs `irreversible: true`.'),
    check: Probe.optional().describe('Of what uses it.'),
  })
  .refine(({ version, absent }) => !absent || version === undefined, {
    message: 'what is to be absent has no version',
  });
type Input = z.infer<typeof Input>;

type Queries = { present: { ask: 'package'; manager: PackageManager; name: string } };

export const packageVersion = defineAction<Input, Queries>({
  summary: 'Installs a package by apt or Homebrew in a version, or removes it.',
  undo: 'removes it or installs the version before; what came along with it stays',
  input: Input,
  changes: true,
  reversible: ({ without_undo }) => !without_undo,
  resources: ({ name }) => [`package:${name}`],
  needs: ({ name }) => [`package:${name}`],
  subjects: () => [],
  check: (input) => input.check,
  facts: ({ manager, name }) => ({ present: { ask: 'package', manager, name } }),
  plan: (input, { present }) => {
    const { manager, name, without_undo, check } = input;
    const wanted = wantedOf(input, present);
    if (!without_undo) insistOnWayBack(input, present, wanted);
    return [
      {
        kind: 'setting',
        target: `${manager}/${name}`,
        title: wanted === null ? `remove ${name} (${manager})` : `have ${name} ${wanted} (${manager})`,
        store: manager,
        name,
        wanted,
        before: { value: present.value },
        remains: remainsOf(present, wanted),
        oneWay: without_undo ?? false,
      },
      ...checkSteps(check),
    ];
  },
});

function wantedOf({ manager, name, version, absent }: Input, { value, versions, candidate }: PackageFact) {
  if (absent) return null;
  const wanted = version ?? value ?? candidate;
  if (wanted === null) throw new Error(`${manager} has no package ${name} to install`);
  if (wanted === value || versions.includes(wanted)) return wanted;
  throw new Error(`${manager} has no ${name} ${wanted}, but ${versions.join(', ') || 'none at all'}`);
}

function insistOnWayBack({ manager, name }: Input, { value, versions }: PackageFact, wanted: string | null): void {
  if (value === null || value === wanted || versions.includes(value)) return;
  throw new Error(
    `${manager} has ${name} ${value} no more, so this could not be undone: with without_undo: true, and irreversible: true signed, it is done all the same`,
  );
}

const remainsOf = ({ value }: PackageFact, wanted: string | null): string =>
  value === null && wanted !== null ? 'what came along with it, and its configuration' : '';
