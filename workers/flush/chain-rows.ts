/**
 * The rows of ledger_chain that a block makes: its links, each with the value that follows from the one before it.
 * Depends on nothing but the block's rows and the values that the blocks before left, so that a block that is sent again
 * has the same.
 */
import { type ChainLink, chainValue, LINK_KINDS } from '../../core/ledger-chain.ts';
import { stringBytesMax, writeByte, writeInt32, writeInt64, writeString } from '../../schema/row-binary.ts';
import type { BlockLink } from './chain-links.ts';
import { monthOf, type Row } from './row.ts';

/** The value that each account's chain ends with. */
export type Heads = ReadonlyMap<string, Buffer>;

export interface ChainedRows {
  readonly rows: readonly Row[];
  /** Of the accounts of the block, after it. */
  readonly heads: Heads;
}

/** `links`: entries of an account in their order, then its usage; `before`: the heads of all their accounts. */
export function chainRows(links: readonly BlockLink[], block: number, before: Heads): ChainedRows {
  const heads = new Map<string, Buffer>();
  const places = new Map<string, number>();
  const rows = links.map((link): Row => {
    const { accountId, entry } = link;
    const place = places.get(accountId) ?? 0;
    places.set(accountId, place + 1);
    const chained: ChainLink = { ...link, block, place };
    const value = chainValue(heads.get(accountId) ?? before.get(accountId)!, chained);
    heads.set(accountId, value);
    const bytes = encode(chained, link, value);
    return { bytes, source: bytes, entry, month: monthOf(entry.at), accountId, id: '' };
  });
  return { rows, heads };
}

const HASH_BYTES = 32;
/** Three UInt32, an Enum8, two hashes; sequence, committed_at, block. */
const FIXED_BYTES = 3 * 4 + 1 + 2 * HASH_BYTES + 3 * 8;

function encode(link: ChainLink, { index, entry }: BlockLink, value: Buffer): Buffer {
  const buffer = Buffer.allocUnsafe(stringBytesMax(link.accountId.length) + FIXED_BYTES);
  let at = writeString(buffer, 0, link.accountId);
  at = writeInt32(buffer, at, link.place);
  at = writeByte(buffer, at, LINK_KINDS.indexOf(link.kind));
  at = writeInt32(buffer, at, link.rows);
  at = writeInt32(buffer, at, index);
  at += link.content.copy(buffer, at);
  at += value.copy(buffer, at);
  at = writeInt64(buffer, at, entry.sequence);
  at = writeInt64(buffer, at, entry.at);
  at = writeInt64(buffer, at, link.block);
  return buffer.subarray(0, at);
}
