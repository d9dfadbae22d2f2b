/** Reads one cycle of an account: its ledger's lines, and its usage by server and model. */
import type { ClickHouseClient } from '@clickhouse/client';
import { cycleEnd, cycleStart } from '../../core/cycles.ts';
import { PermanentError } from '../../core/errors.ts';
import type { AccountState } from '../../ledger/account.ts';
import { readLedger } from '../ledger/read.ts';
import { type Statement, StatementBuilder, type StatementUsage } from './build.ts';

/**
 * What each server used of each model and this cycle paid, wherever rule 5 put a late call: rows that it paid from its
 * own credits, and what late rows of the next cycle had of it. Parameters: account, upTo, cycle.
 */
const USAGE = `
  SELECT server_id, model, toString(count()), toString(sum(monthly)), toString(sum(bonus)), toString(sum(uncovered))
  FROM (
    SELECT server_id, model, from_monthly AS monthly, from_bonus AS bonus, uncovered FROM usage_events
    WHERE account_id = {account:String} AND sequence <= {upTo:UInt64} AND events > 0 AND paying_cycle = {cycle:Int32}
      AND (from_previous = 0 OR from_previous != cost)
    UNION ALL
    SELECT server_id, model, from_previous AS monthly, toInt64(0) AS bonus, toInt64(0) AS uncovered FROM usage_events
    WHERE account_id = {account:String} AND sequence <= {upTo:UInt64} AND events > 0
      AND paying_cycle = {cycle:Int32} + 1 AND from_previous > 0
  )
  GROUP BY server_id, model ORDER BY sum(monthly) + sum(bonus) + sum(uncovered) DESC, server_id, model`;

/**
 * The statement, from what ClickHouse has up to sequence `upTo`. Throws `cycle-unknown` for a cycle that has not begun,
 * or was over before the account was known.
 */
export async function readStatement(
  clickhouse: ClickHouseClient,
  account: AccountState,
  cycle: number,
  upTo: number,
): Promise<Statement> {
  if (cycle > account.cycle) throw unknown(account, cycle, `has not begun: cycle ${account.cycle} is running`);
  const builder = new StatementBuilder(cycle);
  const { accountId } = account;
  for await (const line of readLedger(clickhouse, { accountId, upTo })) builder.add(line);
  if (builder.firstCycle !== undefined && cycle < builder.firstCycle) {
    throw unknown(account, cycle, `was over before the account was known: it started in cycle ${builder.firstCycle}`);
  }
  const facts = {
    accountId,
    timeZone: account.profile.timeZone,
    asOf: account.asOf,
    start: builder.start ?? cycleStart(account.schedule, cycle),
    end: builder.end ?? cycleEnd(account.schedule, cycle),
    isOver: cycle < account.cycle,
  };
  const isHeld = cycle === account.cycle && upTo >= account.sequence;
  const held = { monthly: BigInt(account.monthly), bonus: BigInt(account.bonus), uncovered: BigInt(account.uncovered) };
  return builder.finish(facts, await readUsage(clickhouse, accountId, cycle, upTo), isHeld ? held : undefined);
}

async function readUsage(
  clickhouse: ClickHouseClient,
  account: string,
  cycle: number,
  upTo: number,
): Promise<StatementUsage[]> {
  const query_params = { account, cycle, upTo };
  const result = await clickhouse.query({ query: USAGE, query_params, format: 'JSONCompactEachRow' });
  return (await result.json<string[]>()).map(([serverId, model, events, monthly, bonus, uncovered]) => ({
    ...{ serverId: serverId!, model: model!, events: Number(events) },
    ...{ monthly: BigInt(monthly!), bonus: BigInt(bonus!), uncovered: BigInt(uncovered!) },
  }));
}

function unknown({ accountId }: AccountState, cycle: number, why: string): PermanentError {
  return new PermanentError('cycle-unknown', `Cycle ${cycle} of account ${accountId} ${why}.`, { field: '--cycle' });
}
