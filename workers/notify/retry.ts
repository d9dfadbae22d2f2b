/**
 * When a mail is tried again, and for how long: pure rules. The attempts of one mail go by what was said of that mail;
 * trouble with the mail server itself is nobody's attempt (trouble.ts).
 */
import { DAY_MS, HOUR_MS } from '../../core/limits.ts';

/** Greylisting asks for less than a minute to a few; after that it is a mailbox that is full, or a server that is down. */
const RETRY_MS_FIRST = 30_000;
const RETRY_MS_LAST = HOUR_MS;
/** A mail about credits that is older than a day says nothing of use any more. */
export const GIVE_UP_MS = DAY_MS;

/** Doubles from `firstMs` to `lastMs` with each of the `attempts` before; a random half of it, so that not all come back at once. */
export const backoffMs = (
  attempts: number,
  firstMs: number,
  lastMs: number,
  random: () => number = Math.random,
): number => Math.min(lastMs, firstMs * 2 ** Math.min(attempts, 30)) * (0.5 + random() / 2);

/** How long a mail that was not taken waits; undefined when that would be more than a day after it was decided. */
export function retryWaitMs(
  mail: { readonly decidedAt: number; readonly attempts: number },
  clock: number,
  random?: () => number,
): number | undefined {
  const waitMs = Math.round(backoffMs(mail.attempts, RETRY_MS_FIRST, RETRY_MS_LAST, random));
  return clock + waitMs - mail.decidedAt > GIVE_UP_MS ? undefined : waitMs;
}
