/** The README's table of settings is what the program reads: every variable, its words, and none more. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { settings } from '../../runtime/config.ts';

/** Backticks keep Markdown from taking `<…>` for a tag. */
const plain = (cell: string): string => cell.replaceAll('`', '');

test('every setting has its row, in its order and words', () => {
  const rows = readFileSync('README.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| `[A-Z_]+` /.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const expected = settings().map(({ name, accepted, unset, description }) => [
    `\`${name}\``,
    plain(accepted),
    plain(unset),
    description,
  ]);
  expect(rows.map(([name, accepted, unset, words]) => [name, plain(accepted!), plain(unset!), words])).toEqual(
    expected,
  );
});
