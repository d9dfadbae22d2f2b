/** The scheduled jobs as functions: what each does, dry runs, being run twice at once, and what is kept of a run. */
import { describe, expect, test } from '@jest/globals';
import { defaultRepeatStrategy } from 'bullmq';
import type { PriceBook } from '../../core/price.ts';
import { findJob, JOB_TIME_ZONE, nextRunAfter, SCHEDULED_JOBS } from '../../jobs/registry.ts';
import { lastRuns, runJob } from '../../jobs/run-job.ts';
import type { RealLedger } from '../ledger/real-ledger.ts';
import { BOOK, event, LATER_BOOK, purchase, START_MS, upsert } from '../ledger/samples.ts';
import { counts, dump, openStage, outcomes } from '../ledger/stage.ts';
import { freshRedis } from '../support/engines.ts';
import { toolsOf } from './tools.ts';

const DAY_MS = 86_400_000;
const redis = await freshRedis();

/** A ledger where `a` is known, and an event of `a` waits for its model, one of `b` and a purchase for their account. */
async function openParked(): Promise<RealLedger> {
  const real = await openStage(redis);
  await real.command(upsert(), START_MS);
  expect(await outcomes(real, [event({ model: 'late' }), event({ accountId: 'b' })])).toEqual([
    'parked unknown-model',
    'parked unknown-account',
  ]);
  await real.command(purchase({ accountId: 'b' }), START_MS);
  return real;
}

const run = (real: RealLedger, name: string, book: PriceBook, now?: number) =>
  runJob(name, toolsOf(real.context, book), now === undefined ? {} : { now });

describe('redrive-parked', () => {
  test('charges what is known by now; run by two at once it is charged once, and a third run finds nothing', async () => {
    const real = await openParked();
    await Promise.all([run(real, 'redrive-parked', LATER_BOOK), run(real, 'redrive-parked', LATER_BOOK)]);
    expect(await real.account('a')).toMatchObject({ events: 1, cost: 2_000 });
    expect(await counts(real)).toMatchObject({ accepted: 1, parked: 2, dead: 0 });
    expect(await run(real, 'redrive-parked', LATER_BOOK)).toEqual({
      job: 'redrive-parked',
      at: new Date(START_MS).toISOString(),
      dryRun: false,
      ok: true,
      summary: '0 parked event(s) charged, 0 parked item(s) set aside as dead letters.',
      rows: [
        { outcome: 'charged', items: 0 },
        { outcome: 'set aside', items: 0 },
      ],
    });
  });

  test('sets aside what waited for over 30 days', async () => {
    const real = await openParked();
    await real.setClock(START_MS + 30 * DAY_MS + 1);
    const { rows } = await run(real, 'redrive-parked', BOOK);
    expect(rows).toEqual([
      { outcome: 'charged', items: 0 },
      { outcome: 'set aside', items: 3 },
    ]);
    expect(await counts(real)).toMatchObject({ parked: 0, dead: 3 });
  });

  test('ahead of the clock it tells what would happen, and changes nothing', async () => {
    const real = await openParked();
    const before = await dump(real);
    const soon = await run(real, 'redrive-parked', LATER_BOOK, START_MS + 1);
    expect(soon).toMatchObject({ dryRun: true, at: new Date(START_MS + 1).toISOString() });
    expect(soon.rows).toEqual([
      { outcome: 'charged', items: 1 },
      { outcome: 'set aside', items: 0 },
    ]);
    expect((await run(real, 'redrive-parked', LATER_BOOK, START_MS + 31 * DAY_MS)).rows).toEqual([
      { outcome: 'charged', items: 0 },
      { outcome: 'set aside', items: 3 },
    ]);
    expect(await dump(real)).toEqual(before);
  });

  test('at the present, or before it, it runs', async () => {
    const real = await openParked();
    expect(await run(real, 'redrive-parked', LATER_BOOK, START_MS - DAY_MS)).toMatchObject({ dryRun: false });
    expect(await counts(real)).toMatchObject({ accepted: 1, parked: 2 });
  });
});

describe('what is kept of a run', () => {
  test('the last one, with its result; of a dry run nothing', async () => {
    const real = await openParked();
    await run(real, 'redrive-parked', BOOK, START_MS + 1);
    expect(await lastRuns(real.context)).toEqual(new Map());
    await run(real, 'redrive-parked', BOOK);
    await run(real, 'redrive-parked', LATER_BOOK);
    expect(await lastRuns(real.context)).toEqual(
      new Map([
        [
          'redrive-parked',
          {
            at: new Date(START_MS).toISOString(),
            ok: true,
            summary: '1 parked event(s) charged, 0 parked item(s) set aside as dead letters.',
          },
        ],
      ]),
    );
  });

  test('a run that failed, without the words of what it failed at', async () => {
    const real = await openStage(redis);
    await expect(run(real, 'reconcile', BOOK)).rejects.toThrow('no ClickHouse');
    expect((await lastRuns(real.context)).get('reconcile')).toMatchObject({
      ok: false,
      summary: 'It failed; the log says more.',
    });
  });
});

describe('the registry', () => {
  test('an unknown name is refused with the names there are', async () => {
    const real = await openStage(redis);
    await expect(run(real, 'cycle-rest', BOOK)).rejects.toMatchObject({
      code: 'unknown-job',
      message:
        'There is no job "cycle-rest"; the jobs are cycle-reset, threshold-check, daily-limits, reconcile, redrive-parked, usage-digest.',
    });
  });

  test.each(SCHEDULED_JOBS.map((job) => [job.name, job] as const))('%s has a pattern that comes', (name, job) => {
    expect(findJob(name)).toBe(job);
    expect(nextRunAfter(job.pattern, START_MS)).toBeGreaterThan(START_MS);
  });

  test.each([
    ['15 3 * * *', '2026-03-29T01:00:00Z', '2026-03-29T03:15:00.000Z'],
    ['15 3 * * *', '2026-03-29T03:15:00Z', '2026-03-30T03:15:00.000Z'],
    ['*/5 * * * *', '2026-12-31T23:56:00Z', '2027-01-01T00:00:00.000Z'],
    ['0 9 * * 1,2', '2026-03-29T09:00:00Z', '2026-03-30T09:00:00.000Z'],
    ['0 9 * * 1,2', '2026-03-30T09:00:00Z', '2026-03-31T09:00:00.000Z'],
    ['0 9 * * 1,2', '2026-03-31T09:00:00Z', '2026-04-06T09:00:00.000Z'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('%s after %s comes at %s', (pattern, after, next) => {
    expect(new Date(nextRunAfter(pattern, Date.parse(after))).toISOString()).toBe(next);
  });

  test.each(SCHEDULED_JOBS.map((job) => [job.name, job.pattern] as const))(
    'the schedule reads the pattern of %s in the same way, for ten runs',
    (_, pattern) => {
      for (let [ms, runs] = [START_MS, 0]; runs < 10; runs += 1) {
        const next = nextRunAfter(pattern, ms);
        expect(next).toBe(defaultRepeatStrategy(ms, { pattern, tz: JOB_TIME_ZONE }));
        ms = next;
      }
    },
  );

  test.each(['every day', '61 * * * *', '0 0 31 2 *', '', '* * *', '0 * * * * *', '@daily'])(
    'the pattern %s is refused',
    (pattern) => {
      expect(() => nextRunAfter(pattern, START_MS)).toThrow(
        expect.objectContaining({ code: 'pattern-invalid', message: expect.stringContaining(JSON.stringify(pattern)) }),
      );
    },
  );
});
