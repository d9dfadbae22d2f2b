/**
 * ClickHouse's HTTP protocol on loopback: who may ask, what is asked, the answer with ClickHouse's headers. One request
 * is one statement. What is not spoken: sessions (`session_id`), external tables, ClickHouse's own compression.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Credentials } from '../credentials.ts';
import { type Ask, readAsk } from './ask.ts';
import { drain, readStatement } from './body.ts';
import type { Answer, Engine } from './engine.ts';
import { authenticate, refuseStrangers } from './guard.ts';
import { CODE, engineError, HttpError } from './http-error.ts';
import type { InsertHead } from './insert-split.ts';
import { GZIP_BYTES_MIN, HEADER_BYTES_MAX, REQUEST_MS_MAX } from './limits.ts';
import { checkReader } from './reader-rules.ts';
import { checkWriter } from './writer-rules.ts';

/** Paths that only say that somebody is here, as ClickHouse answers them without a password. */
const GREETINGS = new Set(['/ping', '/replicas_status']);

/** The FORMAT at the end of a statement; it wins over the one in the URL. */
const OWN_FORMAT = /\bFORMAT\s+(\w+)\s*;?\s*$/i;

export type ClickhouseServer = {
  readonly server: Server;
  /** Resolves when every request that has come in has been answered. */
  settled(): Promise<void>;
};

/** Makes the server; it does not listen yet. */
export function clickhouseServer(engine: Engine, secrets: () => Credentials): ClickhouseServer {
  const unanswered = new Set<Promise<unknown>>();
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: REQUEST_MS_MAX, keepAliveTimeout: 10_000 },
    (request, response) => {
      const answered = new Promise<void>((resolve) => response.once('close', resolve));
      unanswered.add(answered);
      void answered.then(() => unanswered.delete(answered));
      handle(engine, secrets(), request, response).catch((error: unknown) => fail(request, response, error));
    },
  );
  return { server, settled: async () => void (await Promise.all(unanswered)) };
}

async function handle(
  engine: Engine,
  secrets: Credentials,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  refuseStrangers(request.headers);
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (GREETINGS.has(url.pathname)) return void response.end('Ok.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'POST') {
    throw new HttpError(405, CODE.badArguments, 'Only GET, HEAD and POST are understood.');
  }
  if (url.pathname !== '/') throw new HttpError(404, CODE.badArguments, 'There is no such path; send SQL to /.');
  if (request.method !== 'POST' && !url.searchParams.has('query')) return void response.end('Ok.\n');

  const ask = readAsk(request, url, authenticate(request.headers, url.searchParams, secrets));
  const statement = await readStatement(request, ask.urlSql);
  response.setHeader('X-ClickHouse-Timezone', 'UTC');
  response.setHeader('X-ClickHouse-Query-Id', ask.queryId ?? randomUUID());
  if (statement.kind === 'insert') {
    try {
      checkInsert(ask, statement.head);
      const done = await engine.insert(ask, statement.head, statement.data);
      return await send(request, response, { ...done, bytes: new Uint8Array() }, summary(done, done.rowsRead));
    } finally {
      await statement.release();
    }
  }
  if (statement.sql.trim() === '') throw new HttpError(400, CODE.syntaxError, 'Empty query. (SYNTAX_ERROR)');
  if (ask.user === 'reader') checkReader(statement.sql, ask.params);
  else checkWriter(statement.sql);
  const done = await engine.query(ask, statement.sql, (kill) => {
    if (response.destroyed) kill();
    response.on('close', () => {
      if (!response.writableFinished) kill();
    });
  });
  response.setHeader('X-ClickHouse-Format', OWN_FORMAT.exec(statement.sql)?.[1] ?? ask.format);
  return send(request, response, done, summary(done, 0));
}

function checkInsert(ask: Ask, head: InsertHead): void {
  const sql = `${head.target} SETTINGS ${head.settings}`;
  if (ask.user === 'reader') checkReader(sql, ask.params);
  if (ask.readOnly) throw new HttpError(403, CODE.readonly, 'Cannot insert with GET: use POST. (READONLY)');
  checkWriter(sql);
}

function summary(done: Answer, writtenRows: number): string {
  return JSON.stringify({
    read_rows: String(done.rowsRead),
    read_bytes: String(done.bytesRead),
    written_rows: String(writtenRows),
    written_bytes: String(writtenRows > 0 ? done.bytesRead : 0),
    total_rows_to_read: '0',
    result_rows: String(writtenRows > 0 ? writtenRows : done.rowsRead),
    result_bytes: String(done.bytes.length),
    elapsed_ns: String(Math.round(done.elapsedS * 1e9)),
  });
}

async function send(request: IncomingMessage, response: ServerResponse, done: Answer, totals: string): Promise<void> {
  response.setHeader('X-ClickHouse-Summary', totals);
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  let bytes = done.bytes;
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (takesGzip && wantsCompression(request) && bytes.length >= GZIP_BYTES_MIN) {
    bytes = await promisify(gzip)(bytes, { level: 1 });
    response.setHeader('Content-Encoding', 'gzip');
  }
  response.setHeader('Content-Length', bytes.length);
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function wantsCompression(request: IncomingMessage): boolean {
  return /[?&]enable_http_compression=1\b/.test(request.url ?? '');
}

/** Answers an error; one that is not ours is the engine's. */
async function fail(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
  const known =
    error instanceof HttpError ? error : engineError(error instanceof Error ? error.message : String(error));
  if (response.headersSent) return void response.destroy();
  if (!(await drain(request))) response.setHeader('Connection', 'close');
  response.statusCode = known.status;
  response.setHeader('X-ClickHouse-Exception-Code', known.code);
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  if (known.status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse"');
  response.end(`Code: ${known.code}. DB::Exception: ${known.message}\n`);
}
