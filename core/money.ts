/**
 * Credits as integers: 1 credit is 1,000,000 micro-credits (µcr), a branded bigint in the rules, a decimal string on
 * every edge. Never a float. Owns parsing, printing and the range; knows nothing of prices or balances.
 * Invariant: every `Micros` is an integer from 0 to 2^53−1, so it is exact in Lua and in a JavaScript number too.
 */
import { PermanentError } from './errors.ts';

/** An amount of micro-credits, 0 to 2^53−1. */
export type Micros = bigint & { readonly unit: 'µcr' };

export const MICROS_PER_CREDIT = 1_000_000n;
/** 9,007,199,254.740991 credits: the largest integer that Lua and JSON hold exactly. */
export const MICROS_MAX = (2n ** 53n - 1n) as Micros;

const DECIMALS = 6;
/** Ten digits before the point hold the maximum; a few more are let through so that the message is about the range. */
const CREDITS_TEXT = /^(\d{1,30})(?:\.(\d{1,6}))?$/;

/** A number of micro-credits as `Micros`. Throws `amount-out-of-range` for anything but an integer from 0 to 2^53−1. */
export const micros = (value: bigint | number): Micros => {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw outOfRange(String(value));
  const amount = BigInt(value);
  if (amount < 0n || amount > MICROS_MAX) throw outOfRange(`${amount} µcr`);
  return amount as Micros;
};

/**
 * Reads credits from a decimal string such as "12.5": digits, at most six decimals, no sign, no exponent. Zeros at the
 * end are accepted, though never printed. Throws `credits-malformed` or `amount-out-of-range`.
 */
export const parseCredits = (text: string): Micros => {
  const match = CREDITS_TEXT.exec(text);
  if (match === null) {
    throw new PermanentError(
      'credits-malformed',
      'Credits must be a decimal string such as "12.5": digits with at most six decimals, no sign and no exponent.',
    );
  }
  const amount = BigInt(match[1]!) * MICROS_PER_CREDIT + BigInt((match[2] ?? '').padEnd(DECIMALS, '0'));
  if (amount > MICROS_MAX) throw outOfRange(`${text} credits`);
  return amount as Micros;
};

/** Prints µcr as credits: "12.5", "0", "0.000001", with no zeros at the end. A difference may be negative: "-0.5". */
export const formatCredits = (value: bigint): string => {
  const size = value < 0n ? -value : value;
  const whole = `${value < 0n ? '-' : ''}${size / MICROS_PER_CREDIT}`;
  const part = size % MICROS_PER_CREDIT;
  return part === 0n ? whole : `${whole}.${String(part).padStart(DECIMALS, '0').replace(/0+$/, '')}`;
};

const outOfRange = (what: string): PermanentError =>
  new PermanentError(
    'amount-out-of-range',
    `An amount of ${what.slice(0, 40)} cannot be held: accepted are 0 to ${formatCredits(MICROS_MAX)} credits in whole micro-credits.`,
  );
