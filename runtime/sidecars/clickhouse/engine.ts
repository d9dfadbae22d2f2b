/**
 * chDB as statements go in and bytes come out: which session a request gets, what is set in it, in which lane it waits.
 * Leaves HTTP to `server.ts` and the rules of who may say what to `reader-rules.ts` and `writer-rules.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { ChdbResult } from 'chdb';
import type { Ask } from './ask.ts';
import { hiddenFrom } from './hidden.ts';
import { CODE, HttpError } from './http-error.ts';
import type { InsertHead } from './insert-split.ts';
import { makeLane } from './lanes.ts';
import { nextToken } from './lexer.ts';
import { INSERTS_MAX, QUERIES_MAX, QUERY_SECONDS_MAX, RESULT_BYTES_MAX } from './limits.ts';
import { quoteName, quoteText } from './quote.ts';
import { openSessions, type Prepared } from './sessions.ts';
import { openSpool } from './spool.ts';

export type Answer = {
  readonly bytes: Uint8Array;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedS: number;
};

export type Engine = {
  /** Runs one statement. `onStart` is given how to stop it, for when the client has gone. */
  query(ask: Ask, sql: string, onStart: (kill: () => void) => void): Promise<Answer>;
  /** Loads the data of an INSERT, as one block where they have at most 1,048,449 rows. */
  insert(ask: Ask, head: InsertHead, data: AsyncIterable<Buffer>): Promise<Answer>;
  /** Refuses what comes now, stops running queries, resolves when nothing runs any more; inserts are let end. */
  finish(): Promise<void>;
  /** Closes the data directory; only after `finish`. */
  close(): void;
};

/** What every query gets unless the writer says otherwise: one thread keeps inserts fast beside it. */
const QUERY_SETTINGS = { max_threads: '1', max_result_bytes: String(RESULT_BYTES_MAX) };
/**
 * What every insert gets: never asynchronous (acknowledged means stored), cut by rows only, so that a request is one
 * block and its `insert_deduplication_token` covers all of it. Parsing in parallel is slower here and cuts by bytes.
 */
const INSERT_SETTINGS = { async_insert: '0', min_insert_block_size_bytes: '0', input_format_parallel_parsing: '0' };
/** First words of statements that read; they are stopped after a while, and leave the list of databases as it is. */
const READS = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', '(']);
/** First words after which a session is not what it was. Over HTTP such a statement lasts for its request only. */
const CHANGES_SESSION = new Set(['SET', 'USE']);
/** A session for questions of our own. */
const OWN: Prepared = { key: 'own', once: [], each: [] };

/** Opens the data directory. Throws when another process holds it or chDB refuses its content. */
export function openEngine(dataPath: string, spoolFolder: string, configArg: string): Engine {
  const sessions = openSessions(dataPath, configArg);
  const spool = openSpool(spoolFolder);
  const queries = makeLane(QUERIES_MAX);
  const inserts = makeLane(INSERTS_MAX);
  const running = new Set<string>();
  let closing = false;

  const hidden = hiddenFrom(async () => {
    const format = 'JSONCompactEachRow';
    const sql = 'SELECT name FROM system.databases';
    const result = await sessions.with(OWN, true, (session) => session.queryAsync(sql, { format }));
    const lines = result.text().split('\n');
    return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as [string])[0]);
  });

  async function prepare(ask: Ask, reads: boolean): Promise<Prepared> {
    const settings = new Map<string, string>(Object.entries(QUERY_SETTINGS));
    if (reads) settings.set('max_execution_time', String(QUERY_SECONDS_MAX));
    for (const [name, value] of ask.settings) settings.set(name, value);
    const once = [...use(ask.database), `SET ${assignments(settings)}`];
    if (ask.user === 'reader') once.push(await hidden.statement(), 'SET readonly = 1');
    else if (ask.readOnly) once.push('SET readonly = 2');
    const params = new Map([...ask.params].map(([name, value]) => [`param_${name}`, value]));
    return {
      key: [...params.keys()].sort().join(),
      once,
      each: params.size === 0 ? [] : [`SET ${assignments(params)}`],
    };
  }

  /** Queries carry a comment of their own at the end, because chDB gives them an id that nobody is told. */
  function kill(marker: string): void {
    const sql = `KILL QUERY WHERE endsWith(query, ${quoteText(marker)}) ASYNC`;
    sessions
      .with(OWN, true, (session) => session.queryAsync(sql))
      .catch((error: Error) => process.stderr.write(`kill: ${error.message}\n`));
  }

  function refuseWhileClosing(): void {
    if (closing) throw new HttpError(503, CODE.tooMany, 'The server is shutting down.');
  }

  return {
    async query(ask, sql, onStart) {
      refuseWhileClosing();
      const first = nextToken(sql, 0)?.text ?? '';
      const reads = READS.has(first);
      const keeps = !CHANGES_SESSION.has(first) && !/\btemporary\b/i.test(sql);
      const marker = `/*${randomUUID()}*/`;
      return queries.run(async () => {
        refuseWhileClosing();
        if (!reads) hidden.databasesMayChange();
        try {
          return await sessions.with(await prepare(ask, reads), keeps, async (session) => {
            running.add(marker);
            onStart(() => running.has(marker) && kill(marker));
            return answer(await session.queryAsync(`${sql}\n${marker}`, { format: ask.format }));
          });
        } finally {
          running.delete(marker);
          if (!reads) hidden.databasesMayChange();
        }
      });
    },
    async insert(ask, head, data) {
      refuseWhileClosing();
      const given = assignments(new Map([...Object.entries(INSERT_SETTINGS), ...ask.settings]));
      const settings = head.settings === '' ? given : `${given}, ${head.settings}`;
      const prepared = { key: 'insert', once: use(ask.database), each: [] };
      return spool.with(data, (path) =>
        inserts.run(() => {
          refuseWhileClosing();
          const source = `FROM INFILE ${quoteText(path)} COMPRESSION 'none'`;
          const sql = `${head.target} ${source} SETTINGS ${settings} FORMAT ${head.format}`;
          return sessions.with(prepared, true, async (session) => answer(await session.queryAsync(sql)));
        }),
      );
    },
    async finish() {
      closing = true;
      for (const marker of running) kill(marker);
      await Promise.all([inserts.idle(), queries.idle()]);
    },
    close: sessions.close,
  };
}

function use(database: string): string[] {
  return database === 'default' ? [] : [`USE ${quoteName(database)}`];
}

function assignments(settings: ReadonlyMap<string, string>): string {
  return [...settings].map(([name, value]) => `${name} = ${quoteText(value)}`).join(', ');
}

function answer(result: ChdbResult): Answer {
  return { bytes: result.bytes(), rowsRead: result.rowsRead, bytesRead: result.bytesRead, elapsedS: result.elapsed };
}
