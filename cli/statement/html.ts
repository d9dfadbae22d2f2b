/**
 * A statement as one HTML page: nothing is loaded from anywhere, it prints on paper and follows a dark screen.
 * Invariant: every text of somebody else's passes through `escapeHtml`.
 */
import { localTime, showCount, showCredits } from '../terminal/format.ts';
import { type Amounts, type Statement, totalOf } from './build.ts';
import { costOf } from './shape.ts';
import { detailOf, labelOf, NOTE, periodOf, verdictOf } from './words.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --dim: #5b6675; --line: #d5dbe3; --paper: #fff; --good: #17693a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --dim: #9aa5b4; --line: #3a4350; --paper: #14181e; --good: #6fcf97; --bad: #ff8a80; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --dim: #444; --line: #999; --paper: #fff; --good: #000; --bad: #000; }
  body { margin: 0; max-width: none; font-size: 10pt; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
}
body { margin: 3rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.1rem; }
p { margin: .25rem 0; }
.dim { color: var(--dim); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 600; }
td { overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sum td { font-weight: 700; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 700; }
`;

export function statementHtml(statement: Statement): string {
  const { accountId, cycle, mismatches } = statement;
  const title = `Statement of ${accountId}, cycle ${cycle}`;
  const verdict = verdictOf(statement).map((line) => `<p>${escapeHtml(line)}</p>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="dim">${escapeHtml(periodOf(statement))}</p>
<h2>Credits</h2>
${balances(statement)}
<h2>Usage by server and model</h2>
${usage(statement)}
<div class="${mismatches.length === 0 ? 'good' : 'bad'}">${verdict.join('\n')}</div>
</main>
</body>
</html>
`;
}

function balances({ opening, lines, closing, timeZone, isOver }: Statement): string {
  const rows = [
    row('sum', ['Opening', '', '', ...amountCells(opening, showCredits)]),
    ...lines.map((line) =>
      row('', [
        capital(labelOf(line)),
        line.at === undefined ? '' : localTime(line.at, timeZone).slice(0, 19),
        detailOf(line),
        ...amountCells(line, signed),
      ]),
    ),
    row('sum', [isOver ? 'Closing' : 'Now', '', '', ...amountCells(closing, showCredits)]),
  ];
  return tableOf(['', `At (${timeZone})`, 'What', 'Monthly', 'Bonus', 'Uncovered'], 3, rows);
}

function usage({ usage: all }: Statement): string {
  if (all.length === 0) return '<p>No usage.</p>';
  const total = totalOf(all);
  const cells = (one: Amounts): string[] => [showCredits(costOf(one)), ...amountCells(one, showCredits)];
  const rows = all.map((one) => row('', [one.serverId, one.model, showCount(one.events), ...cells(one)], 2));
  const events = all.reduce((sum, one) => sum + one.events, 0);
  rows.push(row('sum', ['All', '', showCount(events), ...cells(total)], 2));
  const head = ['Server', 'Model', 'Calls', 'Credits', 'Monthly', 'Bonus', 'Uncovered'];
  return `${tableOf(head, 2, rows)}\n<p class="dim">${escapeHtml(NOTE)}</p>`;
}

/** Cells from `numbersFrom` on are numbers. */
function tableOf(head: readonly string[], numbersFrom: number, rows: readonly string[]): string {
  const cells = head.map(
    (text, i) => `<th scope="col"${i >= numbersFrom ? ' class="n"' : ''}>${escapeHtml(text)}</th>`,
  );
  return `<div class="scroll"><table>
<thead><tr>${cells.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>`;
}

function row(kind: '' | 'sum', cells: readonly string[], numbersFrom = 3): string {
  const made = cells.map((text, i) => `<td${i >= numbersFrom ? ' class="n"' : ''}>${escapeHtml(text)}</td>`);
  return `<tr${kind === '' ? '' : ` class="${kind}"`}>${made.join('')}</tr>`;
}

const amountCells = ({ monthly, bonus, uncovered }: Amounts, show: (micros: bigint) => string): string[] =>
  [monthly, bonus, uncovered].map(show);

const signed = (micros: bigint): string => (micros === 0n ? '' : `${micros > 0n ? '+' : ''}${showCredits(micros)}`);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one]!);
