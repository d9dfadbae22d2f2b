/** The real ledger against the model: random histories give the same outcomes, balances and entries in both. */
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { cycleAt, cycleEnd, cycleStart } from '../../core/cycles.ts';
import { PARKED_MS_MAX } from '../../core/limits.ts';
import {
  applyCommand,
  applyEvents,
  createModel,
  type Model,
  readBalance,
  readLedger,
  setBook,
} from '../model/index.ts';
import { freshRedis } from '../support/engines.ts';
import { BOOKS, commandOf, eventOf, history, queuedOf, START_MS, type Step } from './histories.ts';
import { RealLedger } from './real-ledger.ts';

const RUNS = Number(process.env.HISTORIES ?? 150);
const ACCOUNTS = ['a', 'b', 'c:1'];

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

test('random histories agree with the model', async () => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      n += 1;
      await compare(steps, `{t-history-${process.pid}-${n}}`);
    }),
    { numRuns: RUNS, endOnFailure: process.env.CI === 'true' },
  );
});

async function compare(steps: readonly Step[], tag: string): Promise<void> {
  const model = createModel({ book: BOOKS[0] });
  let clock = START_MS;
  let real = await RealLedger.open(redis, tag, clock, BOOKS[0]);
  try {
    for (const step of steps) {
      if (step.kind === 'wait' || step.kind === 'turn') {
        const next = step.kind === 'wait' ? clock + step.ms : (endOf(model, step.account) ?? clock) + step.offsetMs;
        // What waits longer than a month is another test's.
        if (next <= clock || model.parked.some((parked) => next - parked.at.clock > PARKED_MS_MAX)) continue;
        clock = next;
        await real.setClock(clock);
      } else if (step.kind === 'book') {
        setBook(model, BOOKS[1], clock);
        real = await real.setBook(BOOKS[1]);
      } else if (step.kind === 'events') {
        const events = step.events.map((draft) => {
          const startMs = startOf(model, draft.account, clock);
          return { event: eventOf(draft, clock, startMs), queuedAt: queuedOf(draft, clock, startMs) };
        });
        const expected = applyEvents(model, events, clock).map(plain);
        expect((await real.events(events)).map(plain)).toEqual(expected);
      } else {
        const command = commandOf(step.draft, clock);
        const queuedAt = clock - step.draft.queuedAgoMs;
        const expected = plain(applyCommand(model, command, { clock, queuedAt }));
        expect(plain(await real.command(command, queuedAt))).toEqual(expected);
      }
    }
    for (const id of ACCOUNTS) expect(await balanceOf(real, id)).toEqual(expectedBalance(model, id, clock));
    const entries = await real.entries();
    for (const id of ACCOUNTS) {
      const expected = (readLedger(model, id, clock) ?? []).map(({ kind, cycle, monthly, bonus, uncovered }) => ({
        account: id,
        kind,
        cycle,
        monthly: Number(monthly),
        bonus: Number(bonus),
        uncovered: Number(uncovered),
      }));
      expect(entries.filter((entry) => entry.account === id)).toEqual(expected);
    }
    const counters = await real.counters();
    expect(Number(counters.parked)).toBe(model.parked.length);
    expect(Number(counters.dead ?? 0)).toBe(model.deadLetters.size);
  } finally {
    await real.remove();
  }
}

/** When the account's cycle that runs at the clock started; undefined where none did. */
function startOf(model: Model, id: string, clock: number): number | undefined {
  const account = model.accounts.get(id);
  if (account === undefined) return undefined;
  const cycle = cycleAt(account.schedule, clock);
  return cycle > 0 ? cycleStart(account.schedule, cycle) : undefined;
}

function endOf(model: Model, id: string): number | undefined {
  const account = model.accounts.get(id);
  return account && cycleEnd(account.schedule, account.cycle);
}

/** Outcomes as both sides tell them: what happened, why, and which field. */
function plain(outcome: { readonly outcome: string; readonly reason?: string; readonly field?: string }) {
  const { outcome: name, reason, field } = outcome;
  return { name, reason, field };
}

async function balanceOf(real: RealLedger, id: string) {
  const account = await real.account(id);
  if (account === undefined) return undefined;
  const { cycle, start, stop, granted, monthly, bonus, uncovered, closed } = account;
  return { cycle, start, stop, granted, monthly, bonus, uncovered, closed };
}

function expectedBalance(model: Model, id: string, clock: number) {
  const balance = readBalance(model, id, clock);
  if (balance === undefined) return undefined;
  const micros = (text: string): number => Math.round(Number(text) * 1e6);
  return {
    cycle: balance.monthly.cycle,
    start: Date.parse(balance.monthly.start),
    stop: Date.parse(balance.monthly.end),
    granted: micros(balance.monthly.granted),
    monthly: micros(balance.monthly.remaining),
    bonus: micros(balance.bonus.remaining),
    uncovered: micros(balance.uncovered),
    closed: balance.state === 'closed',
  };
}
