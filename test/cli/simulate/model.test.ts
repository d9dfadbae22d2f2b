/**
 * Random scripts through `simulate` agree with the model, read by read. Many scripts go into one file, merged by their
 * clocks. FLOWLY_SCRIPTS is how many, FLOWLY_SEED repeats a run.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { makeTestFolder } from '../data.ts';
import { run } from '../run.ts';
import { bookFile } from './book.ts';
import { KINDS, type Script } from './scripts.ts';
import type { ToldLine } from './teller.ts';

const SCRIPTS = Number(process.env.FLOWLY_SCRIPTS ?? 60);
const SEED = Number(process.env.FLOWLY_SEED ?? Math.floor(Math.random() * 2 ** 31));
const HOUR_MS = 3_600_000;

const folder = makeTestFolder();
afterAll(() => folder.remove());

test.each(KINDS.map((kind, i) => [i, kind] as const))('scripts of kind %i', async (i, { book, scripts }) => {
  const told = merged(scripts(Math.ceil(SCRIPTS / KINDS.length), SEED));
  const file = folder.file(
    `scripts-${i}.ndjson`,
    told.flatMap(({ clock, line }, n) => (clock === told[n - 1]?.clock ? [line] : [{ now: clock }, line])),
  );
  const PRICE_BOOK = folder.file(`book-${i}.json`, [bookFile(book)]);
  const { stdout, stderr, code } = await run(['simulate', file], { PRICE_BOOK });
  const reads = told.filter(({ read }) => read !== undefined);
  const isKnown = ({ read }: ToldLine): boolean => JSON.stringify(read!.expected) !== '{"error":"unknown-account"}';
  expect(stderr.replaceAll(/^flowly-credits: line \d+: Account \S+ is not known: .*\n/gm, '')).toBe('');
  expect(code).toBe(reads.every(isKnown) ? 0 : 1);
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text));
  expect(answers.length).toBe(reads.length);
  for (const [n, one] of reads.entries()) {
    const answer = one.read!.comparable(answers[n] as never);
    if (!isDeepStrictEqual(answer, one.read!.expected)) tellStory(told, one);
    expect({ line: one.line, answer }).toEqual({ line: one.line, answer: one.read!.expected });
  }
});

/** Prints the script up to a read, as a file of its own that shows what differs. */
function tellStory(told: readonly ToldLine[], read: ToldLine): void {
  const account = (line: object): string =>
    String((line as { accountId?: string; account?: string }).accountId ?? (line as { account?: string }).account);
  const script = account(read.line).split('.')[1]!;
  const own = told.slice(0, told.indexOf(read) + 1).filter(({ line }) => account(line).endsWith(`.${script}`));
  const lines = own.flatMap(({ clock, line }) => [{ now: new Date(clock).toISOString() }, line]);
  process.stderr.write(`FLOWLY_SEED=${SEED}\n${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

/** All lines in the order of their clocks; of one script they keep their order. Its last reads stand at the common end. */
function merged(scripts: readonly Script[]): ToldLine[] {
  const endMs = Math.max(...scripts.map(({ untilMs }) => untilMs)) + HOUR_MS;
  const lines = scripts.flatMap((script) => script.lines.slice()).sort((a, b) => a.clock - b.clock);
  return [...lines, ...scripts.flatMap(({ last }) => last(endMs))];
}
