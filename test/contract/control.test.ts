import { describe, expect, it } from 'vitest';
import { Control, ControlEntry, signControl, Target, VERB_ROLES } from '../../src/contract/control.ts';
import { openToken, TOKEN_TYPES } from '../../src/contract/jws.ts';
import { type Claims, HOUR, NOW, roleKeys } from '../support/tasks.ts';

const keys = await roleKeys();
const hex = 'a'.repeat(40);
const sha = 'a'.repeat(64);
const statement = { target: 'task:deploy-1', reason: 'No', issuedAt: new Date(NOW), validForMs: HOUR, jti: 'j-1' };

describe('a target', () => {
  it.each([
    'task:deploy-web-1',
    'task:a.b_c-d',
    'plan:plan-881',
    'plan:P.1',
    `commit:${hex}`,
    `artifact:sha256:${sha}`,
    'schedule:mini-1/backup',
    'host:mini-1',
    'host:*',
    'alert:refusals-01J',
  ])('may be %s', (target) => {
    expect(Target.parse(target)).toBe(target);
  });

  it.each([
    '',
    '*',
    'task:',
    'task:*',
    'task:A',
    'task:a b',
    'task:a\n',
    '\ntask:a',
    'task:a|host:*',
    'plan:*',
    'commit:main',
    `commit:${hex}a`,
    `commit:${hex.slice(1)}`,
    `commit:${hex.toUpperCase()}`,
    `artifact:${sha}`,
    `artifact:sha256:${sha}0`,
    'schedule:mini-1',
    'schedule:mini-1/*',
    'schedule:mini-1/a/b',
    'host:',
    'host:**',
    'host:*x',
    'host:Mini',
    'alert:',
    'user:root',
    `task:${'a'.repeat(121)}`,
  ])('may not be %j', (target) => {
    expect(Target.safeParse(target).success).toBe(false);
  });
});

describe('a control statement', () => {
  it('of a veto has no expiry', async () => {
    const opened = openToken(await signControl(keys.security, { ...statement, verb: 'veto' }));
    expect(opened).toEqual({
      typ: TOKEN_TYPES.control,
      kid: keys.security.kid,
      claims: {
        iss: 'savorgSecurity',
        role: 'security',
        verb: 'veto',
        target: 'task:deploy-1',
        reason: 'No',
        iat: NOW / 1000,
        jti: 'j-1',
      },
    });
  });

  it.each(['cancel', 'pause', 'resume', 'acknowledge'] as const)('of a %s has one', async (verb) => {
    expect(openToken(await signControl(keys.manager, { ...statement, verb }))).toMatchObject({
      claims: { verb, exp: NOW / 1000 + 3600 },
    });
  });

  it('may be said by these roles', () => {
    const three = ['manager', 'security', 'operator'];
    expect(VERB_ROLES).toEqual({
      veto: ['security'],
      cancel: three,
      pause: three,
      resume: three,
      acknowledge: ['manager', 'operator'],
    });
  });

  const cancel = {
    iss: 'savorgManager',
    role: 'manager',
    verb: 'cancel',
    target: 'task:a',
    reason: 'x',
    iat: 1,
    exp: 2,
    jti: 'j',
  };

  it('is taken as it is', () => expect(Control.parse(cancel)).toEqual(cancel));

  it.each<[string, Claims]>([
    ['a veto that expires', { ...cancel, verb: 'veto' }],
    ['a cancellation that does not', { ...cancel, exp: undefined }],
    ['no jti', { ...cancel, jti: undefined }],
    ['an empty jti', { ...cancel, jti: '' }],
    ['no reason', { ...cancel, reason: '' }],
    ['a long reason', { ...cancel, reason: 'x'.repeat(2001) }],
    ['one claim more', { ...cancel, sub: 'x' }],
    ['another verb', { ...cancel, verb: 'run' }],
  ])('is none with %s', (_, claims) => {
    expect(Control.safeParse(claims).success).toBe(false);
  });

  it('comes in an entry of one field', () => {
    expect(ControlEntry.safeParse({ token: 'x' }).success).toBe(true);
    expect(ControlEntry.safeParse({ token: 'x', more: 'y' }).success).toBe(false);
    expect(ControlEntry.safeParse({}).success).toBe(false);
  });
});
