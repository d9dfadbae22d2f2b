/**
 * Bytes into lines: bounded in length, whatever size the file has. Takes LF and CRLF, a byte order mark at the front,
 * and a last line without an end; leaves blank lines out. What a line means is classify.ts's.
 * Invariant: memory is bounded by one chunk and one line; a line that cannot be used costs that line alone.
 */
import { isUtf8 } from 'node:buffer';

/** Twice what a job of events may hold: no line that could be accepted is longer. */
export const LINE_BYTES_MAX = 1024 * 1024;

export interface Line {
  /** Counted from 1, blank ones too. */
  readonly number: number;
  readonly bytes: number;
  readonly text: string;
  /** Why the line cannot be read; `text` is empty then. */
  readonly problem?: string;
}

const LF = 0x0a;
const CR = 0x0d;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const BLANK = /^\s*$/;

export class LineReader {
  private pieces: Buffer[] = [];
  private pieceBytes = 0;
  private number = 0;
  private readonly bytesMax: number;

  constructor(bytesMax = LINE_BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /** The lines that end within this chunk. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      this.keep(chunk.subarray(from, end));
      this.take(lines);
      from = end + 1;
    }
    this.keep(chunk.subarray(from));
    return lines;
  }

  /** The last line, where the input does not end with a line break. */
  end(): Line[] {
    const lines: Line[] = [];
    if (this.pieceBytes > 0) this.take(lines);
    return lines;
  }

  /** Of a line that is too long only its length is kept. */
  private keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.pieceBytes += piece.length;
    if (this.pieceBytes > this.bytesMax) this.pieces = [];
    else this.pieces.push(piece);
  }

  private take(lines: Line[]): void {
    const { pieces, pieceBytes: bytes } = this;
    this.pieces = [];
    this.pieceBytes = 0;
    this.number += 1;
    const { number } = this;
    if (bytes > this.bytesMax) {
      lines.push({ number, bytes, text: '', problem: `is ${bytes} bytes long, but must be at most ${this.bytesMax}` });
      return;
    }
    let line = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    if (number === 1 && line.subarray(0, BOM.length).equals(BOM)) line = line.subarray(BOM.length);
    if (line.at(-1) === CR) line = line.subarray(0, -1);
    if (!isUtf8(line)) {
      lines.push({ number, bytes, text: '', problem: 'is not UTF-8' });
      return;
    }
    const text = line.toString('utf8');
    if (!BLANK.test(text)) lines.push({ number, bytes, text });
  }
}
