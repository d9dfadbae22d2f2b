/**
 * Turns a group of events into the records of one commit: priced, placed on their local day and cycle, encoded once.
 * Pure but for the buffer it fills; what it assumes of an account goes along as the profile's version.
 */
import { crc32 } from 'node:zlib';
import { eventKey } from '../../core/identity.ts';
import { type EventPrice, type PriceBook, priceEvent } from '../../core/price.ts';
import type { EventRecord } from '../../ledger/commit-events.ts';
import { deadParkedRecords, deadRecord } from '../../ledger/dead-letters.ts';
import type { LedgerKeys } from '../../ledger/keys.ts';
import { writeParked } from '../../ledger/parked.ts';
import type { Profiles } from '../../ledger/profiles.ts';
import { encodeUsageBody, type RowWriter } from '../../schema/usage-body.ts';
import { eventText, type UsageItem } from './item.ts';

export interface GroupEncoder {
  readonly book: PriceBook;
  readonly keys: LedgerKeys;
  readonly profiles: Profiles;
}

/** Bytes in front of each body: its length. */
const LENGTH_BYTES = 4;
const UNPRICED: EventPrice = { version: '', model: '', cost: 0 };

/**
 * Encodes into `writer` from its start; the bodies are then `writer.buffer.subarray(0, writer.offset)`. One record an
 * item, and after that of a parked one that is set aside another one, which frees its identity.
 */
export function encodeGroup(encoder: GroupEncoder, items: readonly UsageItem[], writer: RowWriter): EventRecord[] {
  writer.offset = 0;
  const records: EventRecord[] = [];
  for (const item of items) {
    if (item.dead === undefined) records.push(encodeEvent(encoder, item, writer));
    else if (item.parkedAt === undefined) records.push(deadRecord(item.dead));
    else records.push(...deadParkedRecords(item.dead, encoder.keys));
  }
  return records;
}

function encodeEvent({ book, keys, profiles }: GroupEncoder, item: UsageItem, writer: RowWriter): EventRecord {
  const { queuedAt, parkedAt } = item;
  const event = item.event!;
  const { accountId } = event;
  const { version } = profiles.get(accountId);
  const price = priceEvent(book, event.model, event.tokens, event.occurredAt, event.keySource);
  const { day, cycle } = version === 0 ? { day: 0, cycle: 0 } : profiles.place(accountId, event.occurredAt);
  const { version: priceVersion, model, cost } = price ?? UNPRICED;
  const offset = writer.offset;
  writer.offset += LENGTH_BYTES;
  const body = encodeUsageBody(writer, event, { model, priceVersion, cost, localDay: day, cycle });
  writer.buffer.writeUInt32LE(body.end - body.start, offset);
  const record = {
    accountId,
    serverId: event.serverId,
    key: eventKey(accountId, event.id),
    bodyHash: crc32(writer.buffer.subarray(body.start, body.asSentEnd)),
    cost,
    occurredAt: event.occurredAt,
    queuedAt,
    day,
    offset,
    length: writer.offset - offset,
    profileVersion: version,
  };
  if (version !== 0 && price !== undefined) {
    if (parkedAt === undefined) return { ...record, kind: 'usage' };
    return { ...record, kind: 'usage', payload: JSON.stringify({ accountId, id: event.id, kind: 'event' }) };
  }
  const reason = version === 0 ? 'unknown-account' : 'unknown-model';
  writer.offset = offset; // a parked event keeps its text, its row is encoded when it is released
  const text = JSON.stringify({ accountId, id: event.id, kind: 'event', reason, body: eventText(event) });
  return {
    ...record,
    kind: 'park',
    offset: 0,
    length: 0,
    list: version === 0 ? keys.parkedEvents(accountId) : keys.parkedModels(event.model),
    payload: parkedAt === undefined ? text : writeParked({ parkedAt, text }),
  };
}
