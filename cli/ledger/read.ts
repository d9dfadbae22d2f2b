/**
 * Reads an account's ledger in its order: three ordered streams of ClickHouse, merged, with what no row carries (what
 * the running cycle left uncovered) counted on the way. Memory is bounded whatever the length of the ledger.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { LedgerLine } from './lines.ts';
import { ENTRIES, FOLDED_USAGE, LATE_USAGE, USAGE } from './queries.ts';

export interface LedgerQuestion {
  readonly accountId: string;
  /** Lines of later commits are left out. */
  readonly upTo: number;
  /** Lines of one cycle only. */
  readonly cycle?: number | undefined;
  /** `[fromMs, toMs)` of the commit's clock. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** One line an event, instead of one for all between two entries. */
  readonly events?: boolean | undefined;
}

/** Beyond any commit. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

/** The lines of the answer, in order. */
export async function* readLedger(clickhouse: ClickHouseClient, question: LedgerQuestion): AsyncGenerator<LedgerLine> {
  const { cycle, fromMs = 0, toMs = NEVER_MS } = question;
  for await (const line of allLines(clickhouse, question)) {
    if (line.at >= fromMs && line.at < toMs && (cycle === undefined || line.cycle === cycle)) yield line;
  }
}

/** The last `count` of the lines, and how many there are before them. */
export async function lastLines(
  lines: AsyncIterable<LedgerLine>,
  count: number,
): Promise<{ lines: LedgerLine[]; before: number }> {
  const kept: LedgerLine[] = [];
  let all = 0;
  for await (const line of lines) {
    kept[all % count] = line;
    all += 1;
  }
  const start = all > count ? all % count : 0;
  return { lines: [...kept.slice(start), ...kept.slice(0, start)], before: Math.max(0, all - count) };
}

async function* allLines(clickhouse: ClickHouseClient, question: LedgerQuestion): AsyncGenerator<LedgerLine> {
  const { accountId: account, upTo, fromMs = 0, toMs = NEVER_MS } = question;
  const params = { account, upTo, from: fromMs, to: toMs };
  const ask = (query: string, toLine: (values: Values) => LedgerLine): Cursor =>
    new Cursor(answers(clickhouse, query, params, toLine));
  // Of one place, a late event's use of the cycle before comes first.
  const streams = [ask(ENTRIES, entryLine), ask(LATE_USAGE, usageLine)];
  streams.push(ask(question.events === true ? USAGE : FOLDED_USAGE, usageLine));
  const running = { cycle: 0, uncovered: 0n };
  try {
    await Promise.all(streams.map((stream) => stream.next()));
    for (let first = firstOf(streams); first?.line !== undefined; first = firstOf(streams)) {
      yield follow(running, first.line);
      await first.next();
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.close()));
  }
}

/** The line with what its kind leaves open filled in. A cycle may start without an entry: that of a closed account. */
function follow(running: { cycle: number; uncovered: bigint }, line: LedgerLine): LedgerLine {
  if (line.cycle > running.cycle) {
    running.cycle = line.cycle;
    running.uncovered = 0n;
  }
  running.uncovered = line.kind === 'usage' ? running.uncovered + line.uncovered : line.uncoveredAfter;
  return { ...line, uncoveredAfter: running.uncovered, running: running.cycle };
}

type Values = readonly (string | number)[];

function entryLine(values: Values): LedgerLine {
  const [sequence, index, at, kind, cycle, monthly, bonus, uncovered, monthlyAfter, bonusAfter, uncoveredAfter] =
    values;
  const amounts = [monthly, bonus, uncovered, monthlyAfter, bonusAfter, uncoveredAfter];
  return made([sequence, index, at, cycle], String(kind), amounts, String(values[11]), String(values[12]), 0);
}

function usageLine(values: Values): LedgerLine {
  const [sequence, index, at, cycle, monthly, bonus, uncovered, monthlyAfter, bonusAfter, ref, events] = values;
  const amounts = [monthly, bonus, uncovered, monthlyAfter, bonusAfter, '0'];
  return made([sequence, index, at, cycle], 'usage', amounts, String(ref), '', Number(events));
}

function made(
  numbers: readonly (string | number | undefined)[],
  kind: string,
  amounts: readonly (string | number | undefined)[],
  ref: string,
  note: string,
  events: number,
): LedgerLine {
  const [sequence, index, at, cycle] = numbers.map(Number) as [number, number, number, number];
  const [monthly, bonus, uncovered, monthlyAfter, bonusAfter, uncoveredAfter] = amounts.map((text) =>
    BigInt(text!),
  ) as [bigint, bigint, bigint, bigint, bigint, bigint];
  return {
    ...{ sequence, index, at, kind, cycle, monthly, bonus, uncovered, monthlyAfter, bonusAfter, uncoveredAfter },
    ...{ ref, note, events, running: 0 },
  };
}

async function* answers(
  clickhouse: ClickHouseClient,
  query: string,
  params: Record<string, unknown>,
  toLine: (values: Values) => LedgerLine,
): AsyncGenerator<LedgerLine> {
  const result = await clickhouse.query({ query, query_params: params, format: 'JSONCompactEachRow' });
  for await (const rows of result.stream<(string | number)[]>()) for (const row of rows) yield toLine(row.json());
}

/** A stream of lines and the one it stands at; undefined at its end. */
class Cursor {
  line: LedgerLine | undefined;
  private readonly lines: AsyncGenerator<LedgerLine>;

  constructor(lines: AsyncGenerator<LedgerLine>) {
    this.lines = lines;
  }

  async next(): Promise<void> {
    this.line = (await this.lines.next()).value ?? undefined;
  }

  async close(): Promise<void> {
    await this.lines.return(undefined);
  }
}

/** The cursor at the earliest line; of equal ones the first. */
function firstOf(cursors: readonly Cursor[]): Cursor | undefined {
  let first: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.line !== undefined && (first?.line === undefined || isBefore(cursor.line, first.line))) first = cursor;
  }
  return first;
}

function isBefore(a: LedgerLine, b: LedgerLine): boolean {
  return a.sequence === b.sequence ? a.index < b.index : a.sequence < b.sequence;
}
