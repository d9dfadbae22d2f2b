/**
 * Finds the charge of an event in ClickHouse, for its void. One that was not flushed yet is waited for: a bounded time,
 * after which the caller tries again for as long as it likes.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { TransientError } from '../../core/errors.ts';
import type { ChargedEvent, ChargeStore } from '../../ledger/charges.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { untilFlushed } from '../../ledger/flushed.ts';
import { USAGE_COLUMNS } from '../../schema/rows.ts';
import { decodeUsageBody } from '../../schema/usage-body.ts';
import { decodeUsageSplit } from '../../schema/usage-split.ts';
import type { Flusher } from '../flush/flusher.ts';

/** Far longer than a flush takes: when it passes, ClickHouse is away, and the log says so. */
const FLUSH_WAIT_MS_MAX = 10_000;

const ROW = `
  SELECT ${USAGE_COLUMNS.map((name) => `\`${name}\``).join(', ')} FROM usage_events
  WHERE account_id = {account:String} AND event_id = {event:String} AND events > 0 LIMIT 1 FORMAT RowBinary`;

export interface ChargeStoreOptions {
  readonly clickhouse: ClickHouseClient;
  readonly context: LedgerContext;
  /** Asked to hurry by whoever waits; left out: the flusher is another process's. */
  readonly flusher?: Pick<Flusher, 'flushNow'>;
  /** Ends every wait; what was looked for then rejects with its reason. */
  readonly signal: AbortSignal;
}

export function chargeStore({ clickhouse, context, flusher, signal }: ChargeStoreOptions): ChargeStore {
  let isHurrying = false;
  const hurry = (): void => {
    if (isHurrying || flusher === undefined) return;
    isHurrying = true;
    const done = (): void => {
      isHurrying = false;
    };
    flusher.flushNow().then(done, done); // one that fails has stopped, and then the waiting ends as well
  };
  const read = async (account: string, event: string): Promise<ChargedEvent | undefined> => {
    const query_params = { account, event };
    try {
      const { stream } = await clickhouse.exec({ query: ROW, query_params, abort_signal: signal });
      return decode(Buffer.concat((await stream.toArray()) as Buffer[]));
    } catch (cause) {
      signal.throwIfAborted();
      throw new TransientError('clickhouse-unavailable', 'ClickHouse did not say what the event was charged.', {
        cause,
      });
    }
  };
  return {
    async find(accountId, eventId, upTo) {
      const row = await read(accountId, eventId);
      if (row !== undefined) return row;
      hurry();
      await untilFlushed(context, upTo, { waitMsMax: FLUSH_WAIT_MS_MAX, signal });
      return read(accountId, eventId);
    },
  };
}

function decode(row: Buffer): ChargedEvent | undefined {
  if (row.length === 0) return undefined;
  const { event, derived, end } = decodeUsageBody(row);
  return { event, derived, split: decodeUsageSplit(row, end) };
}
