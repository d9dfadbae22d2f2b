/**
 * The zod schemas of single fields. Each says what it accepts once, in `accepted`: as zod's error message, which
 * schema/wording.ts puts into a sentence. Descriptions go into the JSON Schema files.
 * Invariant: what passes is in the shape of core/types.ts: credits as µcr, times as milliseconds.
 */
import { z } from 'zod';
import { PermanentError } from '../core/errors.ts';
import {
  ANCHOR_YEAR_MAX,
  ANCHOR_YEAR_MIN,
  EMAIL_CHARS_MAX,
  ID_CHARS_MAX,
  NAME_CHARS_MAX,
  RECIPIENTS_MAX,
} from '../core/limits.ts';
import { formatCredits, MICROS_MAX, type Micros, parseCredits } from '../core/money.ts';
import { assertTimeZone, parseAnchor } from '../core/zones.ts';
import { EMAIL_PATTERN, ID_PATTERN, isEmail, isFreeText, isId } from './text.ts';
import { ISO_TIME_PATTERN, parseIsoTime } from './times.ts';

/** The rows' columns start at 1970 (ClickHouse's DateTime). */
export const TIME_MS_MIN = 0;
/** Last instant with a year of four digits: a stamp that far ahead is well-formed, and refused as `future`. */
export const EVENT_TIME_MS_MAX = Date.UTC(10_000, 0, 1) - 1;
/** Commands are not judged against the clock, so their times must fit ClickHouse's DateTime64 (to 2299). */
export const COMMAND_TIME_MS_MAX = Date.UTC(ANCHOR_YEAR_MAX + 1, 0, 1) - 1;

const ACCEPTED_ID = `a text of 1 to ${ID_CHARS_MAX} of A–Z a–z 0–9 . _ : @ / + -`;

/** An object of these fields and no others; another one is refused with its name and the list of these. */
export const strictObject = <Shape extends z.core.$ZodLooseShape>(accepted: string, shape: Shape) => {
  const names = Object.keys(shape);
  const listed = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? listed : accepted) });
};

/** Also null and left out, under the same description. */
export const clearable = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().meta({ description: schema.description ?? '' });

/** A text that passes `check`. */
const text = (accepted: string, check: (value: string) => boolean) =>
  z.string({ error: () => accepted }).refine(check, { error: () => accepted });

/** A text that `read` turns into something else; a PermanentError or RangeError of `read` is a refusal. */
export const readText = <T>(accepted: string, read: (value: string) => T) =>
  z.string({ error: () => accepted }).transform((value, context): T => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof PermanentError) && !(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', message: accepted, input: value });
      return z.NEVER;
    }
  });

export const id = (description: string) =>
  text(ACCEPTED_ID, isId).meta({ description, minLength: 1, maxLength: ID_CHARS_MAX, pattern: ID_PATTERN });

/** Text for people: `charsMin` to `charsMax` characters, none of them a control character. */
export const freeText = (description: string, charsMin: number, charsMax: number) =>
  text(
    `a text of ${charsMin === 0 ? 'at most' : `${charsMin} to`} ${charsMax} characters without control characters`,
    (value) => value.length >= charsMin && isFreeText(value, charsMax),
  ).meta({ description, minLength: charsMin, maxLength: charsMax, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });

/** ISO 8601 with an offset, or integer epoch milliseconds. */
export const time = (description: string, msMax: number) => {
  const accepted =
    'an ISO 8601 time with an offset such as "2026-01-31T12:00:00Z", or integer epoch milliseconds, ' +
    `from 1970 to ${new Date(msMax).getUTCFullYear()}`;
  const error = () => accepted;
  return z
    .union(
      [
        z.string({ error }).meta({ pattern: ISO_TIME_PATTERN }),
        z.int({ error }).min(TIME_MS_MIN, { error }).max(msMax, { error }),
      ],
      { error },
    )
    .transform((value, context): number => {
      const ms = typeof value === 'number' ? value + 0 : parseIsoTime(value);
      if (ms !== undefined && ms >= TIME_MS_MIN && ms <= msMax) return ms;
      context.addIssue({ code: 'custom', message: accepted, input: value });
      return z.NEVER;
    })
    .meta({ description });
};

/** Credits as a decimal string. Zeros at the end are taken ("1.50", as databases print), though never printed. */
export const credits = (description: string, { aboveZero = false } = {}) => {
  const accepted =
    `credits as a decimal string such as "12.5": at most six decimals, no sign, no exponent, ` +
    `${aboveZero ? 'more than' : 'from'} 0 and at most ${formatCredits(MICROS_MAX)}`;
  return readText(accepted, (value): Micros => {
    const amount = parseCredits(value);
    if (aboveZero && amount === 0n) throw new RangeError('zero');
    return amount;
  }).meta({ description, pattern: '^\\d{1,30}(\\.\\d{1,6})?$' });
};

export const integer = (description: string, min: number, max: number) =>
  z
    .int({ error: () => `an integer from ${min} to ${max}` })
    .min(min, { error: () => `an integer from ${min} to ${max}` })
    .max(max, { error: () => `an integer from ${min} to ${max}` })
    // −0 is the integer 0.
    .overwrite((value) => value + 0)
    .meta({ description });

/** A number above 0 with at most two decimals: percentages and days, which the rules take in hundredths. */
export const hundredths = (description: string, max: number) => {
  const accepted = `a number above 0 and at most ${max}, with at most two decimals`;
  const error = () => accepted;
  return z
    .number({ error })
    .gt(0, { error })
    .max(max, { error })
    .refine((value) => Math.round(value * 100) / 100 === value, { error })
    .meta({ description });
};

export const email = (description: string) =>
  text(
    `one plain e-mail address of at most ${EMAIL_CHARS_MAX} ASCII characters, such as "ada@example.com"`,
    isEmail,
  ).meta({ description, maxLength: EMAIL_CHARS_MAX, pattern: EMAIL_PATTERN });

/** Up to five addresses. A set: one that is named twice counts once. */
export const recipients = (description: string) =>
  z
    .array(email('One e-mail address.'), { error: () => `a list of at most ${RECIPIENTS_MAX} e-mail addresses` })
    .max(RECIPIENTS_MAX, { error: () => `a list of at most ${RECIPIENTS_MAX} e-mail addresses` })
    .transform((addresses): readonly string[] => [...new Set(addresses)])
    .meta({ description });

/** A person's or a company's name; one of blanks alone is no name. */
export const personName = (description: string) =>
  freeText(description, 0, NAME_CHARS_MAX)
    .transform((value) => (value.trim() === '' ? null : value))
    .meta({ description });

export const timeZone = (description: string) =>
  readText('an IANA time zone name such as "Europe/Berlin"', assertTimeZone).meta({
    description,
  });

export const anchor = (description: string) =>
  readText(
    'a local date-time that exists and has no offset, such as "2026-01-31T00:00:00", ' +
      `of the years ${ANCHOR_YEAR_MIN} to ${ANCHOR_YEAR_MAX}`,
    parseAnchor,
  ).meta({ description, pattern: String.raw`^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?)?$` });

/** A BCP 47 tag, in its canonical spelling ("en-us" → "en-US"). */
export const locale = (description: string) =>
  readText('a BCP 47 language tag such as "de-CH"', (value) => {
    const [tag] = Intl.getCanonicalLocales(value);
    if (tag === undefined) throw new RangeError('no tag');
    return tag;
  }).meta({ description });
