/** Whether both stores hold the same ledger, and what waits or was set aside. */
import { PermanentError } from '../../core/errors.ts';
import { PARKED_EVENTS_MAX } from '../../core/limits.ts';
import { lastRuns } from '../../jobs/run-job.ts';
import { ledgerContext } from '../../ledger/context.ts';
import { ledgerKeys, partitionTag } from '../../ledger/keys.ts';
import { ledgerClock } from '../../ledger/ledger-clock.ts';
import { readBacklog } from '../../ledger/outbox.ts';
import { loadPriceBook } from '../../schema/price-book.ts';
import { unrecordedPriceVersions } from '../../schema/price-versions.ts';
import { clickhouseHistory } from '../../workers/history-store.ts';
import { plural, showCount } from '../terminal/format.ts';
import { type Check, check, type Finding, fail, ok, type Whole, warn } from './check.ts';

const KEYS = ledgerKeys(partitionTag(0));
/** Above this share of its bound, what comes next may not be parked any more. */
const PARKED_SHARE_WARN = 0.8;
/** A flusher that works has everything in ClickHouse within seconds. */
const UNFLUSHED_WARN_MS = 60_000;

export const ledgerChecks: readonly Check[] = [
  check('fence', ['redis', 'history'], fence),
  check('price-book', ['history'], async ({ config, history }) => {
    let fresh: string[];
    try {
      fresh = await unrecordedPriceVersions(history.reader, await loadPriceBook(config.priceBookPath));
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      return fail(error.message, 'correct the file that PRICE_BOOK names, or unset it for the book of the package');
    }
    if (fresh.length === 0) return ok('every version of the price book says what it said when it came into use');
    return ok(`the price book agrees with its history; not in use yet: ${fresh.join(', ')}`);
  }),
  check('parked', ['redis'], parked),
  check('dead-letters', ['history'], deadLetters),
  check('outbox', ['redis'], async ({ redis }) => {
    const { entries, oldestAgeMs } = await readBacklog(redis, KEYS);
    if (entries === 0) return ok('everything is in ClickHouse');
    const detail = `${plural(entries, 'commit')} wait for ClickHouse, the oldest for ${age(oldestAgeMs)}`;
    return oldestAgeMs < UNFLUSHED_WARN_MS
      ? ok(detail)
      : warn(detail, 'flowly-credits start flushes; its log says why it does not');
  }),
  check('scheduled-jobs', ['redis'], async ({ redis }) => {
    const runs = await lastRuns(ledgerContext(redis, KEYS, ''));
    const failed = [...runs].filter(([, { ok: isOk }]) => !isOk);
    if (failed.length === 0) return ok(runs.size === 0 ? 'none has run yet' : 'the last run of each was good');
    const [name, run] = failed[0]!;
    return fail(`${name} failed at ${run.at}: ${run.summary}`, `flowly-credits jobs run ${name}`);
  }),
];

async function fence({ redis, history }: Whole<'redis' | 'history'>): Promise<Finding> {
  const [id, flushed] = await redis.hmget(KEYS.meta, 'id', 'flushed');
  const known = await clickhouseHistory(history.writer).identity(0);
  // In this order, as where the ledger is opened: a service may flush meanwhile.
  const at = Number((await redis.hget(KEYS.meta, 'sequence')) ?? 0);
  if (id == null && known === undefined) return ok('there is no ledger yet: the first start makes it');
  if (id == null) {
    return fail(
      `Redis holds no ledger, ClickHouse the history of ${known!.ledgerId} up to sequence ${known!.sequence}`,
      'bring back the right Redis (REDIS_URL, FLOWLY_DATA_DIR)',
    );
  }
  if (known === undefined) {
    if (Number(flushed) === 0) return ok(`ledger ${id}, which ClickHouse has nothing of yet`);
    return fail(
      'ClickHouse holds no ledger, but Redis has flushed one to it',
      'bring back the right ClickHouse (CLICKHOUSE_URL)',
    );
  }
  if (known.ledgerId !== id) {
    return fail(
      `Redis holds the ledger ${id}, ClickHouse the history of ${known.ledgerId}`,
      'point REDIS_URL and CLICKHOUSE_URL at engines that belong together',
    );
  }
  if (known.sequence > at) {
    return fail(
      `Redis went back in time: it is at sequence ${at}, ClickHouse has ${known.sequence}`,
      'restore a newer copy of Redis',
    );
  }
  if (known.sequence < Number(flushed)) {
    return fail(
      `ClickHouse went back in time: it has sequence ${known.sequence}, and Redis flushed up to ${flushed}`,
      'bring back the newer data of ClickHouse',
    );
  }
  return ok(`one ledger in both stores; Redis at sequence ${at}, ClickHouse at ${known.sequence}`);
}

async function parked({ redis }: Whole<'redis'>): Promise<Finding> {
  const [count, [, oldest]] = [
    Number((await redis.hget(KEYS.meta, 'parked')) ?? 0),
    await redis.zrange(KEYS.parkedIndex, '0', '0', 'WITHSCORES'),
  ];
  if (count === 0) return ok('nothing is parked');
  const waited = age((await ledgerClock(ledgerContext(redis, KEYS, ''))) - Number(oldest ?? 0));
  const detail = `${plural(count, 'item')} parked, the oldest for ${waited}`;
  const fix = 'send the account.upsert or add the model that they wait for; they are applied by themselves then';
  return count > PARKED_EVENTS_MAX * PARKED_SHARE_WARN
    ? fail(`${detail}; at most ${showCount(PARKED_EVENTS_MAX)} can be`, fix)
    : warn(detail, fix);
}

async function deadLetters({ history }: Whole<'history'>): Promise<Finding> {
  const result = await history.writer.query({
    query: `SELECT reason, toUInt32(count()) AS n, toString(toUnixTimestamp64Milli(min(committed_at))) AS oldest
      FROM dead_letters WHERE key NOT IN (SELECT key FROM redriven_letters) GROUP BY reason ORDER BY reason`,
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ reason: string; n: number; oldest: string }>();
  if (rows.length === 0) return ok('there is none that was not redriven');
  const oldest = Math.min(...rows.map((row) => Number(row.oldest)));
  return warn(
    `${rows.map(({ reason, n }) => `${showCount(n)} ${reason}`).join(', ')}; the oldest for ${age(Date.now() - oldest)}`,
    'flowly-credits dead-letters list says why; dead-letters redrive --dry-run what can be applied',
  );
}

/** A span for people: "3 min", "2 h", "5 d". */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
