/**
 * The links of a block (core/ledger-chain.ts): which accounts have entries or usage rows in it, and the hash of each.
 * `foldUsage` is the way of every block: it copies the encoded rows account by account and hashes each stretch once.
 * What a link's value is depends on the block before; that is chain-rows.ts's.
 */
import { entryContent, type LinkKind, usageContent } from '../../core/ledger-chain.ts';
import type { OutboxEntry } from '../../ledger/outbox.ts';
import { SPLIT_BYTES, TAIL_BYTES } from '../../schema/rows.ts';
import type { Row } from './row.ts';

/** A link without its place in the chain. */
export interface BlockLink {
  readonly accountId: string;
  readonly kind: LinkKind;
  readonly rows: number;
  /** Index of the entry, position of the last usage row. */
  readonly index: number;
  readonly content: Buffer;
  /** The commit of the entry, of the last usage row. */
  readonly entry: OutboxEntry;
}

const LENGTH_BYTES = 4;
const ADDED_BYTES = SPLIT_BYTES + TAIL_BYTES;

/** One link an account with usage rows; `chunks` are the rows of the entries as `encodeUsage` wrote them. */
export function foldUsage(entries: readonly OutboxEntry[], chunks: readonly Buffer[]): BlockLink[] {
  const rows = new RowIndex(entries, chunks);
  const gathered = rows.gather();
  return rows.accounts.map(({ accountId, count, start, bytes, last, position }) => ({
    ...{ accountId, kind: 'usage' as const, rows: count, index: position },
    content: usageContent(gathered.subarray(start, start + bytes)),
    entry: last,
  }));
}

/** The same of single rows: for a block of which some were refused. Rows that cannot be read are no account's. */
export function foldUsageRows(rows: readonly Row[]): BlockLink[] {
  const byAccount = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.accountId === '') continue;
    const own = byAccount.get(row.accountId);
    if (own === undefined) byAccount.set(row.accountId, [row]);
    else own.push(row);
  }
  return [...byAccount].map(([accountId, own]) => {
    const { entry, bytes } = own.at(-1)!;
    return {
      ...{ accountId, kind: 'usage' as const, rows: own.length },
      index: bytes.readUInt16LE(bytes.length - ADDED_BYTES),
      content: usageContent(Buffer.concat(own.map((row) => row.bytes))),
      entry,
    };
  });
}

/** One link an entry, in their order. */
export function entryLinks(rows: readonly Row[]): BlockLink[] {
  return rows.map(({ accountId, bytes, entry }) => {
    const columns = bytes.toString('utf8', 0, bytes.length - 1).split('\t');
    return {
      ...{ accountId, kind: 'entry' as const, rows: 1, index: Number(columns[1]) },
      content: entryContent(columns),
      entry,
    };
  });
}

interface AccountRows {
  readonly accountId: string;
  count: number;
  bytes: number;
  /** Where its stretch begins among the gathered rows. */
  start: number;
  last: OutboxEntry;
  position: number;
}

/** Where each usage row of a block lies, and whose it is. */
class RowIndex {
  readonly accounts: AccountRows[] = [];
  private readonly chunks: readonly Buffer[];
  private readonly numbers = new Map<string, number>();
  /** Row by row: number of its account, chunk, offset, bytes. */
  private readonly places: number[] = [];
  private bytes = 0;

  constructor(entries: readonly OutboxEntry[], chunks: readonly Buffer[]) {
    this.chunks = chunks;
    let chunk = 0;
    let at = 0;
    for (const entry of entries) {
      const { usage } = entry;
      for (let from = 0; from < usage.length; ) {
        if (at === chunks[chunk]!.length) {
          chunk += 1;
          at = 0;
        }
        const body = usage.readUInt32LE(from);
        this.take(entry, chunk, at, body);
        from += LENGTH_BYTES + body;
        at += body + ADDED_BYTES;
      }
    }
  }

  /** The rows' bytes, each account's in one stretch. */
  gather(): Buffer {
    const out = Buffer.allocUnsafeSlow(this.bytes);
    let start = 0;
    const next = this.accounts.map((account) => {
      account.start = start;
      start += account.bytes;
      return account.start;
    });
    const { places, chunks } = this;
    for (let i = 0; i < places.length; i += 4) {
      const number = places[i]!;
      const from = places[i + 2]!;
      next[number] = next[number]! + chunks[places[i + 1]!]!.copy(out, next[number]!, from, from + places[i + 3]!);
    }
    return out;
  }

  private take(entry: OutboxEntry, chunk: number, at: number, body: number): void {
    const bytes = this.chunks[chunk]!;
    const accountId = accountAt(bytes, at, at + body);
    // A body that cannot be read is refused by ClickHouse: the block is linked again, without it.
    if (accountId === undefined) return;
    let number = this.numbers.get(accountId);
    if (number === undefined) {
      number = this.accounts.push({ accountId, count: 0, bytes: 0, start: 0, last: entry, position: 0 }) - 1;
      this.numbers.set(accountId, number);
    }
    const account = this.accounts[number]!;
    account.count += 1;
    account.bytes += body + ADDED_BYTES;
    account.last = entry;
    account.position = bytes.readUInt16LE(at + body);
    this.bytes += body + ADDED_BYTES;
    this.places.push(number, chunk, at, body + ADDED_BYTES);
  }
}

/** The account of a row: the text behind the event's id, both with their length in front (one byte, two above 127). */
function accountAt(bytes: Buffer, start: number, end: number): string | undefined {
  let at = start;
  for (let text = 0; text < 2; text += 1) {
    let length = bytes[at]!;
    at += 1;
    if (length > 127) {
      length = length - 128 + 128 * bytes[at]!;
      at += 1;
    }
    if (at + length > end) return undefined;
    if (text === 1) return bytes.toString('latin1', at, at + length);
    at += length;
  }
  return undefined;
}
