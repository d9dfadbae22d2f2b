/** A request's body: decompressed, bounded, as chunks; and as much of it as is needed to see where the SQL ends. */
import type { IncomingMessage } from 'node:http';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { CODE, HttpError } from './http-error.ts';
import { type InsertHead, splitInsert } from './insert-split.ts';
import { BODY_BYTES_MAX, DRAIN_MS_MAX, SQL_BYTES_MAX } from './limits.ts';

const DECODERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** What a statement turned out to be: SQL as a whole, or the head of an INSERT and the stream of its data. */
export type Statement =
  | { readonly kind: 'sql'; readonly sql: string }
  | {
      readonly kind: 'insert';
      readonly head: InsertHead;
      readonly data: AsyncIterable<Buffer>;
      /** Lets go of the request, so that the rest of a refused one can be drained. */
      release(): Promise<unknown>;
    };

/** Reads the SQL in the URL and the body behind it until it is clear which of the two it is. */
export async function readStatement(request: IncomingMessage, urlSql: string): Promise<Statement> {
  const body = request.method === 'POST' ? chunksOf(request) : nothing();
  // Decoded byte by byte, so that an index into the text is an index into the bytes.
  const lineEnd = urlSql === '' || urlSql.endsWith('\n') ? '' : '\n';
  let text = Buffer.from(urlSql + lineEnd).toString('latin1');
  for (;;) {
    const head = urlSql === '' && text === '' ? ('more' as const) : splitInsert(text, false);
    if (head !== undefined && head !== 'more') return insert(text, head, body);
    const { value, done } = await body.next();
    if (done) break;
    text += value.toString('latin1');
    if (head === undefined) {
      text += (await rest(body, SQL_BYTES_MAX - text.length)).toString('latin1');
      break;
    }
    if (text.length > SQL_BYTES_MAX && splitInsert(text, false) === 'more') throw tooLong();
  }
  const head = splitInsert(text, true);
  if (head !== undefined && head !== 'more') return insert(text, head, body);
  return { kind: 'sql', sql: utf8(text) };
}

function insert(text: string, head: InsertHead, body: AsyncGenerator<Buffer>): Statement {
  const decoded = { ...head, target: utf8(head.target), settings: utf8(head.settings) };
  const first = text.slice(head.dataStart);
  const data = first === '' ? body : joined(Buffer.from(first, 'latin1'), body);
  return { kind: 'insert', head: decoded, data, release: () => body.return(undefined) };
}

async function* joined(first: Buffer, body: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* body;
}

async function* nothing(): AsyncGenerator<Buffer> {}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of decoded(request)) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      throw new HttpError(413, CODE.tooLarge, `A request may have ${BODY_BYTES_MAX} bytes, decompressed.`);
    }
    yield chunk;
  }
}

/** Leaving the loop early must not close the connection: the answer still has to go out on it. */
function decoded(request: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request.iterator({ destroyOnReturn: false });
  const decoder = DECODERS[encoding as keyof typeof DECODERS];
  if (!decoder) {
    throw new HttpError(
      501,
      CODE.notImplemented,
      `Content-Encoding ${encoding} is not known; gzip, deflate and br are.`,
    );
  }
  const inflated = decoder();
  request.on('error', (error) => inflated.destroy(error));
  inflated.on('close', () => request.unpipe(inflated));
  return request.pipe(inflated);
}

/**
 * Reads what is left of a body and throws it away, so that a client that is still sending gets to read the answer.
 * Bounded in bytes and time; false when there is more.
 */
export function drain(request: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    let bytes = 0;
    const timer = setTimeout(() => resolve(false), DRAIN_MS_MAX);
    const end = (whole: boolean) => {
      clearTimeout(timer);
      resolve(whole);
    };
    if (request.readableEnded || request.destroyed) return end(request.readableEnded);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) end(false);
    });
    request.on('end', () => end(true));
    request.on('close', () => end(false));
    request.resume();
  });
}

async function rest(body: AsyncGenerator<Buffer>, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLong();
    chunks.push(chunk);
  }
  if (bytes > bytesMax) throw tooLong();
  return Buffer.concat(chunks);
}

function tooLong(): HttpError {
  return new HttpError(
    413,
    CODE.tooLarge,
    `SQL may have ${SQL_BYTES_MAX} bytes; send values as data or as parameters.`,
  );
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
