/** CONTRACT.md names tests that exist, names one for every clause, and none twice in the same place. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const TEXT = readFileSync('CONTRACT.md', 'utf8');
const REFERENCE = /`([\w-]+\/[\w-]+) › ([^`]+)`/g;
/** `test('…'`, `describe("…"`; and what a table of cases is followed by, `])('…'`, its title on the next line or not. */
const TITLE = /(?:\b(?:describe|test)(?:\.(?:only|skip|concurrent))?|\))\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g;

const titles = new Map<string, Set<string>>();
function titlesOf(name: string): Set<string> {
  let found = titles.get(name);
  if (found === undefined) {
    const source = readFileSync(`test/${name}.test.ts`, 'utf8');
    found = new Set([...source.matchAll(TITLE)].map(([, , title]) => title!.replace(/\\(.)/g, '$1')));
    titles.set(name, found);
  }
  return found;
}

// A title that is broken over lines in the page is one all the same.
const references = [...TEXT.matchAll(REFERENCE)].map(
  ([, file, title]) => [file!, title!.replace(/\s+/g, ' ')] as const,
);

test('every test that is named exists', () => {
  const missing = references.filter(
    ([file, title]) => !existsSync(`test/${file}.test.ts`) || !titlesOf(file).has(title),
  );
  expect(missing).toEqual([]);
  expect(references.length).toBeGreaterThan(100);
});

test('every clause names a test', () => {
  const [clauses] = TEXT.split('\n## Not in this version');
  const bare = clauses!
    .split(/^(?=\d+\. |#)/m)
    .filter((part) => /^\d/.test(part) && !new RegExp(REFERENCE.source).test(part));
  expect(bare).toEqual([]);
});
