/**
 * Plain text, laid out: wrapped lines, headings with a rule, columns with numbers to the right. Lines are at most 78
 * columns (RFC 5322 advises it); only a word that is longer, such as an id, stays whole, so that it can be copied.
 */

export const TEXT_COLUMNS_MAX = 78;
const INDENT = '  ';
const GAP = '  ';

/** Spaces that Intl puts between a number and its unit hold the line together, and are plain ones once it is broken. */
const plainSpaces = (line: string): string => line.replace(/[\u00a0\u202f]/g, ' ');

/** Words filled into lines. */
export const wrap = (text: string, columnsMax = TEXT_COLUMNS_MAX): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/[ \n]+/).filter((each) => each !== '')) {
    if (line !== '' && line.length + 1 + word.length > columnsMax) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return plainSpaces([...lines, line].join('\n'));
};

export const indent = (text: string): string => text.replace(/^(?=.)/gm, INDENT);

/** A heading above its rule. */
export const titled = (title: string, rule: '=' | '-'): string => {
  const lines = wrap(title);
  const widest = Math.max(...lines.split('\n').map((line) => line.length));
  return `${lines}\n${rule.repeat(Math.min(widest, TEXT_COLUMNS_MAX))}`;
};

/** The parts that say something, with an empty line between them. */
export const stacked = (blocks: readonly string[]): string => blocks.filter((block) => block !== '').join('\n\n');

/** Rows in columns: the first to the left, the others to the right; a first cell with no room gets a line of its own. */
export const columns = (rows: readonly (readonly string[])[]): string[] => {
  const plain = rows.map((row) => row.map(plainSpaces));
  const widths = (plain[0] ?? []).map((_, at) => Math.max(...plain.map((row) => row[at]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, width) => sum + GAP.length + width, 0);
  const room = Math.max(0, TEXT_COLUMNS_MAX - INDENT.length - others);
  const first = Math.min(widths[0] ?? 0, room);
  return plain.map(([head = '', ...rest]) => {
    const cells = rest.map((cell, at) => GAP + cell.padStart(widths[at + 1]!)).join('');
    const line = head.length > first ? `${head}\n${' '.repeat(first)}${cells}` : `${head.padEnd(first)}${cells}`;
    return indent(line.replace(/ +$/gm, ''));
  });
};

/** A note after the last column of its row where it fits, else below it. */
export const noted = (row: string, note: string | undefined): string => {
  if (note === undefined) return row;
  const last = row.split('\n').at(-1)!;
  const beside = plainSpaces(`${GAP}${note}`);
  return last.length + beside.length <= TEXT_COLUMNS_MAX
    ? row + beside
    : `${row}\n${indent(indent(wrap(note, TEXT_COLUMNS_MAX - 2 * INDENT.length)))}`;
};
