import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ExitCode, Orders } from '../src/orders.ts';

/** Which of the promises has resolved by now. */
async function heard(orders: Orders): Promise<string[]> {
  const seen: string[] = [];
  void orders.given.then(() => seen.push('given'));
  void orders.urgent.then(() => seen.push('urgent'));
  await new Promise(setImmediate);
  return seen;
}

describe('what signals tell', () => {
  it.each([
    ['SIGTERM', ExitCode.STOPPED],
    ['SIGINT', ExitCode.STOPPED],
    ['SIGUSR2', ExitCode.RESTART],
  ])('%s: end with %i', async (signal, exitCode) => {
    const signals = new EventEmitter();
    const orders = new Orders(signals);
    expect([orders.exitCode, await heard(orders)]).toEqual([null, []]);
    signals.emit(signal);
    expect([orders.exitCode, await heard(orders)]).toEqual([exitCode, ['given']]);
  });

  it('a second one: hurry; the last one decides whether it is started again', async () => {
    const signals = new EventEmitter();
    const orders = new Orders(signals);
    signals.emit('SIGUSR2');
    signals.emit('SIGTERM');
    expect([orders.exitCode, await heard(orders)]).toEqual([ExitCode.STOPPED, ['given', 'urgent']]);
  });

  it('SIGHUP: nothing, and it is not left to Node, which would end', async () => {
    const signals = new EventEmitter();
    const orders = new Orders(signals);
    expect(signals.emit('SIGHUP')).toBe(true);
    expect([orders.exitCode, await heard(orders)]).toEqual([null, []]);
  });
});
