/**
 * How numbers and times are shown to people: thousands separated, credits with up to six decimals, no floats on the way.
 * JSON output never passes through here.
 */
import { Temporal } from 'temporal-polyfill';
import { formatCredits } from '../../core/money.ts';

/** "1234567.25" → "1,234,567.25"; takes a sign. */
export function grouped(decimal: string): string {
  const [whole = '', part] = decimal.split('.');
  const separated = whole.replace(/(\d)(?=(\d{3})+$)/g, '$1,');
  return part === undefined ? separated : `${separated}.${part}`;
}

/** µcr as credits for people. */
export function showCredits(micros: bigint | number): string {
  return grouped(formatCredits(BigInt(micros)));
}

export function showCount(count: number | bigint): string {
  return grouped(String(count));
}

/** "1 event", "2 events". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${showCount(count)} ${count === 1 ? one : many}`;
}

/** An instant in UTC, as JSON has it: "2026-11-22T18:00:00.000Z". */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** An instant on a zone's wall clock with its offset: "2026-01-31 00:00:00 +01:00". */
export function localTime(ms: number, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  const clock = local.toPlainDateTime().toString({ smallestUnit: ms % 1000 === 0 ? 'second' : 'millisecond' });
  return `${clock.replace('T', ' ')} ${local.offset}`;
}

/** Bytes in the unit that a person would use. */
export function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A text of somebody else's on one line: what could steer a terminal is shown as a dot, what is too long is cut. */
export function cellText(text: string, charsMax: number): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·');
  return safe.length > charsMax ? `${safe.slice(0, charsMax - 1)}…` : safe;
}
