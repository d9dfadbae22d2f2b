/**
 * The dedupe memory's directory: which bucket a key lies in, and its growth.
 * A linear hash over small hashes keeps each bucket compact in Redis whatever the number of ids: one look-up an event.
 * Invariant: a commit carries the directory it was built with, and the script refuses any other.
 */
import type { Key } from '../core/identity.ts';
import { fenceArguments, type LedgerContext } from './context.ts';

/** 16,384 buckets to start with: up to 800,000 ids nothing has to be split, and an empty bucket takes no room. */
export const DIRECTORY_START = '14:0';
/**
 * Ids a bucket holds on average before it is split. Redis searches a compact hash from end to end, so fewer is faster;
 * a bucket's key costs some 120 bytes, so more is smaller (measured: 24, 48 and 96 differ by less than the noise, 200 is
 * slower). Buckets not yet split in a round hold up to twice this, far below the 512 fields (128 where an operator set
 * Redis so) at which Redis gives up the compact form.
 */
export const BUCKET_IDS_TARGET = 48;
/** Buckets split in one script call: 32 × 50 ids moved is 1–2 ms, inside the 5 ms that a script may take. */
export const SPLIT_BUCKETS = 32;

export interface Directory {
  readonly level: number;
  readonly next: number;
}

export function parseDirectory(text: string): Directory {
  const [level, next] = text.split(':');
  return { level: Number(level), next: Number(next) };
}

/** The bucket of a key, of which the first four bytes choose it. */
export function bucketOf(directory: Directory, key: Key): number {
  const h = key.charCodeAt(0) + key.charCodeAt(1) * 256 + key.charCodeAt(2) * 65_536 + key.charCodeAt(3) * 16_777_216;
  const low = h % 2 ** directory.level;
  return low < directory.next ? h % 2 ** (directory.level + 1) : low;
}

/** What the memory says of an event (lua/seen.lua): the hash of the body it was seen with, whether it is parked, or voided. */
export function decodeSeen(value: Buffer | null): {
  readonly bodyHash: number | undefined;
  readonly isParked: boolean;
  readonly isVoided: boolean;
} {
  if (value === null) return { bodyHash: undefined, isParked: false, isVoided: false };
  const isSeen = value.length > 1;
  return {
    bodyHash: isSeen ? value.readUInt32LE(0) : undefined,
    // Voided or not: its release takes the mark off.
    isParked: value.length > SEEN_BYTES,
    isVoided: value[isSeen ? SEEN_BYTES : 0] === VOID_MARK,
  };
}

/** Of a value without a mark: hash of the body, day. */
const SEEN_BYTES = 6;
const VOID_MARK = 'v'.charCodeAt(0);

const bucketCount = ({ level, next }: Directory): number => 2 ** level + next;

/** Splits buckets until the remembered ids fit the directory again. Resolves to whether it split any. */
export async function growDirectory(context: LedgerContext, remembered: number): Promise<boolean> {
  let split = false;
  for (;;) {
    const directory = parseDirectory(context.seen.directory);
    if (remembered <= bucketCount(directory) * BUCKET_IDS_TARGET) return split;
    const n = Math.min(SPLIT_BUCKETS, 2 ** directory.level - directory.next);
    const full = directory.next + n === 2 ** directory.level;
    const after = full ? `${directory.level + 1}:0` : `${directory.level}:${directory.next + n}`;
    const buckets = Array.from({ length: n }, (_, i) => directory.next + i);
    const keys = [
      context.keys.meta,
      ...buckets.map((b) => context.keys.dedupe(b)),
      ...buckets.map((b) => context.keys.dedupe(b + 2 ** directory.level)),
    ];
    const reply = await context.run('dedupeSplit', keys, [...fenceArguments(context), context.seen.directory, after]);
    context.seen.directory = String(reply);
    split = true;
  }
}
