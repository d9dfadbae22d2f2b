/**
 * Nonsense in every flag and argument of every command, in every setting, and in every line of a file: refused in one
 * line that a person can act on, before anything is opened. The commands are those that `--help` lists, so a new one is
 * swept from its first day.
 */
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Argument, Command, Option } from 'commander';
import fc from 'fast-check';
import { registerCommands } from '../../cli/commands.ts';
import { EXIT_USAGE, errorLines, UsageError } from '../../cli/errors.ts';
import { classify } from '../../cli/ingest/classify.ts';
import { Output } from '../../cli/output.ts';
import { Program } from '../../cli/program.ts';
import { readConfig, SettingsError, settings } from '../../runtime/config.ts';
import { run } from '../cli/run.ts';
import { expectActionable } from './values.ts';

/** What a shell can hand over; every flag refuses these. */
const NEVER_VALID = ['', ' ', 'a\nb', 'a\u001b[2J', 'a\u009bb', '\ud800', 'x'.repeat(100_000), '{"a":1}', 'Ünïcödé ☃'];
/** Some flag takes each of these. */
const SOMEWHERE_VALID = [
  '-1',
  '0',
  '1e5',
  'NaN',
  'null',
  '__proto__',
  '99999999999999999999',
  '../../etc/passwd',
  '１２',
];
/** A file may be called so. */
const PATHS = new Set(['--out', '--mails']);
const OF_A_PATH = ['{"a":1}', 'Ünïcödé ☃'];
/** Arguments that name a file may be any text; opening it says what is wrong. */
const FILES = new Set(['file', 'FILE']);

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

const program = new Program(new Output(nowhere(), nowhere()), {}, '0.0.0');
registerCommands(program);

/** Every command that does something, with its words. */
const leaves = (command: Command, words: readonly string[] = []): [string, Command][] =>
  command.commands.length === 0
    ? [[words.join(' '), command]]
    : command.commands.flatMap((one) => leaves(one, [...words, one.name()]));

const COMMANDS = leaves(program.root);
type Read = (text: string, previous: unknown) => unknown;
const FLAGS = COMMANDS.flatMap(([words, command]) =>
  command.options
    .filter((option) => option.required || option.optional)
    .map((option): [string, string, Option, Command] => [words, option.long ?? option.flags, option, command]),
);
const ARGUMENTS = COMMANDS.flatMap(([words, { registeredArguments }]) =>
  registeredArguments
    .filter((argument) => !FILES.has(argument.name()))
    .map((argument): [string, string, Argument] => [words, argument.name().toUpperCase(), argument]),
);

function refusalOf(read: Read, text: string): string | undefined {
  try {
    read(text, undefined);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const lines = errorLines(error, false);
    expect(lines).toHaveLength(1);
    return lines[0];
  }
}

function sweep(name: string, read: Read | undefined): void {
  expect([name, typeof read]).toEqual([name, 'function']);
  for (const text of [...NEVER_VALID, ...SOMEWHERE_VALID]) {
    const line = refusalOf(read!, text);
    if (line !== undefined) expectActionable(line, name);
    else if (!PATHS.has(name) || !OF_A_PATH.includes(text))
      expect([name, NEVER_VALID.includes(text), text]).toEqual([name, false, text]);
  }
}

describe('flags and arguments', () => {
  test('all are looked at', () => {
    expect(COMMANDS.length).toBeGreaterThan(12);
    expect(FLAGS.length).toBeGreaterThan(20);
  });

  test.each(FLAGS)('%s %s', (_words, name, option) => {
    const { parseArg } = option as { parseArg?: Read };
    sweep(name, parseArg);
  });

  test.each(ARGUMENTS)('%s %s', (_words, name, argument) => {
    const { parseArg } = argument as { parseArg?: Read };
    sweep(name, parseArg);
  });

  // One whole run each: what refuses a flag ends the command with 2, one line and nothing on standard output.
  test.each(FLAGS)('%s %s, run', async (words, name) => {
    const { code, stdout, stderr } = await run([...words.split(' '), `${name}=a\u001b[2J\nb`]);
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
      code: EXIT_USAGE,
      stdout: '',
      lines: 1,
    });
    expectActionable(stderr.trimEnd(), name);
  });

  test.each(COMMANDS)('%s with a flag that nobody knows', async (words) => {
    for (const flag of ['--nonsense', '--__proto__', '--x=\u001b[2J', `--${'x'.repeat(10_000)}`]) {
      const { code, stdout, stderr } = await run([...words.split(' '), flag]);
      expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
        code: EXIT_USAGE,
        stdout: '',
        lines: 1,
      });
      expect(stderr.length).toBeLessThan(500);
      expect(stderr.trimEnd()).not.toMatch(/\p{Cc}/u);
    }
  });
});

describe('settings', () => {
  const PATHS = new Set(['FLOWLY_DATA_DIR', 'PRICE_BOOK', 'MAIL_DKIM_KEY_FILE']);
  /** What else has something to take among these values. */
  const TAKEN: Readonly<Record<string, RegExp>> = {
    MAIL_DKIM_SELECTOR: /^(0|1e5|NaN|null|9{20})$/,
    MAIL_UNSUBSCRIBE_SECRET: /^[!-~]{16,256}$/,
  };
  /** Settings that are refused without the others of their kind. */
  const TOGETHER = {
    MAIL_DKIM_KEY_FILE: 'key.pem',
    MAIL_DKIM_DOMAIN: 'example.com',
    MAIL_DKIM_SELECTOR: 'flowly',
    MAIL_UNSUBSCRIBE_URL: 'https://example.com/{account}/{token}',
    MAIL_UNSUBSCRIBE_SECRET: 'a-secret-of-no-use',
  };
  const values = [...NEVER_VALID.slice(1), ...SOMEWHERE_VALID];

  test.each(settings().map((one) => [one.name, one] as const))('%s', (name, { secret }) => {
    for (const value of values) {
      try {
        readConfig({ ...TOGETHER, [name]: value });
        const isPath = PATHS.has(name) && !/^\s*$|\p{Cc}/u.test(value);
        // A whole number in range is one, and so is a switch.
        const isTaken = isPath || /^\d$/.test(value) || TAKEN[name]?.test(value) === true;
        expect([name, value, isTaken]).toEqual([name, value, true]);
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        expect(error.lines).toHaveLength(1);
        expectActionable(error.lines[0]!, name);
        if (secret === true) expect(error.lines[0]).toContain('has a value that cannot be used (not shown');
      }
    }
  });
});

describe('lines of a file', () => {
  const check = (line: string): void => {
    const found = classify(line);
    if (found.kind === 'invalid') expectActionable(`line 1 ${found.problem}.`, 'line 1');
    else expect(typeof JSON.parse(line)).toBe('object');
  };

  test('texts of any kind', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.json()), check), {
      numRuns: 2_000,
    });
  });

  test('objects with a type of any kind', () => {
    const typed = fc.record({ type: fc.jsonValue(), id: fc.jsonValue() });
    fc.assert(
      fc.property(typed, (value) => check(JSON.stringify(value))),
      { numRuns: 1_000 },
    );
  });

  const LINES = [
    ...['NaN', '{', '"x"', '1e999', '[[[]]]', '{"type":""}', '{"type":null}'].map((line) => [line, line] as const),
    ['lists without end', `{"a":${'['.repeat(5_000)}`] as const,
    ['lists in lists', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`] as const,
  ];
  test.each(LINES)('%s', (_what, line) => {
    expect(classify(line).kind).toBe('invalid');
    check(line);
  });
});
