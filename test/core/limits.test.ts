/** The bounds that the contract names are those of the program. */
import { expect, test } from '@jest/globals';
import * as limits from '../../core/limits.ts';
import { readConfig } from '../../runtime/config.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

test('are the contract’s', () => {
  expect(limits).toMatchObject({
    ACCEPT_DAYS_DEFAULT: 35,
    FUTURE_MS_MAX: 5 * 60 * 1_000,
    LATE_GRACE_MS: DAY_MS,
    CYCLE_AFTER_CHANGE_MS_MIN: DAY_MS,
    PARKED_EVENTS_MAX: 1_000_000,
    PARKED_MS_MAX: 30 * DAY_MS,
    TOKENS_MAX: 2 ** 31 - 1,
    ID_CHARS_MAX: 128,
    ATTRIBUTES_MAX: 16,
    RECIPIENTS_MAX: 5,
  });
  expect(readConfig({}).acceptDays).toBe(35);
});
