/** What holds for every mail: its size, subject, structure, and that its text says what its HTML says. */
import { describe, expect, test } from '@jest/globals';
import { MAIL_KINDS } from '../../emails/message.ts';
import { TEXT_COLUMNS_MAX } from '../../emails/parts/text.ts';
import { renderMail } from '../../emails/render.ts';
import { SAMPLES } from '../../emails/samples.ts';
import { onOneLine, seen } from './samples.ts';

/** Gmail cuts a mail at 102 KB; what is sent is a third longer in base64. */
const HTML_BYTES_MAX = 80_000;
const NUMBER = /\d(?:[\d.,:]*\d)?/g;

test('every kind has a sample', () => {
  expect(new Set(SAMPLES.map(({ message }) => message.kind))).toEqual(new Set(MAIL_KINDS));
  expect(new Set(SAMPLES.map(({ name }) => name)).size).toBe(SAMPLES.length);
});

describe.each(SAMPLES)('$name', ({ message }) => {
  const rendered = renderMail(message);

  test('is small and loads nothing from elsewhere', async () => {
    const { html } = await rendered;
    expect(Buffer.byteLength(html)).toBeLessThan(HTML_BYTES_MAX);
    expect(html).not.toMatch(/<img|url\(|<link|<script|href=|src=/i);
    expect(html).not.toMatch(/undefined|\[object|NaN|null/);
  });

  test('has a subject of one short line', async () => {
    const { subject } = await rendered;
    expect(subject).toMatch(/^[^\p{Cc}\u2028\u2029]{10,99}$/u);
    expect(subject).not.toContain('!');
  });

  test('is built for those who hear it, and for dark screens', async () => {
    const { html, subject } = await rendered;
    expect(html).toMatch(/<html[^>]* lang="en"/);
    expect(html).toContain(`<title>${subject}</title>`);
    expect(html).toContain('<meta name="color-scheme" content="light dark"/>');
    expect(html).toContain('@media (prefers-color-scheme: dark)');
    expect(html.match(/<h1[ >]/g)).toHaveLength(1);
    // A table lays out, or it has headers.
    for (const table of html.split('<table').slice(1)) {
      expect(table.startsWith(' ') && (/^[^>]*role="presentation"/.test(table) || table.includes('<th '))).toBe(true);
    }
    const { body, preview } = seen(html);
    expect(preview.length).toBeGreaterThan(20);
    expect(preview).not.toBe(subject);
    expect(body).toContain(`Reference: ${message.intentId}`);
    expect(body.split('Europe/Berlin')).toHaveLength(2);
  });

  test('says in text what it says in HTML', async () => {
    const { html, text } = await rendered;
    const { body, preview } = seen(html);
    const numbers = (part: string): Set<string> => new Set(part.match(NUMBER));
    expect(numbers(text)).toEqual(numbers(`${body} ${preview}`));
    const words = (part: string): Set<string> => new Set(onOneLine(part).match(/[\p{L}’-]{2,}/gu));
    const missing = [...words(body)].filter((word) => !words(text).has(word));
    expect(missing).toEqual([]);
  });

  test('has text that fits a terminal', async () => {
    const { text } = await rendered;
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(TEXT_COLUMNS_MAX);
    expect(text).not.toMatch(/\n\n\n|<|&amp;|\u00a0/);
    expect(text.endsWith('\n')).toBe(true);
  });

  test('shouts nothing', async () => {
    const { html, text } = await rendered;
    expect(seen(html).body).not.toContain('!');
    expect(text).not.toContain('!');
  });
});

test('every inline colour has a class that turns it dark', async () => {
  const classOf = { 'background-color': /page|card|track|fill-/, color: /ink|soft|link/, 'border-top': /rule|edge-/ };
  for (const { message } of SAMPLES) {
    const { html } = await renderMail(message, { manageUrl: 'https://example.com/alerts' });
    for (const [tag, style] of html.matchAll(/<[a-z0-9]+ [^>]*style="([^"]*)"[^>]*>/g)) {
      const className = /class="([^"]*)"/.exec(tag)?.[1] ?? '';
      for (const [property, names] of Object.entries(classOf)) {
        if (new RegExp(`(^|;)${property}:[^;]*#`).test(style!)) expect(`${className} for ${tag}`).toMatch(names);
      }
    }
  }
});
