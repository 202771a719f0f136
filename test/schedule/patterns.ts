/** The name in whose place `H` becomes a number. */
export const NAME = 'backup';
export const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'];

/**
 * The patterns of docs/schedules.md. Where one is written in words of our own, what it means in plain fields stands beside
 * it: the numbers of `H` may never change, or all schedules would move.
 */
export const PATTERNS: readonly { text: string; plain?: string }[] = [
  { text: '* * * * *' },
  { text: '*/15 * * * *' },
  { text: '*/30 * * * *' },
  { text: '0 * * * *' },
  { text: '@hourly', plain: '0 * * * *' },
  { text: '17 */2 * * *' },
  { text: '0 */6 * * *' },
  { text: '5 1-23/2 * * *' },
  { text: '0 0-23 * * *' },
  { text: '30 2 * * *' },
  { text: '0 2 * * *' },
  { text: '15 2 * * *' },
  { text: '59 1 * * *' },
  { text: '0 3 * * *' },
  { text: '*/5 2 * * *' },
  { text: '* 2 * * *' },
  { text: '0,30 1-3 * * *' },
  { text: '0 9,12,15 * * *' },
  { text: '*/20 9-17 * * MON-FRI' },
  { text: '30 2 * * SUN' },
  { text: '0 22-2 * * *' },
  { text: '0 0 * * *' },
  { text: '@daily', plain: '0 0 * * *' },
  { text: '@weekly', plain: '0 0 * * 0' },
  { text: '@monthly', plain: '0 0 1 * *' },
  { text: '@yearly', plain: '0 0 1 1 *' },
  { text: '0 4 * * 1,3,5' },
  { text: '0 4 * * 7' },
  { text: '45 23 31 * *' },
  { text: '0 0 29 2 *' },
  { text: '0 12 1,15 JAN-JUN *' },
  { text: '0 6 */10 * *' },
  { text: '30 1 L * *' },
  { text: '0 7 LW * *' },
  { text: '0 7 15W * *' },
  { text: '30 2 * * 0L' },
  { text: '0 8 * * MON#1' },
  { text: 'H * * * *', plain: '37 * * * *' },
  { text: 'H H * * *', plain: '37 22 * * *' },
  { text: 'H/20 * * * *', plain: '17,37,57 * * * *' },
  { text: '*/20 * * * * *' },
  { text: '10,50 30 * * * *' },
  { text: '*/10 59 1,2 * * *' },
  { text: '30 0 12 ? * FRI' },
];
