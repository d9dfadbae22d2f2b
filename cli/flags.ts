/**
 * What flags accept: ids, times, zones, whole numbers, choices. Pure; each reader is handed to commander and throws a
 * UsageError with the flag, what is wrong with its value, and what is accepted.
 */
import { quotedCut } from '../core/quoted.ts';
import { assertTimeZone, parseAnchor } from '../core/zones.ts';
import { EVENT_TIME_MS_MAX } from '../schema/fields.ts';
import { isId } from '../schema/text.ts';
import { parseIsoTime } from '../schema/times.ts';
import { UsageError } from './errors.ts';

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A reader of one flag's text. */
export type Reader<T> = (text: string) => T;

/** `accountId`, `serverId`, `model`, event ids. */
export const idFlag =
  (flag: string): Reader<string> =>
  (text) => {
    if (isId(text)) return text;
    throw refused(flag, text, '1 to 128 characters of A–Z a–z 0–9 . _ : @ / + -');
  };

/** `<account id>:mail:<number>`: longer than an id where the account's is. */
export const intentFlag =
  (flag: string): Reader<string> =>
  (text) => {
    const match = /^(.+):mail:\d{1,15}$/.exec(text);
    if (match !== null && isId(match[1]!)) return text;
    throw refused(flag, text, 'a mail’s id such as acct-42:mail:7');
  };

/** What a file system takes as a path; whether it can be used shows when it is. */
const PATH_CHARS_MAX = 4_096;

/** The path of a file or folder that is made: text without control characters, which would be in its name for good. */
export const pathFlag =
  (flag: string): Reader<string> =>
  (text) => {
    if (text.trim() !== '' && text.length <= PATH_CHARS_MAX && /^\P{Cc}*$/u.test(text) && text.isWellFormed())
      return text;
    throw refused(flag, text, `a path of up to ${PATH_CHARS_MAX} characters, without control characters`);
  };

export const integerFlag =
  (flag: string, min: number, max: number): Reader<number> =>
  (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
    throw refused(flag, text, `an integer from ${min} to ${max}`);
  };

/** Seconds, whole or with a fraction, as milliseconds. */
export const secondsFlag =
  (flag: string, secondsMax: number): Reader<number> =>
  (text) => {
    const value = Number(text);
    if (/^\d{1,9}(\.\d{1,3})?$/.test(text) && value <= secondsMax) return Math.round(value * 1000);
    throw refused(flag, text, `seconds from 0 to ${secondsMax}`);
  };

export const zoneFlag =
  (flag: string): Reader<string> =>
  (text) => {
    try {
      return assertTimeZone(text);
    } catch {
      throw refused(flag, text, 'an IANA time zone name such as Europe/Berlin');
    }
  };

export const anchorFlag =
  (flag: string): Reader<string> =>
  (text) => {
    try {
      return parseAnchor(text);
    } catch {
      throw refused(flag, text, 'a local date-time that exists, without an offset, such as 2026-01-31T00:00:00');
    }
  };

export const choiceFlag =
  <T extends string>(flag: string, choices: readonly T[]): Reader<T> =>
  (text) => {
    const found = choices.find((one) => one === text);
    if (found !== undefined) return found;
    throw refused(flag, text, `one of ${choices.join(', ')}`);
  };

/** Several of a few words, separated by commas, each once, in the order given. */
export const listFlag =
  <T extends string>(flag: string, choices: readonly T[]): Reader<readonly T[]> =>
  (text) => {
    const words = text.split(',').map((word) => word.trim());
    const found = words.flatMap((word) => choices.filter((one) => one === word));
    if (found.length === words.length && new Set(found).size === found.length) return found;
    throw refused(flag, text, `some of ${choices.join(',')}, each once, separated by commas`);
  };

/** An instant in ms, or a calendar date whose instant depends on a time zone. */
export type TimeFlag = { readonly ms: number } | { readonly date: string };

/** ISO 8601 with an offset, integer epoch milliseconds, or a bare date. */
export const timeFlag =
  (flag: string): Reader<TimeFlag> =>
  (text) => {
    if (/^\d{1,15}$/.test(text) && Number(text) <= EVENT_TIME_MS_MAX) return { ms: Number(text) };
    const ms = parseIsoTime(text);
    if (ms !== undefined && ms >= 0 && ms <= EVENT_TIME_MS_MAX) return { ms };
    if (DATE.test(text) && (parseIsoTime(`${text}T00:00:00Z`) ?? -1) >= 0) return { date: text };
    throw refused(
      flag,
      text,
      'a date such as 2026-11-01, an ISO 8601 time with an offset such as 2026-11-01T12:00:00Z, or epoch milliseconds',
    );
  };

/** The instant of a time flag; a bare date is its midnight in UTC. */
export function instantOf(time: TimeFlag): number {
  return 'ms' in time ? time.ms : Date.parse(`${time.date}T00:00:00Z`);
}

export function refused(flag: string, value: string, accepted: string): UsageError {
  return new UsageError(`${flag} is ${value === '' ? 'empty' : quotedCut(value)}, but must be ${accepted}.`, flag);
}
