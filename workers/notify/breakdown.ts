/**
 * Who used what, for the mails of one batch: asked of ClickHouse's rollups once a batch, within a bounded time. A mail goes
 * without it rather than late, so nothing here throws; what was committed in the last second is not in it yet.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { dayStart } from '../../core/local-days.ts';
import type { PriceBook } from '../../core/price.ts';
import type { Breakdown, Share } from '../../emails/message.ts';
import type { FlushLog } from '../flush/log.ts';
import { CYCLES, SHARES_MAX, type UsedRow, WEEK, WEEK_DAYS } from './breakdown-queries.ts';
import { savingOf } from './saving.ts';
import type { Snapshot } from './snapshot.ts';

/** What ClickHouse knows for a mail. `week` is there for a digest alone. */
export interface Used {
  readonly breakdown: Breakdown | undefined;
  readonly week: { readonly days: readonly bigint[]; readonly before: bigint } | undefined;
}

/** Whose usage, of which span: a cycle, or the week from `firstDay` on. */
export interface Ask {
  readonly accountId: string;
  readonly cycle: number | undefined;
  readonly firstDay: number | undefined;
  readonly from: number;
  readonly to: number;
}

/** A cycle that ended is what a reset tells of, the last week what a digest does; all else is of the running cycle. */
export function askOf(accountId: string, timeZone: string, snapshot: Snapshot): Ask {
  const { firstDay, ended, cycle, start, at } = snapshot;
  if (firstDay !== undefined) {
    const [from, to] = [dayStart(timeZone, firstDay), dayStart(timeZone, firstDay + WEEK_DAYS)];
    return { accountId, cycle: undefined, firstDay, from, to };
  }
  const span =
    ended === undefined ? { cycle, from: start, to: at } : { cycle: ended.cycle, from: ended.start, to: start };
  return { accountId, firstDay: undefined, ...span };
}

export interface BreakdownOptions {
  readonly clickhouse: ClickHouseClient;
  readonly book: PriceBook;
  readonly log: FlushLog;
  readonly timeoutMs: number;
}

export type Breakdowns = (asks: readonly Ask[]) => Promise<(Used | undefined)[]>;

/** Answers each ask in its place; undefined where ClickHouse was away or too slow. */
export function breakdowns({ clickhouse, book, log, timeoutMs }: BreakdownOptions): Breakdowns {
  let isAway = false;
  const select = async (query: string, query_params: Record<string, unknown>): Promise<UsedRow[]> => {
    const abort_signal = AbortSignal.timeout(timeoutMs);
    const result = await clickhouse.query({
      ...{ query, query_params, abort_signal, format: 'JSONEachRow' },
      // One thread: mails are sent beside inserts, and a page of accounts is one stretch each.
      clickhouse_settings: { max_threads: 1, max_execution_time: Math.ceil(timeoutMs / 1_000) },
    });
    return result.json<UsedRow>();
  };
  const answer = async (asks: readonly Ask[]): Promise<(Used | undefined)[]> => {
    const ofCycles = asks.filter(({ cycle }) => cycle !== undefined);
    const weeks = new Map<number, string[]>();
    for (const { firstDay, accountId } of asks) {
      if (firstDay !== undefined) weeks.set(firstDay, [...(weeks.get(firstDay) ?? []), accountId]);
    }
    const cycleRows =
      ofCycles.length === 0
        ? []
        : select(CYCLES, {
            accounts: distinct(ofCycles.map(({ accountId }) => accountId)),
            cycles: distinct(ofCycles.map(({ cycle }) => cycle!)),
          });
    const weekRows = [...weeks].map(
      async ([first, accounts]) => [first, await select(WEEK, { accounts, first })] as const,
    );
    const [rows, ...others] = await Promise.all([cycleRows, ...weekRows]);
    const rowsOfWeek = new Map(others);
    return asks.map((ask) => {
      const { accountId, cycle, firstDay } = ask;
      if (firstDay === undefined) {
        const own = rows.filter(({ account, key }) => account === accountId && key === cycle);
        return { breakdown: breakdownOf(ask, own, book), week: undefined };
      }
      const own = rowsOfWeek.get(firstDay)!.filter(({ account }) => account === accountId);
      return { breakdown: breakdownOf(ask, own, book), week: weekOf(firstDay, own) };
    });
  };
  return async (asks) => {
    try {
      const answers = await answer(asks);
      isAway = false;
      return answers;
    } catch (error) {
      if (!isAway) log.info({ event: 'mail-breakdown-missing', err: error }, 'mails go without a breakdown of usage');
      isAway = true;
      return asks.map(() => undefined);
    }
  };
}

/** Pure: rows of one account's one span. Nothing used: no breakdown. */
export function breakdownOf(ask: Ask, rows: readonly UsedRow[], book: PriceBook): Breakdown | undefined {
  const whole = rows.find(({ part }) => part === 'whole');
  // Before an account's first cycle there is no start to name.
  if (whole === undefined || Number(whole.events) <= 0 || ask.from === 0) return undefined;
  const shares = (part: 'server' | 'model'): Share[] =>
    rows
      .filter((row) => row.part === part && Number(row.events) > 0)
      .slice(0, SHARES_MAX)
      .map((row) => ({ name: row[part], events: Number(row.events), credits: BigInt(row.cost) }));
  const top = rows.find(({ part }) => part === 'pair');
  const [input, output, cacheRead, cacheWrite] = (top?.tokens ?? []).map((text) => Math.max(0, Number(text)));
  return {
    ...{ from: ask.from, to: ask.to, events: Number(whole.events), credits: BigInt(whole.cost) },
    ...{ servers: shares('server'), models: shares('model') },
    saving:
      top === undefined
        ? undefined
        : savingOf(book, {
            ...{ serverId: top.server, model: top.model, atMs: ask.to },
            tokens: { input: input!, output: output!, cacheRead: cacheRead!, cacheWrite: cacheWrite! },
          }),
  };
}

function weekOf(firstDay: number, rows: readonly UsedRow[]): { days: bigint[]; before: bigint } {
  const costs = new Map(rows.filter(({ part }) => part === 'day').map(({ key, cost }) => [key, BigInt(cost)]));
  const costOf = (day: number): bigint => costs.get(day) ?? 0n;
  const offsets = Array.from({ length: WEEK_DAYS }, (_, i) => i);
  return {
    days: offsets.map((i) => costOf(firstDay + i)),
    before: offsets.reduce((sum, i) => sum + costOf(firstDay - WEEK_DAYS + i), 0n),
  };
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
