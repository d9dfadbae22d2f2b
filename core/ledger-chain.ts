/**
 * The chain that makes an account's ledger tamper-evident: what a link says and how its value is made. Written by the
 * flusher, walked by `ledger --verify`; both hash what ClickHouse gives back byte for byte.
 * Invariant: a value depends on every link before it. Changing this file breaks every chain there is: a new way needs a
 * new word in `chainStart`.
 */
import { hash } from 'node:crypto';

export const LINK_KINDS = ['entry', 'usage'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** A link stands for one ledger entry, or for the usage rows of one account in one block. */
export interface ChainLink {
  readonly accountId: string;
  readonly block: number;
  /** Among the account's links of the block, from 0. */
  readonly place: number;
  readonly kind: LinkKind;
  /** Rows it stands for. */
  readonly rows: number;
  /** sha256 of what it stands for. */
  readonly content: Buffer;
}

/** What the first link of an account goes on from. */
export const chainStart = (accountId: string): Buffer => sha256(`flowly-credits ledger chain 1\n${accountId}`);

/** The value of a link that follows one of value `previous`. */
export const chainValue = (previous: Buffer, { accountId, block, place, kind, rows, content }: ChainLink): Buffer =>
  sha256(Buffer.concat([previous, content, Buffer.from(`${accountId}\n${block}\n${place}\n${kind}\n${rows}`)]));

/** The content of a usage link: the rows' bytes (RowBinary), one after the other in the order of their commits. */
export const usageContent = (rows: Buffer): Buffer => sha256(rows);

/**
 * The content of an entry's link: its columns, separated by tabs. `columns` are texts; those of numbers may be written
 * in any way (Lua writes −0): they are brought to one.
 */
export const entryContent = (columns: readonly string[]): Buffer =>
  sha256(columns.map((text, i) => (isNumber(i) ? plainInteger(text) : text)).join('\t'));

/** By place in the columns of ledger_entries: index, then cycle up to the last balance. */
const isNumber = (place: number): boolean => place === 1 || (place >= 3 && place <= 9);

const plainInteger = (text: string): string => (/^-?\d+$/.test(text) ? String(BigInt(text)) : text);

const sha256 = (bytes: Buffer | string): Buffer => hash('sha256', bytes, 'buffer');
