import { describe, expect, it } from 'vitest';
import type { SettingStep } from '../../src/planning/step.ts';
import { settingKind } from '../../src/steps/setting.ts';
import { MemoryStore, memoryStores } from '../support/stores.ts';

const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };

function setUp(present: string | null, more: Partial<SettingStep> = {}) {
  const store = new MemoryStore();
  if (present !== null) store.values.set('jq', present);
  const kind = settingKind({ stores: { ...memoryStores(), default: store } });
  const step: SettingStep = {
    kind: 'setting',
    target: 'tool/jq',
    title: 'set jq',
    store: 'default',
    name: 'jq',
    wanted: '1.6',
    before: { value: present },
    remains: '',
    oneWay: false,
    ...more,
  };
  return { store, kind, step };
}

const now = ({ values }: MemoryStore) => values.get('jq') ?? null;

describe('applying', () => {
  it.each([
    ['what is absent', null, '1.6'],
    ['another value', '1.5', '1.6'],
    ['an empty value', '', '1.6'],
    ['what is to be none', '1.5', null],
  ])('sets %s, and says what is there now', async (_, present, wanted) => {
    const { store, kind, step } = setUp(present, { wanted });
    expect(await kind.apply(step, context)).toMatchObject({
      outcome: 'applied',
      left: { value: wanted },
      health: [{ service: 'tool/jq', status: 'healthy', endpoint: `default: ${wanted ?? 'absent'}` }],
    });
    expect(store.calls).toEqual([['jq', wanted]]);
  });

  it.each([['1.6'], [null]])('sets nothing where it is %s already', async (value) => {
    const { store, kind, step } = setUp(value, { wanted: value });
    expect(await kind.apply(step, context)).toMatchObject({
      outcome: 'applied',
      message: 'was already so',
      left: { value },
      health: [{ status: 'healthy' }],
    });
    expect(store.calls).toEqual([]);
  });

  it.each([
    ['was set', null, '1.5'],
    ['was set to what is wanted', null, '1.6'],
    ['was changed', '1.5', '1.4'],
    ['was taken away', '1.5', null],
  ])('is refused, and changes nothing, where it %s since the plan', async (_, planned, present) => {
    const { store, kind, step } = setUp(present, { before: { value: planned } });
    expect(await kind.apply(step, context)).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(store.calls).toEqual([]);
  });

  it('fails where the tool says that it did it, but did not', async () => {
    const { store, kind, step } = setUp('1.5');
    store.set = async () => undefined;
    expect(await kind.apply(step, context)).toMatchObject({
      outcome: 'failed',
      code: 'not-as-planned',
      message: 'tool/jq is 1.5, not 1.6',
      left: { value: '1.5' },
      health: [{ status: 'down' }],
    });
  });

  it('sets nothing where the tool cannot say what there is', async () => {
    const { store, kind, step } = setUp(null);
    store.look = async () => Promise.reject(new Error('no answer'));
    await expect(kind.capture(step)).rejects.toThrow('no answer');
    await expect(kind.apply(step, context)).rejects.toThrow('no answer');
    expect(store.calls).toEqual([]);
  });
});

describe('undoing', () => {
  it.each([[null], [''], ['1.5']])('brings %j back', async (present) => {
    const { store, kind, step } = setUp(present);
    const captured = await kind.capture(step);
    await kind.apply(step, context);
    expect(await kind.undo(step, captured, context)).toMatchObject({
      outcome: 'applied',
      message: 'as it was',
      left: { value: present },
      health: [{ service: 'tool/jq', status: 'healthy' }],
    });
    expect(now(store)).toBe(present);
  });

  it.each(['nothing', 'twice'])('is safe whether the step did it: %s', async (what) => {
    const { store, kind, step } = setUp('1.5');
    const captured = await kind.capture(step);
    if (what === 'twice') {
      await kind.apply(step, context);
      await kind.undo(step, captured, context);
      store.calls.length = 0;
    }
    expect(await kind.undo(step, captured, context)).toMatchObject({ outcome: 'applied', message: 'as it was' });
    expect(store.calls).toEqual([]);
  });

  it('says so where it does not come back', async () => {
    const { store, kind, step } = setUp(null);
    await kind.apply(step, context);
    store.set = async () => undefined;
    expect(await kind.undo(step, { value: null }, context)).toMatchObject({
      outcome: 'failed',
      code: 'undo-failed',
      message: 'tool/jq is 1.6, and was absent',
    });
  });

  it('touches nothing of what was signed as irreversible', async () => {
    const { store, kind, step } = setUp('1.5', { oneWay: true });
    await kind.apply(step, context);
    expect(await kind.undo(step, { value: '1.5' }, context)).toMatchObject({ code: 'irreversible' });
    expect(now(store)).toBe('1.6');
  });
});

describe('after a crash', () => {
  it.each([
    ['is done where it is there', '1.6', 'done'],
    ['is not done where it is as it was', '1.5', 'not-done'],
    ['is unknown where it is a third value', '1.4', 'unknown'],
  ])('%s', async (_, present, expected) => {
    const { store, kind, step } = setUp('1.5');
    store.values.set('jq', present);
    expect(await kind.reconcile(step, { value: '1.5' }, context)).toBe(expected);
  });

  it('is unknown where it is as it was, but the tool is still at it', async () => {
    const { store, kind, step } = setUp('1.5');
    const tool = Object.assign(store, { isAtWork: async (name: string) => name === 'jq' });
    expect(await kind.reconcile(step, { value: '1.5' }, context)).toBe('unknown');
    tool.values.set('jq', '1.6');
    expect(await kind.reconcile(step, { value: '1.5' }, context)).toBe('done');
  });
});

describe('preview', () => {
  it.each([
    ['what changes', null, {}, ['jq: absent -> 1.6']],
    ['what goes', '1.5', { wanted: null }, ['jq: 1.5 -> absent']],
    ['that it is so already', '1.6', {}, ['jq is already 1.6']],
    ['that it cannot be undone', '1.5', { oneWay: true }, ['jq: 1.5 -> 1.6', 'irreversible']],
    ['what an undo leaves', null, { remains: 'its config' }, ['jq: absent -> 1.6', 'an undo leaves its config']],
  ])('says %s', async (_, present, more, lines) => {
    const { store, kind, step } = setUp(present, more);
    expect((await kind.preview(step)).split('\n')).toEqual(lines);
    expect(store.calls).toEqual([]);
  });
});
