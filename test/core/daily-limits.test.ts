/** Rule 8: reaching the limit limits, its share warns, and lifting it does neither. */
import { expect, test } from '@jest/globals';
import { limitState } from '../../core/daily-limits.ts';

test.each([
  { limit: undefined, warn: 80, spent: 10n ** 15n, expected: [false, false] },
  { limit: 100n, warn: undefined, spent: 99n, expected: [false, false] },
  { limit: 100n, warn: undefined, spent: 100n, expected: [true, false] },
  { limit: 100n, warn: 80, spent: 79n, expected: [false, false] },
  { limit: 100n, warn: 80, spent: 80n, expected: [false, true] },
  { limit: 100n, warn: 80, spent: 100n, expected: [true, true] },
  { limit: 0n, warn: undefined, spent: 0n, expected: [true, false] },
])('limit $limit, warn at $warn %, spent $spent', ({ limit, warn, spent, expected }) => {
  const { limited, warned } = limitState({ dailyCredits: limit, warnAtPercent: warn }, spent);
  expect([limited, warned]).toEqual(expected);
});
