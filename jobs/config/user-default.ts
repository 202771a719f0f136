import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { checkSteps } from '../../src/planning/command.ts';
import { Probe } from '../../src/planning/probe.ts';
import { isSecretRef } from '../../src/planning/secret-ref.ts';
import { type DefaultType, defaultText } from '../../src/planning/user-default.ts';

const TYPES: readonly DefaultType[] = ['bool', 'int', 'float', 'string'];

const Input = z
  .strictObject({
    domain: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/, 'expected the name of a domain, not a path')
      .describe('E.g. com.apple.dock or NSGlobalDomain; no path.'),
    key: z.string().regex(/^[A-Za-z0-9_][\w.:@()+-]{0,199}$/, 'expected a key of letters, digits and _.:@()+-'),
    bool: z.boolean().optional(),
    int: z.int().optional(),
    float: z.number().min(-1e30).max(1e30).optional().describe('Kept in 32 bits.'),
    string: z
      .string()
      .max(8192)
      .refine((text) => !isControlled(text), 'only line ends and tabs can be kept')
      .refine((text) => !isSecretRef(text), 'a secret is no default, where everybody sees it')
      .optional()
      .describe('No secret: everybody on the host sees it.'),
    absent: z.literal(true).optional().describe('There is to be none.'),
    check: Probe.optional().describe('Of what reads it.'),
  })
  .refine((input) => [...TYPES, 'absent' as const].filter((name) => input[name] !== undefined).length === 1, {
    message: 'expected one of bool, int, float, string, absent',
  });
type Input = z.infer<typeof Input>;

type Queries = { present: { ask: 'setting'; store: 'default'; name: string } };

export const userDefault = defineAction<Input, Queries>({
  summary: 'Sets a macOS default (preference) of the account that the daemon runs as, or takes it away.',
  undo: 'sets what was there before, or takes it away',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: (input) => [`setting:${nameOf(input)}`],
  needs: (input) => [`setting:${nameOf(input)}`],
  subjects: () => [],
  check: (input) => input.check,
  facts: (input) => ({ present: { ask: 'setting', store: 'default', name: nameOf(input) } }),
  plan: (input, { present }) => [
    {
      kind: 'setting',
      target: nameOf(input),
      title: `${input.absent ? 'take away' : 'set'} the default ${nameOf(input)}`,
      store: 'default',
      name: nameOf(input),
      wanted: wantedOf(input),
      before: present,
      remains: '',
      oneWay: false,
    },
    ...checkSteps(input.check),
  ],
});

const nameOf = ({ domain, key }: Input): string => `${domain}/${key}`;

function wantedOf(input: Input): string | null {
  const type = TYPES.find((name) => input[name] !== undefined);
  const value = type && input[type];
  return type === undefined || value === undefined ? null : defaultText(type, value);
}

const isControlled = (text: string): boolean => /[^\P{Cc}\n\t]|[\uFFFE\uFFFF]/u.test(text) || !text.isWellFormed();
