/**
 * ClickHouse's RowBinary, the few types that usage rows need, written into one growing buffer and read back.
 * Numbers are little endian; a 64-bit number is a safe integer here, so it is written as two halves without a bigint.
 * The writers do not check the room: a caller reserves it once per row (`reserve`), because a check per field costs
 * more than the field.
 */

/** `offset` is where the next byte goes; bytes before it are valid. `buffer` is replaced when it grows. */
export type RowWriter = { buffer: Buffer; offset: number };

const TWO_32 = 2 ** 32;
/** A short text is faster byte by byte than through Buffer's native write; measured break-even is about 60. */
const SHORT_TEXT_CHARS = 64;

/** A writer with room for `bytes` before it has to grow. */
export const createRowWriter = (bytes = 64 * 1024): RowWriter => ({ buffer: Buffer.allocUnsafe(bytes), offset: 0 });

/** Makes sure that `bytes` more fit; doubles, so that the copies cost a constant per byte. */
export const reserve = (writer: RowWriter, bytes: number): void => {
  const needed = writer.offset + bytes;
  if (needed <= writer.buffer.length) return;
  const grown = Buffer.allocUnsafe(Math.max(needed, writer.buffer.length * 2));
  writer.buffer.copy(grown, 0, 0, writer.offset);
  writer.buffer = grown;
};

/** Most bytes that `writeString` can take for a text of this many UTF-16 units. */
export const stringBytesMax = (chars: number): number => 5 + 3 * chars;

export const writeByte = (buffer: Buffer, at: number, value: number): number => {
  buffer[at] = value;
  return at + 1;
};

export const writeInt32 = (buffer: Buffer, at: number, value: number): number => {
  buffer[at] = value;
  buffer[at + 1] = value >> 8;
  buffer[at + 2] = value >> 16;
  buffer[at + 3] = value >> 24;
  return at + 4;
};

/** A safe integer, negative ones included, as Int64. */
export const writeInt64 = (buffer: Buffer, at: number, value: number): number => {
  const high = Math.floor(value / TWO_32);
  writeInt32(buffer, at, (value - high * TWO_32) | 0);
  return writeInt32(buffer, at + 4, high);
};

/** LEB128, as lengths of strings and maps are written. */
export const writeVarint = (buffer: Buffer, at: number, value: number): number => {
  let rest = value;
  let end = at;
  while (rest >= 0x80) {
    buffer[end] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    end += 1;
  }
  buffer[end] = rest;
  return end + 1;
};

/** A text: its length in bytes, then UTF-8. Ids are ASCII and short, which is the fast way through. */
export const writeString = (buffer: Buffer, at: number, text: string): number => {
  const chars = text.length;
  if (chars > SHORT_TEXT_CHARS) return writeLongString(buffer, at, text);
  // Up to 64 characters the length is one byte while they are ASCII.
  let end = at + 1;
  for (let i = 0; i < chars; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeLongString(buffer, at, text);
    buffer[end] = code;
    end += 1;
  }
  buffer[at] = chars;
  return end;
};

const writeLongString = (buffer: Buffer, at: number, text: string): number => {
  const bytes = Buffer.byteLength(text, 'utf8');
  const start = writeVarint(buffer, at, bytes);
  buffer.write(text, start, bytes, 'utf8');
  return start + bytes;
};

/** Reads what the writers wrote. Every read moves on; reading past the end throws a RangeError. */
export class RowReader {
  readonly buffer: Buffer;
  /** Where the next read starts. */
  at: number;

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer;
    this.at = at;
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1));
  }

  uint16(): number {
    return this.buffer.readUInt16LE(this.#take(2));
  }

  int32(): number {
    return this.buffer.readInt32LE(this.#take(4));
  }

  /** As a number: every amount, time and sequence is a safe integer. */
  int64(): number {
    return Number(this.buffer.readBigInt64LE(this.#take(8)));
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.buffer.readUInt8(this.#take(1));
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  string(): string {
    const bytes = this.varint();
    const start = this.#take(bytes);
    return this.buffer.toString('utf8', start, start + bytes);
  }

  #take(bytes: number): number {
    const start = this.at;
    if (start + bytes > this.buffer.length) {
      throw new RangeError(`A row was cut short: ${bytes} bytes at ${start} of ${this.buffer.length}.`);
    }
    this.at = start + bytes;
    return start;
  }
}
