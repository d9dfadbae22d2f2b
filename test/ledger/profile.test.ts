/** What the platform says of an account, over several upserts: a field left out keeps its value, null clears it. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type AccountProfile, readAccount } from '../../ledger/account.ts';
import { freshRedis } from '../support/engines.ts';
import { START_MS, upsert } from './samples.ts';
import { openStage } from './stage.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

const SILENT = { email: undefined, timeZone: undefined, anchor: undefined, plan: undefined } as const;

test('left out keeps, null clears, a value replaces, and none of it touches the money', async () => {
  const real = await openStage(redis);
  const told = async (some: Parameters<typeof upsert>[0]): Promise<AccountProfile & { granted: number }> => {
    expect(await real.command(upsert(some), START_MS)).toEqual({ outcome: 'applied' });
    const { account } = await readAccount(real.context, 'a');
    return { ...account!.profile, granted: account!.granted };
  };
  const first = await told({ name: 'Ada', locale: 'de-DE', recipients: ['b@example.com'] });
  expect(first).toMatchObject({
    email: 'owner@example.com',
    name: 'Ada',
    locale: 'de-DE',
    recipients: ['b@example.com'],
  });
  expect(await told(SILENT)).toEqual(first);
  const cleared = await told({ ...SILENT, name: null, recipients: null });
  expect(cleared.name ?? '').toBe('');
  expect(cleared.recipients ?? []).toEqual([]);
  expect(cleared).toMatchObject({ email: 'owner@example.com', locale: 'de-DE', timeZone: 'UTC', granted: 1_000_000 });
  expect(await told({ ...SILENT, email: 'new@example.com', name: 'Bea' })).toMatchObject({
    email: 'new@example.com',
    name: 'Bea',
    planId: first.planId,
  });
});
