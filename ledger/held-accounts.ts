/**
 * Accounts as Redis holds them at this moment, not brought up to date: for comparing, which must change nothing. An
 * account's numbers are one field, so they belong together and to the commit that `sequence` names.
 */
import { PermanentError } from '../core/errors.ts';
import { STATE_NAMES } from './account.ts';
import type { LedgerContext } from './context.ts';

/** Amounts in µcr, times in ms; `closed` is 0 or 1. */
export type HeldAccount = { readonly accountId: string } & Readonly<Record<(typeof STATE_NAMES)[number], number>>;

const DOUBLE_BYTES = 8;

/** The accounts of `ids`, in their order. Throws `account-unreadable` when one is not held, or in another layout. */
export async function readHeldAccounts({ redis, keys }: LedgerContext, ids: readonly string[]): Promise<HeldAccount[]> {
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hgetBuffer(keys.account(id), 'state');
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, state], i) => {
    if (error !== null) throw error;
    return unpack(ids[i]!, state as Buffer | null);
  });
}

function unpack(accountId: string, state: Buffer | null): HeldAccount {
  if (state === null || state.length < STATE_NAMES.length * DOUBLE_BYTES) {
    throw new PermanentError(
      'account-unreadable',
      `Account ${accountId} is listed in Redis, but what it holds of it cannot be read.`,
    );
  }
  const numbers = Object.fromEntries(STATE_NAMES.map((name, i) => [name, state.readDoubleLE(i * DOUBLE_BYTES)]));
  return { accountId, ...numbers } as HeldAccount;
}
