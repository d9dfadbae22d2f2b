/**
 * What mail programs know, by the data of caniemail.com: React Email's preview server checks templates by the same data
 * and for the same programs, but reads sources; this reads what is sent. Only an addition that a program may ignore
 * without harm is allowed to be unknown to it, each with its reason.
 */
import { describe, expect, test } from '@jest/globals';
import { caniemail } from 'caniemail';
import { renderMail } from '../../emails/render.ts';
import { SAMPLES } from '../../emails/samples.ts';

/** React Email's default. */
const CLIENTS = ['gmail.*', 'apple-mail.*', 'outlook.*', 'yahoo.*'] as const;

const ALLOWED: Readonly<Record<string, string>> = {
  '@media': 'dark colours only; where it is unknown the mail stays light',
  '@media (prefers-color-scheme)': 'as above',
  '<style> element': 'as above',
  'Class selector': 'as above',
  'color-scheme CSS property': 'as above',
  'color-scheme meta tag': 'as above',
  'role attribute': 'tells a screen reader which tables only lay out; unknown to one discontinued program',
  'word-break': 'breaks long ids; those that do not know it have word-wrap',
  'display:none': 'React Email’s Preview hides its line in several ways at once, since no program knows all',
  opacity: 'as above',
  overflow: 'as above',
  'max-height property': 'as above',
  '<body> element': 'programs that put a mail into their own page drop it; its colours are on a table too',
};

/** The package throws on this property: it has no entry for some of the programs. See `word-break`. */
const UNCHECKED = 'word-wrap:break-word';

const unknownIn = (html: string): string[] => {
  const { issues } = caniemail({ clients: [...CLIENTS], html: html.replaceAll(UNCHECKED, '') });
  return [...new Set([...issues.errors.values()].flatMap((found) => found.map(({ title }) => title)))];
};

test('the check finds what programs do not know', () => {
  expect(unknownIn('<div style="display:grid;border-radius:4px"><video></video></div>')).toEqual(
    expect.arrayContaining(['border-radius', '<video> element']),
  );
});

describe('mails use what programs know', () => {
  test.each(SAMPLES)('$name', async ({ message }) => {
    const { html } = await renderMail(message, { manageUrl: 'https://example.com/settings/alerts' });
    expect(unknownIn(html).filter((title) => ALLOWED[title] === undefined)).toEqual([]);
  });
});
