/**
 * Compares what was accepted, the balances in Redis and the history in ClickHouse (contract, `reconcile`), while the
 * service works or while it stands still.
 * As of one sequence number: the total of accepted events. Each account: as of the last commit that changed it, which
 * Redis tells in the same reply as its balance; rows of later commits are left out. Rollups: against the raw rows, as
 * they are. Invariant: reads only; memory is bounded by a page of accounts (and their ids).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { formatCredits } from '../core/money.ts';
import type { LedgerContext } from '../ledger/context.ts';
import { untilFlushed } from '../ledger/flushed.ts';
import { readHeldAccounts } from '../ledger/held-accounts.ts';
import {
  ACCEPTED,
  ACCOUNTS,
  balanceRows,
  entryRows,
  type PageAccount,
  TOTALS,
  totalRows,
  uncoveredRows,
} from './reconcile-queries.ts';

/** Accounts compared at once: their ids, three times in one query, stay below ClickHouse's 256 KiB a query. */
const PAGE = 400;
/** Differences that are listed; the drift counts all of them. */
const MISMATCHES_LISTED_MAX = 1_000;
/** Parts of a block appear one table after the other: a rollup that differs is read again this often. */
const ROLLUP_TRIES = 6;
const ROLLUP_RETRY_MS = 500;
/** How long the flusher may take for one commit: far longer than any block, short of waiting for ever. */
const FLUSH_WAIT_MS_MAX = 120_000;
/** Account of a difference that is no single account's. */
export const EVERY_ACCOUNT = '*';

export interface Mismatch {
  readonly account: string;
  readonly what: string;
  /** What Redis says; of rollups, what the raw rows say; of voids, what the ledger's entries say. Credits, or a count. */
  readonly expected: string;
  readonly found: string;
}

export interface ReconcileReport {
  readonly accounts: number;
  /** Accepted up to `sequence`. */
  readonly events: number;
  readonly sequence: number;
  /** Sum of the absolute differences in credits. */
  readonly drift: string;
  readonly mismatches: readonly Mismatch[];
}

export interface ReconcileOptions {
  readonly ledger: LedgerContext;
  /** May be one that only reads. */
  readonly clickhouse: ClickHouseClient;
  /** Ids of every account. */
  readonly accountIds: readonly string[];
  readonly signal: AbortSignal;
  /** Told after each page. */
  readonly onProgress?: (accounts: number) => void;
}

/** Compares everything. Throws TransientError `not-flushed` when nobody writes to ClickHouse what Redis has. */
export async function reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
  const { ledger, accountIds, onProgress } = options;
  const [sequence, accepted] = (await ledger.redis.hmget(ledger.keys.meta, 'sequence', 'accepted')).map(Number);
  const found = new Findings();
  await flushedUpTo(options, sequence!);
  const [total] = await rows(options, ACCEPTED, { sequence });
  found.count(EVERY_ACCOUNT, 'accepted', BigInt(accepted!), amount(total?.accepted));
  for (let from = 0; from < accountIds.length; from += PAGE) {
    const page = accountIds.slice(from, from + PAGE);
    await comparePage(options, page, found);
    onProgress?.(from + page.length);
  }
  await findStrangers(options, found);
  return {
    accounts: accountIds.length,
    events: accepted!,
    sequence: sequence!,
    drift: formatCredits(found.drift),
    mismatches: found.listed,
  };
}

async function comparePage(options: ReconcileOptions, ids: readonly string[], found: Findings): Promise<void> {
  const page = await readHeldAccounts(options.ledger, ids);
  await flushedUpTo(options, Math.max(0, ...page.map((one) => one.sequence)));
  const [usage, uncovered, entries] = await Promise.all([
    byAccount(options, balanceRows(page)),
    byAccount(options, uncoveredRows(page)),
    byAccount(options, entryRows(page)),
  ]);
  for (const one of page) {
    const { accountId: account } = one;
    const row = usage.get(account);
    const entry = entries.get(account);
    found.count(account, 'events', BigInt(one.events), amount(row?.total_events));
    found.count(account, 'events whose parts add up to their cost', 0n, amount(row?.total_parts));
    found.credits(account, 'cost that nobody paid', 0n, amount(row?.total_unpaid));
    found.credits(account, 'cost', BigInt(one.cost), amount(row?.total_cost));
    found.credits(account, 'monthly', BigInt(one.monthly), amount(entry?.total_monthly) - amount(row?.total_monthly));
    found.credits(account, 'bonus', BigInt(one.bonus), amount(entry?.total_bonus) - amount(row?.total_bonus));
    found.credits(account, 'uncovered', BigInt(one.uncovered), amount(uncovered.get(account)?.total_uncovered));
    for (const part of ['bonus', 'uncovered'] as const) {
      found.credits(
        account,
        `${part} of voids`,
        amount(entry?.[`total_void_${part}`]),
        amount(row?.[`total_void_${part}`]),
      );
    }
  }
  await compareRollups(options, page, found);
}

async function compareRollups(options: ReconcileOptions, all: readonly PageAccount[], found: Findings): Promise<void> {
  let page: readonly PageAccount[] = all;
  for (let tries = 1; page.length > 0; tries += 1) {
    const attempt = new Findings();
    const raw = await byAccount(options, totalRows('usage_events', page));
    for (const table of ['usage_quarter_hours', 'usage_days'] as const) {
      const rollup = await byAccount(options, totalRows(table, page));
      for (const { accountId } of page)
        compareTotals(attempt, accountId, table, raw.get(accountId), rollup.get(accountId));
    }
    if (tries === ROLLUP_TRIES) return found.take(attempt);
    page = page.filter((one) => attempt.accounts.has(one.accountId));
    if (page.length > 0) await delay(ROLLUP_RETRY_MS, undefined, { signal: options.signal });
  }
}

function compareTotals(
  found: Findings,
  account: string,
  table: string,
  raw: Row | undefined,
  rollup: Row | undefined,
): void {
  for (const name of TOTALS) {
    const [expected, got] = [amount(raw?.[`total_${name}`]), amount(rollup?.[`total_${name}`])];
    const isCredits = name === 'cost' || name === 'monthly' || name === 'bonus' || name === 'uncovered';
    if (isCredits) found.credits(account, `${table}.${name}`, expected, got);
    else found.count(account, `${table}.${name}`, expected, got);
  }
}

/** Rows of accounts that Redis does not know. */
async function findStrangers({ ledger, clickhouse, signal }: ReconcileOptions, found: Findings): Promise<void> {
  const result = await clickhouse.query({ query: ACCOUNTS, format: 'JSONCompactEachRow', abort_signal: signal });
  for await (const chunk of result.stream<[string]>()) {
    const ids = chunk.map((row) => row.json()[0]);
    const scores = ids.length === 0 ? [] : await ledger.redis.zmscore(ledger.keys.accounts, ...ids);
    for (const [i, score] of scores.entries())
      if (score === null) found.add(ids[i]!, 'account', 'in Redis', 'in ClickHouse only', 0n);
  }
}

const flushedUpTo = ({ ledger, signal }: ReconcileOptions, sequence: number): Promise<void> =>
  untilFlushed(ledger, sequence, { waitMsMax: FLUSH_WAIT_MS_MAX, signal });

type Row = Readonly<Record<string, string>>;

async function rows(
  { clickhouse, signal }: ReconcileOptions,
  query: string,
  params: Record<string, unknown> = {},
): Promise<Row[]> {
  const result = await clickhouse.query({ query, query_params: params, format: 'JSONEachRow', abort_signal: signal });
  return result.json<Row>();
}

async function byAccount(options: ReconcileOptions, query: string): Promise<Map<string, Row>> {
  return new Map((await rows(options, query)).map((row) => [row.account_id!, row]));
}

const amount = (text: string | undefined): bigint => BigInt(text ?? 0);

/** Differences as they are found. */
class Findings {
  drift = 0n;
  readonly listed: Mismatch[] = [];
  readonly accounts = new Set<string>();

  count(account: string, what: string, expected: bigint, found: bigint): void {
    if (expected !== found) this.add(account, what, String(expected), String(found), 0n);
  }

  credits(account: string, what: string, expected: bigint, found: bigint): void {
    const difference = expected < found ? found - expected : expected - found;
    if (difference !== 0n) this.add(account, what, formatCredits(expected), formatCredits(found), difference);
  }

  add(account: string, what: string, expected: string, found: string, difference: bigint): void {
    this.drift += difference;
    this.accounts.add(account);
    if (this.listed.length < MISMATCHES_LISTED_MAX) this.listed.push({ account, what, expected, found });
  }

  take(other: Findings): void {
    this.drift += other.drift;
    for (const { account, what, expected, found } of other.listed) this.add(account, what, expected, found, 0n);
  }
}
