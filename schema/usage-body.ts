/**
 * The body of a usage row: the columns known before the commit, as RowBinary, encoded once when the event is taken and
 * carried as bytes through the outbox into ClickHouse.
 * Invariant: two events have the same as-sent bytes exactly when they are equal after parsing (contract, "Usage
 * event"), so a hash over [start, asSentEnd) is the hash of the body.
 */
import type { UsageEvent } from '../core/types.ts';
import {
  createRowWriter,
  RowReader,
  type RowWriter,
  reserve,
  stringBytesMax,
  writeByte,
  writeInt32,
  writeInt64,
  writeString,
  writeVarint,
} from './row-binary.ts';

export { createRowWriter, type RowWriter };

/** What the row says beside the event: the book's name of the model, µcr, days since 1970-01-01, cycle of occurredAt. */
export type DerivedUsage = {
  readonly model: string;
  readonly priceVersion: string;
  /** A safe integer; negative in the row of a void, like its tokens. */
  readonly cost: number;
  readonly localDay: number;
  readonly cycle: number;
};

/** Offsets into the writer's buffer. The row's body is [start, end), its as-sent part [start, asSentEnd). */
export type EncodedBody = { readonly start: number; readonly asSentEnd: number; readonly end: number };

/** Numbers of fixed width in a body: Enum8, DateTime64, four Int32; Int64, Date32, Int32. */
const FIXED_BYTES = 1 + 8 + 4 * 4 + 8 + 4 + 4;

/** Appends the body columns of one event. Offsets stay right when the buffer grows; take `writer.buffer` afterwards. */
export const encodeUsageBody = (writer: RowWriter, event: UsageEvent, derived: DerivedUsage): EncodedBody => {
  reserve(writer, bodyBytesMax(event, derived));
  const { buffer, offset: start } = writer;
  const { tokens, attributes } = event;
  let at = writeString(buffer, start, event.id);
  at = writeString(buffer, at, event.accountId);
  at = writeString(buffer, at, event.serverId);
  at = writeString(buffer, at, event.model);
  at = writeByte(buffer, at, event.keySource === 'byok' ? 1 : 0);
  at = writeInt64(buffer, at, event.occurredAt);
  at = writeInt32(buffer, at, tokens.input);
  at = writeInt32(buffer, at, tokens.output);
  at = writeInt32(buffer, at, tokens.cacheRead);
  at = writeInt32(buffer, at, tokens.cacheWrite);
  at = writeVarint(buffer, at, attributes.length);
  for (const [key, value] of attributes) {
    at = writeString(buffer, at, key);
    at = writeString(buffer, at, value);
  }
  const asSentEnd = at;
  at = writeString(buffer, at, derived.model);
  at = writeString(buffer, at, derived.priceVersion);
  at = writeInt64(buffer, at, derived.cost);
  at = writeInt32(buffer, at, derived.localDay);
  at = writeInt32(buffer, at, derived.cycle);
  writer.offset = at;
  return { start, asSentEnd, end: at };
};

/** Reads one body back (explain, void, tests). `end` is where the next record starts. Throws a RangeError when cut. */
export const decodeUsageBody = (
  buffer: Buffer,
  start = 0,
): { readonly event: UsageEvent; readonly derived: DerivedUsage; readonly end: number } => {
  const reader = new RowReader(buffer, start);
  const event = readEvent(reader);
  const derived: DerivedUsage = {
    model: reader.string(),
    priceVersion: reader.string(),
    cost: reader.int64(),
    localDay: reader.int32(),
    cycle: reader.int32(),
  };
  return { event, derived, end: reader.at };
};

const readEvent = (reader: RowReader): UsageEvent => ({
  id: reader.string(),
  accountId: reader.string(),
  serverId: reader.string(),
  model: reader.string(),
  keySource: reader.int8() === 1 ? 'byok' : 'platform',
  occurredAt: reader.int64(),
  tokens: {
    input: reader.int32(),
    output: reader.int32(),
    cacheRead: reader.int32(),
    cacheWrite: reader.int32(),
  },
  attributes: Array.from({ length: reader.varint() }, () => [reader.string(), reader.string()] as const),
});

const bodyBytesMax = (event: UsageEvent, derived: DerivedUsage): number => {
  let bytes = FIXED_BYTES + stringBytesMax(0);
  bytes += stringBytesMax(event.id.length) + stringBytesMax(event.accountId.length);
  bytes += stringBytesMax(event.serverId.length) + stringBytesMax(event.model.length);
  bytes += stringBytesMax(derived.model.length) + stringBytesMax(derived.priceVersion.length);
  for (const [key, value] of event.attributes) bytes += stringBytesMax(key.length) + stringBytesMax(value.length);
  return bytes;
};
