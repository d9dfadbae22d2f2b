/** CONTRACT.md names tests that exist, at least one for every clause, and leaves out nothing that can be called. */
import { existsSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { registerCommands } from '../cli/commands.ts';
import { EVERY_REASON } from '../cli/dead-letters.ts';
import { Output } from '../cli/output.ts';
import { Program } from '../cli/program.ts';
import { COMMAND_SCHEMAS } from '../schema/parse-command.ts';

const TEXT = readFileSync('CONTRACT.md', 'utf8');
const REFERENCE = /`([\w-]+(?:\/[\w-]+)+) › ([^`]+)`/g;
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

test('every command, every type of account command and every outcome has its place', () => {
  const program = new Program(new Output(new PassThrough(), new PassThrough()), {}, '0.0.0');
  registerCommands(program);
  const words = [...program.root.commands.map((command) => command.name()), ...COMMAND_SCHEMAS.keys(), ...EVERY_REASON];
  // For what can only go wrong inside: ClickHouse refused a row that was accepted.
  const missing = words.filter((word) => word !== 'unflushable' && !new RegExp(`\`${word}[\` ]`).test(TEXT));
  expect(missing).toEqual([]);
});
