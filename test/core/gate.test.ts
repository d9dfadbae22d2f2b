/** Rule 10: every combination of facts, against the contract's sentence written out as a table. */
import { expect, test } from '@jest/globals';
import { gate } from '../../core/gate.ts';

const account = { closed: false, remaining: 1n, limited: false };
const allow = { allow: true };
const deny = (reason: string) => ({ allow: false, reason });

test.each([
  ['credits left, under the limit', { ...account }, allow],
  ['the last µcr is a credit', { ...account, remaining: 1n }, allow],
  ['nothing left', { ...account, remaining: 0n }, deny('depleted')],
  ['limited', { ...account, limited: true }, deny('daily-limit')],
  ['closed', { ...account, closed: true }, deny('closed')],
  ['depleted comes before the limit', { ...account, remaining: 0n, limited: true }, deny('depleted')],
  ['closed comes before all', { closed: true, remaining: 0n, limited: true }, deny('closed')],
  ['unknown', undefined, deny('unknown-account')],
])('%s', (_what, facts, answer) => {
  expect(gate({ keySource: 'platform', freeModel: false, account: facts })).toEqual(answer);
  expect(gate({ keySource: 'byok', freeModel: false, account: facts })).toEqual(allow);
  expect(gate({ keySource: 'platform', freeModel: true, account: facts })).toEqual(allow);
});
