/** The door to pages of accounts: what it says of each, that it ends, and that it refuses a ledger that is not its own. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { boundary } from '../../core/cycles.ts';
import { DAYS_KEPT } from '../../ledger/account.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { REVIEW_ACCOUNTS_MAX, reviewAccounts } from '../../ledger/review.ts';
import type { ScriptName } from '../../ledger/scripts.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { event, START_MS, serverLimit, upsert } from './samples.ts';
import { dump, openStage, outcomes } from './stage.ts';

const end = (cycle: number): number => boundary('2026-01-01T00:00:00', 'UTC', cycle);
const NOTHING = { changed: 0, reset: 0, cycles: 0, stale: [], unknown: [] };

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

async function openAccounts(...ids: string[]): Promise<RealLedger> {
  const real = await openStage(redis);
  for (const accountId of ids) await real.command(upsert({ accountId }), START_MS);
  return real;
}

/** The same ledger, and how often each script was called. */
function counted(context: LedgerContext): { context: LedgerContext; calls: Partial<Record<ScriptName, number>> } {
  const calls: Partial<Record<ScriptName, number>> = {};
  const run: LedgerContext['run'] = (name, keys, args) => {
    calls[name] = (calls[name] ?? 0) + 1;
    return context.run(name, keys, args);
  };
  return { context: { ...context, run }, calls };
}

describe('what it says', () => {
  test.each(['reset', 'check', 'digest'] as const)('%s: nothing of accounts that are up to date', async (mode) => {
    const real = await openAccounts('a', 'b');
    const before = await dump(real);
    expect(await reviewAccounts(real.context, mode, ['a', 'b'])).toEqual(NOTHING);
    expect(await reviewAccounts(real.context, mode, [])).toEqual(NOTHING);
    expect(await dump(real)).toEqual(before);
  });

  test.each(['reset', 'check'] as const)('%s: cycles that ended, and ids that nobody has', async (mode) => {
    const real = await openAccounts('a', 'b');
    await real.setClock(end(2));
    const told = await reviewAccounts(real.context, mode, ['a', 'nobody', 'b']);
    expect(told).toMatchObject({ changed: 2, reset: 2, cycles: 4, unknown: ['nobody'] });
    expect(await reviewAccounts(real.context, mode, ['a', 'b'])).toEqual(NOTHING);
    for (const id of ['a', 'b']) expect(await real.account(id)).toMatchObject({ cycle: 3 });
  });

  test('digest: an account that spent nothing lately is left as it is', async () => {
    const real = await openAccounts('a');
    await real.setClock(end(2));
    const told = await reviewAccounts(real.context, 'digest', ['a', 'nobody']);
    expect(told).toMatchObject({ reset: 0, stale: [], unknown: ['nobody'] });
  });

  test('its sequence is the ledger’s from then on', async () => {
    const real = await openAccounts('a');
    await real.setClock(end(1));
    await reviewAccounts(real.context, 'reset', ['a']);
    expect(String(real.context.seen.sequence)).toBe(await redis.hget(real.context.keys.meta, 'sequence'));
  });
});

describe('lists that are used up', () => {
  const LATE = START_MS + (DAYS_KEPT + 1) * 86_400_000;

  test('local days are renewed where something hangs on them, and left where nothing does', async () => {
    const real = await openAccounts('watched', 'plain');
    await real.command(serverLimit('srv', { accountId: 'watched' }), START_MS);
    await outcomes(real, [event({ accountId: 'watched', tokens: 9_000 })]);
    await real.setClock(LATE);
    const told = await reviewAccounts(real.context, 'reset', ['watched', 'plain']);
    expect(told).toMatchObject({ stale: ['watched'], reset: 0 });
    expect((await reviewAccounts(real.context, 'check', ['watched', 'plain'])).stale).toEqual(['plain']);
  });

  test('after many years a page takes as many calls as it has cycles to end, and no account is done twice', async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `a${i}`);
    const real = await openAccounts(...ids);
    await real.setClock(end(100));
    const { context, calls } = counted(real.context);
    const told = await reviewAccounts(context, 'reset', ids);
    expect(told).toMatchObject({ changed: 10, reset: 10, cycles: 1_000, unknown: [] });
    expect([...told.stale].sort()).toEqual(ids);
    expect(calls.reviewAccounts).toBeGreaterThanOrEqual(1_000 / (REVIEW_ACCOUNTS_MAX + 13));
    const grants = (await real.entries()).filter(({ kind }) => kind === 'grant');
    expect(new Set(grants.map(({ account, cycle }) => `${account} ${cycle}`)).size).toBe(grants.length);
    expect(grants).toHaveLength(10 * 101);
  });
});

describe('refused', () => {
  test('a page that is too large', async () => {
    const real = await openAccounts();
    const ids = Array.from({ length: REVIEW_ACCOUNTS_MAX + 1 }, (_, i) => `a${i}`);
    await expect(reviewAccounts(real.context, 'reset', ids)).rejects.toThrow(RangeError);
  });

  test.each([
    ['another ledger', { ledgerId: 'another' }, 'ledger-is-another'],
    ['one that went back', { seen: { sequence: 1_000, directory: '' } }, 'ledger-went-back'],
  ])('%s', async (_, other, code) => {
    const real = await openAccounts('a');
    await real.setClock(end(1));
    const before = await dump(real);
    await expect(reviewAccounts({ ...real.context, ...other }, 'reset', ['a'])).rejects.toMatchObject({ code });
    expect(await dump(real)).toEqual(before);
  });
});
