/** Builds entries of the outbox as the commit scripts write them, and appends them to the stream. */
import type { Redis } from 'ioredis';
import type { LedgerKeys } from '../../ledger/keys.ts';
import { LINE_FIELDS } from '../../ledger/outbox.ts';
import { createRowWriter, encodeUsageBody } from '../../schema/usage-body.ts';

/** One usage row; whatever is left out is the same for all. */
export type TestUsage = {
  readonly id: string;
  readonly accountId?: string;
  readonly serverId?: string;
  readonly model?: string;
  readonly occurredAt: number;
  /** Days since 1970-01-01; default: the UTC day of occurredAt. */
  readonly localDay?: number;
  readonly tokens?: number;
  readonly cost?: number;
  readonly events?: 1 | -1;
  readonly attributes?: readonly (readonly [string, string])[];
};

export type TestCommit = {
  readonly at: number;
  readonly usage?: readonly TestUsage[];
  /** Raw bodies instead, for rows that no encoder of ours would make. */
  readonly bodies?: readonly Buffer[];
  readonly entries?: readonly string[];
  readonly history?: readonly object[];
  readonly contacts?: readonly object[];
  readonly alerts?: readonly object[];
  readonly mails?: readonly object[];
  readonly dead?: readonly object[];
  readonly parked?: readonly object[];
  readonly released?: readonly object[];
  readonly redriven?: readonly object[];
};

const DAY_MS = 86_400_000;
/** The fields whose lines are JSON. */
const JSON_FIELDS = LINE_FIELDS.filter((field) => field !== 'entries');

/** The body of one usage row. A void has negative tokens and cost. */
export function usageBody(row: TestUsage): Buffer {
  const sign = row.events ?? 1;
  const tokens = sign * (row.tokens ?? 10);
  const writer = createRowWriter(256);
  const { start, end } = encodeUsageBody(
    writer,
    {
      id: row.id,
      accountId: row.accountId ?? 'acc-1',
      serverId: row.serverId ?? 'srv-1',
      model: row.model ?? 'claude-haiku-4.5',
      occurredAt: row.occurredAt,
      tokens: { input: tokens, output: tokens, cacheRead: 0, cacheWrite: 0 },
      keySource: 'platform',
      attributes: row.attributes ?? [],
    },
    {
      model: row.model ?? 'claude-haiku-4.5',
      priceVersion: '2026-11-01',
      cost: sign * (row.cost ?? 60),
      localDay: row.localDay ?? Math.floor(row.occurredAt / DAY_MS),
      cycle: 1,
    },
  );
  return Buffer.from(writer.buffer.subarray(start, end));
}

/** The record that Lua packs with '<I2i8i8i8i8i8i8i4i1': all of the cost paid from monthly credits. */
export function usageSplit(position: number, cost = 60, events = 1): Buffer {
  const split = Buffer.alloc(55);
  split.writeUInt16LE(position, 0);
  split.writeBigInt64LE(BigInt(cost), 10);
  split.writeBigInt64LE(1_000_000n, 34);
  split.writeBigInt64LE(5n, 42);
  split.writeInt32LE(1, 50);
  split.writeInt8(events, 54);
  return split;
}

/** Appends one commit with its sequence number, and moves the counters of meta as a commit does. */
export async function appendCommit(
  redis: Redis,
  keys: LedgerKeys,
  sequence: number,
  commit: TestCommit,
): Promise<void> {
  const bodies = commit.bodies ?? (commit.usage ?? []).map(usageBody);
  const fields: (string | Buffer)[] = ['at', String(commit.at)];
  if (bodies.length > 0) {
    const lengths = bodies.map((body) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(body.length);
      return length;
    });
    const splits = bodies.map((_, i) => {
      const sign = commit.usage?.[i]?.events ?? 1;
      return usageSplit(i, sign * (commit.usage?.[i]?.cost ?? 60), sign);
    });
    fields.push(
      'usage',
      Buffer.concat(bodies.flatMap((body, i) => [lengths[i]!, body])),
      'splits',
      Buffer.concat(splits),
    );
  }
  if (commit.entries !== undefined) fields.push('entries', commit.entries.join('\n'));
  for (const name of JSON_FIELDS) {
    const lines = commit[name];
    if (lines !== undefined) fields.push(name, lines.map((line) => JSON.stringify(line)).join('\n'));
  }
  await redis
    .multi()
    .xadd(keys.outboxRows, `${sequence}-0`, ...fields)
    .hset(keys.meta, 'sequence', sequence)
    .hincrby(keys.meta, 'rows', bodies.length)
    .exec();
}

/** A line of `entries`: a grant. */
export const grantLine = (accountId: string, index: number, note = ''): string =>
  [accountId, index, 'grant', 1, 1000, 0, 0, 1000, 0, 0, `cmd-${index}`, note].join('\t');
