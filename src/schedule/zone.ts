const DAY_MS = 86_400_000;

/** A stretch of time in which local time minus UTC is constant: from `from` until before `until`. All in milliseconds. */
export interface Stretch {
  from: number;
  until: number;
  offsetMs: number;
}

interface Zone {
  offsetAt: (at: number) => number;
  /** By year of UTC. */
  years: Map<number, readonly Stretch[]>;
}

/** Zones are looked up by schedules without end; what is known of one stays. */
const zones = new Map<string, Zone>();

/** Whether the text is the name of an IANA time zone that this Node knows, or UTC. Bare offsets such as `+01:00` are none. */
export function isTimeZone(text: string): boolean {
  if (zones.has(text)) return true;
  if (!/^[A-Za-z][\w+/-]*$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}

/**
 * The stretches of a zone that cover `from` until before `until`, in order and without gaps. Two neighbours may have the
 * same offset. Years are worked out when the caller comes to them. Throws a RangeError if there is no such zone.
 */
export function* stretchesBetween(timeZone: string, from: number, until: number): Generator<Stretch> {
  const zone = zoneOf(timeZone);
  for (let year = new Date(from).getUTCFullYear(); Date.UTC(year) < until; year++) {
    for (const stretch of stretchesOfYear(zone, year)) {
      const clipped = { ...stretch, from: Math.max(from, stretch.from), until: Math.min(until, stretch.until) };
      if (clipped.from < clipped.until) yield clipped;
    }
  }
}

/** The wall clock of a zone at this moment, and how far it is ahead of UTC: `2026-11-23 03:30:00 +01:00`. */
export function localTime(timeZone: string, at: number): string {
  const { offsetMs } = stretchesBetween(timeZone, at, at + 1).next().value ?? { offsetMs: 0 };
  const clock = new Date(at + offsetMs).toISOString().slice(0, 19).replace('T', ' ');
  const ahead = new Date(Math.abs(offsetMs)).toISOString().slice(11, 16);
  return `${clock} ${offsetMs < 0 ? '-' : '+'}${ahead}`;
}

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known) return known;
  const zone = { offsetAt: offsetReader(timeZone), years: new Map() };
  zones.set(timeZone, zone);
  return zone;
}

function stretchesOfYear(zone: Zone, year: number): readonly Stretch[] {
  const known = zone.years.get(year);
  if (known) return known;
  const stretches = computeYear(zone.offsetAt, Date.UTC(year), Date.UTC(year + 1));
  zone.years.set(year, stretches);
  return stretches;
}

/** Since 2000 no zone has changed twice within a week (tzdb 2026c), so that one look a day sees all changes. */
function computeYear(offsetAt: Zone['offsetAt'], start: number, end: number): Stretch[] {
  const stretches: Stretch[] = [];
  let current = { from: start, offsetMs: offsetAt(start) };
  for (let day = start; day < end; day += DAY_MS) {
    const next = Math.min(day + DAY_MS, end - 1);
    const offsetMs = offsetAt(next);
    if (offsetMs === current.offsetMs) continue;
    const until = firstInstantOf(offsetMs, offsetAt, day, next);
    stretches.push({ ...current, until });
    current = { from: until, offsetMs };
  }
  return [...stretches, { ...current, until: end }];
}

/** Between `before`, when another offset was in force, and `after`, when this one is. */
function firstInstantOf(offsetMs: number, offsetAt: Zone['offsetAt'], before: number, after: number): number {
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === offsetMs) high = middle;
    else low = middle;
  }
  return high;
}

function offsetReader(timeZone: string): Zone['offsetAt'] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (at) => {
    const [, sign, hours, minutes, seconds = 0] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(format.format(at)) ?? [];
    if (!sign) return 0;
    const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ms : ms;
  };
}
