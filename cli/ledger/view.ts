/** An account's ledger for people: one line an entry, what it changed, and the balances after it. */
import { cellText, localTime, plural, showCredits } from '../terminal/format.ts';
import { type Column, type Style, styled, table } from '../terminal/table.ts';
import type { LedgerLine } from './lines.ts';

const REF_CHARS_MAX = 28;
const NOTE_CHARS_MAX = 40;
const STYLES: Readonly<Record<string, Style>> = {
  grant: 'green',
  opening: 'green',
  purchase: 'green',
  expiry: 'yellow',
  'expiry-reversed': 'yellow',
  void: 'cyan',
};
/** Kinds whose note is the instant of the boundary, in ms. */
const BOUNDARY_KINDS = new Set(['expiry', 'grant']);

/** `before`: lines that were left out in front. */
export function ledgerView(lines: readonly LedgerLine[], before: number, timeZone: string): string {
  if (lines.length === 0) return 'No entries in this range.';
  const shown = table<LedgerLine>(
    [
      { title: `AT (${timeZone})`, cell: (one) => localTime(one.at, timeZone).slice(0, 19) },
      { title: 'CYCLE', align: 'right', cell: (one) => String(one.cycle) },
      { title: 'KIND', cell: kindOf },
      change('MONTHLY', (one) => one.monthly),
      change('BONUS', (one) => one.bonus),
      change('UNCOVERED', (one) => one.uncovered),
      balance('MONTHLY LEFT', (one) => one.monthlyAfter),
      balance('BONUS LEFT', (one) => one.bonusAfter),
      { title: 'WHAT', cell: what(timeZone) },
    ],
    lines,
  );
  const older = before === 0 ? '' : `… ${plural(before, 'earlier line')}; --limit shows more.\n`;
  return older + shown;
}

/** The signed amount; nothing where it changed nothing. */
const change = (title: string, amount: (line: LedgerLine) => bigint): Column<LedgerLine> => ({
  title,
  align: 'right',
  cell: (line) => {
    const value = amount(line);
    return value === 0n ? '' : `${value > 0n ? '+' : ''}${showCredits(value)}`;
  },
});

const balance = (title: string, amount: (line: LedgerLine) => bigint): Column<LedgerLine> => ({
  title,
  align: 'right',
  cell: (line) => showCredits(amount(line)),
});

function kindOf({ kind }: LedgerLine): string {
  const style = STYLES[kind];
  return style === undefined ? kind : styled(style, kind);
}

function what(timeZone: string): (line: LedgerLine) => string {
  return ({ kind, events, ref, note }) => {
    if (events > 1) return plural(events, 'call');
    const isBoundary = BOUNDARY_KINDS.has(kind) && /^\d+$/.test(note);
    const words = isBoundary ? `at ${localTime(Number(note), timeZone)}` : kind === 'void' ? `of ${note}` : note;
    return [cellText(ref, REF_CHARS_MAX), cellText(words, NOTE_CHARS_MAX)].filter((text) => text !== '').join('  ');
  };
}
