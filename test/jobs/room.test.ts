/** The wait for room in Redis: jobs write no more than leaves for ClickHouse, for as long as the wait may last. */
import { expect, test } from '@jest/globals';
import { dueAccounts } from '../../jobs/account-chunks.ts';
import { reportOf, reviewPages } from '../../jobs/review-pages.ts';
import { untilRoom } from '../../jobs/room.ts';
import { START_MS, upsert } from '../ledger/samples.ts';
import { openStage } from '../ledger/stage.ts';
import { freshRedis } from '../support/engines.ts';
import { toolsOf } from './tools.ts';

const redis = await freshRedis();
const END = Date.parse('2026-02-01T00:00:00Z');
const { signal } = new AbortController();

async function openDue() {
  const real = await openStage(redis);
  await real.command(upsert(), START_MS);
  await real.setClock(END);
  return real;
}

test('there is room while the outbox is below the bound', async () => {
  const { context } = await openDue();
  expect(await untilRoom(context, { signal })).toBe(true);
  expect(await untilRoom(context, { signal, outboxBytesMax: 1, waitMsMax: 0 })).toBe(false);
});

test('waits until the outbox has been trimmed', async () => {
  const { context } = await openDue();
  const bytes = (await redis.memory('USAGE', context.keys.outboxRows))!;
  const waiting = untilRoom(context, { signal, outboxBytesMax: bytes - 1 });
  await redis.xtrim(context.keys.outboxRows, 'MAXLEN', 0);
  await redis.del(context.keys.outboxRows);
  expect(await waiting).toBe(true);
});

test('ends at once when the job is stopped', async () => {
  const { context } = await openDue();
  const stopping = new AbortController();
  const waiting = untilRoom(context, { signal: stopping.signal, outboxBytesMax: 1 });
  stopping.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow();
});

test('a run that finds no room says so, and the next one does the rest', async () => {
  const { context } = await openDue();
  const due = () => dueAccounts(context, 'accounts', END);
  const room = { outboxBytesMax: 1, waitMsMax: 0 };
  const held = await reviewPages(toolsOf(context), { mode: 'reset', room }, due());
  expect(reportOf(held, '0 account(s) reset')).toEqual({
    ok: false,
    summary: '0 account(s) reset; Redis has no room for more, so the rest is left to the next run.',
    rows: [],
  });
  expect(await reviewPages(toolsOf(context), { mode: 'reset' }, due())).toMatchObject({ reset: 1, isFull: false });
});
