/** The one word for an account's standing. */
import { expect, test } from '@jest/globals';
import { balanceState } from '../../core/balance.ts';

test.each([
  ['ok: above 20 percent', { closed: false, granted: 100n, total: 21n }, 'ok'],
  ['low: at 20 percent', { closed: false, granted: 100n, total: 20n }, 'low'],
  ['ok: exact where 20 percent are no whole µcr', { closed: false, granted: 104n, total: 21n }, 'ok'],
  ['low: the last µcr', { closed: false, granted: 100n, total: 1n }, 'low'],
  ['depleted: nothing left', { closed: false, granted: 100n, total: 0n }, 'depleted'],
  ['ok: without a grant nothing is low', { closed: false, granted: 0n, total: 1n }, 'ok'],
  ['closed, whatever is left', { closed: true, granted: 100n, total: 100n }, 'closed'],
  ['closed, also with nothing left', { closed: true, granted: 100n, total: 0n }, 'closed'],
] as const)('%s', (_what, account, state) => {
  expect(balanceState(account)).toBe(state);
});
