/**
 * Five years of cycles on the real ledger, beside the model: every anchor day in eight zones, with calls, late calls,
 * purchases, refunds, plan changes, outages of up to three cycles, and the job `cycle-reset` by one or two at once. Both
 * come to the same entries, balances and platform events, and nothing but calls and refunds ever lowers a bonus balance.
 * FIVE_YEARS=n plays n different five years.
 */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { seeded } from '../../bench/workload.ts';
import { cycleEnd, cycleStart } from '../../core/cycles.ts';
import { DAY_MS, HOUR_MS } from '../../core/limits.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import { runJob } from '../../jobs/run-job.ts';
import { readHeldAccounts } from '../../ledger/held-accounts.ts';
import { heard, toolsOf } from '../jobs/tools.ts';
import {
  applyCommand,
  applyEvents,
  createModel,
  type Model,
  readBalance,
  readLedger,
  upToDate,
} from '../model/index.ts';
import { freshRedis } from '../support/engines.ts';
import { RealLedger } from './real-ledger.ts';
import { BOOK, event, purchase, refund, upsert } from './samples.ts';
import { openStage } from './stage.ts';

const LIVES = Number(process.env.FIVE_YEARS ?? 1);
const ZONES = [
  ...['UTC', 'Europe/Berlin', 'America/New_York', 'America/Sao_Paulo'],
  ...['Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Auckland', 'Pacific/Apia'],
];
/** Midnight, an hour that changes of the clocks skip or repeat, the last second of a day. */
const TIMES = ['00:00:00', '02:30:00', '23:59:59'];
const START = Date.parse('2026-01-20T12:00:00Z');
const END = Date.parse('2031-01-25T00:00:00Z');
const PLANS = [0, 500, 1_000, 2_000].map((credits) => credits * 1_000);
/** What of all accounts makes a call in a step. */
const CALLERS_SHARE = 0.15;
const COMMANDS_A_STEP = 6;

let redis: Redis;
let other: Redis;
beforeAll(async () => {
  redis = await freshRedis();
  other = await freshRedis();
});

test.each(Array.from({ length: LIVES }, (_, i) => [i + 1]))('the real ledger and the model, life %s', async (seed) => {
  const life = await Life.open(seed);
  while (life.clock < END) await life.step();
  await life.compare();
});

class Life {
  clock = START;
  private readonly random: () => number;
  private readonly real: RealLedger;
  /** The same ledger as another process has it. */
  private readonly twin: RealLedger;
  private readonly model: Model = createModel({ book: BOOK });
  private readonly ids: readonly string[];
  private readonly terms = new Map<string, { anchor: string; timeZone: string }>();
  private readonly purchases = new Map<string, string[]>();

  private constructor(seed: number, real: RealLedger, twin: RealLedger) {
    this.random = seeded(seed);
    this.real = real;
    this.twin = twin;
    for (const [i, timeZone] of ZONES.entries()) {
      for (let day = 1; day <= 31; day += 1) {
        const anchor = `2026-01-${String(day).padStart(2, '0')}T${TIMES[(day + i) % TIMES.length]}`;
        this.terms.set(`${timeZone}-${day}`, { anchor, timeZone });
      }
    }
    this.ids = [...this.terms.keys()];
  }

  static async open(seed: number): Promise<Life> {
    const real = await openStage(redis, BOOK, START);
    const life = new Life(seed, real, await RealLedger.open(other, real.context.keys.tag, START, BOOK));
    for (const id of life.ids) await life.command(life.upsertOf(id));
    return life;
  }

  /** One moment: the clock goes on, some accounts are touched, the job runs before it, after it or not at all. */
  async step(): Promise<void> {
    this.clock = this.nextMoment();
    await this.real.setClock(this.clock);
    const order = this.random();
    if (order < 0.4) await this.runJob();
    await this.touch();
    if (order >= 0.8) await this.runJob();
  }

  /** To the end of somebody's cycle, a millisecond before it or a little after; now and then two cycles later. */
  private nextMoment(): number {
    for (;;) {
      const { schedule, cycle } = this.model.accounts.get(this.pick(this.ids))!;
      const missed = this.random() < 0.06 ? 1 + Math.floor(this.random() * 2) : 0;
      const at = cycleEnd(schedule, cycle + missed) + this.pick([-1, 0, HOUR_MS, 20 * HOUR_MS]);
      if (at > this.clock + 3 * DAY_MS) return at;
    }
  }

  private async runJob(): Promise<void> {
    const before = await this.bonuses();
    const runs = this.random() < 0.5 ? [this.real] : [this.real, this.twin];
    for (const { ok } of await Promise.all(runs.map(({ context }) => runJob('cycle-reset', toolsOf(context)))))
      expect(ok).toBe(true);
    for (const id of this.ids) upToDate(this.model, id, this.clock);
    expect(await this.bonuses()).toEqual(before);
  }

  private async touch(): Promise<void> {
    for (let i = 0; i < COMMANDS_A_STEP; i += 1) await this.command(this.someCommand());
    const callers = this.ids.filter(() => this.random() < CALLERS_SHARE);
    const events = callers.map((id) => this.someCall(id));
    const got = await this.real.events(events);
    const expected = applyEvents(this.model, events, this.clock);
    expect(got.map(({ outcome }) => outcome)).toEqual(expected.map(({ outcome }) => outcome));
  }

  private someCall(accountId: string): { event: UsageEvent; queuedAt: number } {
    const { schedule, cycle } = this.model.accounts.get(accountId)!;
    // Of the cycle that its clock says is running, or of the one before.
    const isLate = this.random() < 0.3;
    const start = cycleStart(schedule, cycle);
    const occurredAt = isLate && this.clock - start < 30 * DAY_MS ? Math.min(this.clock, start - 1) : this.clock;
    const tokens = Math.floor(this.random() ** 2 * 900_000);
    const queuedAt = Math.min(this.clock, Math.max(occurredAt, this.clock - this.pick([0, HOUR_MS, 30 * HOUR_MS])));
    return { event: event({ accountId, tokens, occurredAt }), queuedAt };
  }

  private someCommand(): AccountCommand {
    const accountId = this.pick(this.ids);
    const bought = this.purchases.get(accountId) ?? [];
    const word = this.random();
    if (word < 0.4) return this.upsertOf(accountId);
    if (word < 0.55 && bought.length > 0) {
      return { ...refund(this.pick(bought), Math.floor(this.random() * 400_000)), accountId };
    }
    const command = purchase({ accountId, amount: Math.ceil(this.random() * 800_000) });
    this.purchases.set(accountId, [...bought, command.id]);
    return command;
  }

  private upsertOf(accountId: string): AccountCommand {
    return upsert({ accountId, ...this.terms.get(accountId)!, monthly: this.pick(PLANS) });
  }

  private async command(command: AccountCommand): Promise<void> {
    const at = { clock: this.clock, queuedAt: this.clock };
    const expected = applyCommand(this.model, command, at);
    expect((await this.real.command(command, this.clock)).outcome).toBe(expected.outcome);
  }

  /** Everything of every account, brought up to date by the job. */
  async compare(): Promise<void> {
    await this.runJob();
    const entries = Map.groupBy(await this.real.entries(), ({ account }) => account);
    const told = Map.groupBy(await heard(this.real), ({ accountId }) => accountId);
    const held = new Map((await this.held()).map((one) => [one.accountId, one]));
    for (const id of this.ids) {
      const { cycle, start, stop, granted, monthly, bonus, uncovered } = held.get(id)!;
      expect([id, { cycle, start, stop, granted, monthly, bonus, uncovered }]).toEqual([id, this.expectedBalance(id)]);
      const got = entries.get(id)!.map(({ account: _, ...entry }) => entry);
      expect([id, got]).toEqual([id, this.expectedEntries(id)]);
      expect(told.get(id) ?? []).toEqual(this.expectedEvents(id));
      for (const { kind, bonus: delta } of got) {
        if (kind !== 'usage' && kind !== 'refund') expect(delta).toBeGreaterThanOrEqual(0);
      }
      expect(cycle).toBeGreaterThanOrEqual(60);
    }
    const kinds = new Set([...entries.values()].flat().map(({ kind }) => kind));
    for (const kind of ['grant', 'expiry', 'expiry-reversed', 'usage', 'purchase', 'refund'])
      expect(kinds).toContain(kind);
  }

  private expectedBalance(id: string) {
    const { monthly, bonus, uncovered } = readBalance(this.model, id, this.clock)!;
    const micros = (credits: string): number => Math.round(Number(credits) * 1e6);
    return {
      ...{ cycle: monthly.cycle, start: Date.parse(monthly.start), stop: Date.parse(monthly.end) },
      ...{ granted: micros(monthly.granted), monthly: micros(monthly.remaining) },
      ...{ bonus: micros(bonus.remaining), uncovered: micros(uncovered) },
    };
  }

  private expectedEntries(id: string) {
    return readLedger(this.model, id, this.clock)!.map(({ kind, cycle, monthly, bonus, uncovered }) => ({
      ...{ kind, cycle, monthly: Number(monthly), bonus: Number(bonus), uncovered: Number(uncovered) },
    }));
  }

  /** As JSON has them: without what is undefined. */
  private expectedEvents(id: string): unknown {
    return JSON.parse(JSON.stringify(this.model.accounts.get(id)!.platformEvents));
  }

  private held() {
    return readHeldAccounts(this.real.context, this.ids);
  }

  private async bonuses(): Promise<readonly number[]> {
    return (await this.held()).map(({ bonus }) => bonus);
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }
}
