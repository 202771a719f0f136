import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyAction, defineAction, type Registry } from '../../src/planning/action.ts';
import { bindAction } from '../../src/planning/registry.ts';

const Input = z.strictObject({ name: z.string(), undo: z.string().optional() });

const touch: AnyAction = defineAction<z.infer<typeof Input>>({
  summary: 'Touches a thing.',
  undo: 'touches it back',
  check: () => undefined,
  input: Input,
  changes: true,
  reversible: ({ undo }) => undo !== undefined,
  resources: () => [],
  subjects: () => [],
  needs: () => [],
  facts: () => ({}),
  plan: () => [],
});
const registry: Registry = { 'file.touch': touch, 'file.other': touch };
const reversible = { name: 'a', undo: 'b' };

describe('binding an action', () => {
  it.each([
    { with: reversible },
    { with: reversible, irreversible: false },
    { with: { name: 'a' }, irreversible: true },
  ])('gives it with its input as signed: %j', (request) => {
    expect(bindAction(registry, { action: 'file.touch', ...request })).toEqual({
      name: 'file.touch',
      action: touch,
      input: request.with,
      later: [],
    });
  });

  it.each(['file.delete', 'file', 'toString', 'constructor', '__proto__', 'hasOwnProperty', ''])(
    'says that there is no %j, and what there is',
    (action) => {
      expect(bindAction(registry, { action, with: {} })).toBe(
        'is no action of this version; it has file.touch, file.other',
      );
    },
  );

  it.each([
    [{}, 'name'],
    [{ name: 1 }, 'name'],
    [{ name: 'a', nmae: 'b' }, 'nmae'],
  ])('names what is wrong in %j', (input, field) => {
    expect(bindAction(registry, { action: 'file.touch', with: input })).toContain(field);
  });

  it.each([
    {
      request: { with: { name: 'a' } },
      says: 'cannot be undone as it stands: declare its undo, or have irreversible: true signed',
    },
    {
      request: { with: { name: 'a' }, irreversible: false },
      says: 'cannot be undone as it stands: declare its undo, or have irreversible: true signed',
    },
    {
      request: { with: reversible, irreversible: true },
      says: 'says irreversible: true but can be undone: drop one of the two',
    },
  ])('says whether the undo is missing or one too many: $request', ({ request, says }) => {
    expect(bindAction(registry, { action: 'file.touch', ...request })).toBe(says);
  });
});
