/** Names, ids and references of somebody else: escaped, on one line, with nothing that turns or hides the words around. */
import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../emails/message.ts';
import { cleanText, shortText } from '../../emails/parts/clean-text.ts';
import { renderMail } from '../../emails/render.ts';
import { credits, messageOf, onOneLine, seen } from './samples.ts';

const LONG_ID = `${'x'.repeat(60)}.${'Y'.repeat(67)}`;
const EVIL = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'Ada\r\nBcc: everyone@example.com\r\n\r\nBuy now',
  '\u202egnp.exe\u202c',
  'A\u200bd\u2060a\ufeff',
  'Ada\u2028Grace\u0000\u0007',
  '\ud800 alone',
  '${name} {{name}} %s',
];

describe.each(EVIL)('a name like %j', (name) => {
  const rendered = renderMail(messageOf('low-credits', { reader: { name } }));

  test('is words and nothing else', async () => {
    const { html, subject, text } = await rendered;
    expect(html).not.toMatch(/<script|<img|onerror=[^&]*>/i);
    for (const part of [seen(html).body, text, subject]) {
      expect(part).not.toMatch(/[\u202a-\u202e\u2060\u2066-\u2069\u200b\ufeff\u2028]|\p{Cs}|[^\P{Cc}\n]/u);
    }
    expect(text.split('\n')[3]).toBe(`Hello ${shortText(name)},`);
    expect(html.match(/<p /g)).toHaveLength((await renderMail(messageOf('low-credits'))).html.match(/<p /g)!.length);
  });
});

test('what is left of a name', () => {
  expect(EVIL.map(cleanText).slice(2, 6)).toEqual([
    'Ada Bcc: everyone@example.com Buy now',
    'gnp.exe',
    'Ada',
    'Ada Grace',
  ]);
  // Joiners make the emoji and the Persian word what they are.
  expect(cleanText('👩\u200d💻 می\u200cخواهم')).toBe('👩\u200d💻 می\u200cخواهم');
  expect(shortText('👍'.repeat(50))).toBe(`${'👍'.repeat(39)}…`);
});

test.each([undefined, '', ' \u200b\n '])('a name of %j greets without one', async (name) => {
  expect((await renderMail(messageOf('receipt', { reader: { name } }))).text).toContain('\nHello,\n');
});

describe('ids of 128 characters', () => {
  const share = { name: LONG_ID, events: 1, credits: credits(1) };
  const saving = {
    ...messageOf('low-credits').breakdown!.saving!,
    serverId: LONG_ID,
    from: LONG_ID,
    to: `${LONG_ID}2`,
  };
  const breakdown = { from: 0, to: 1, events: 1, credits: credits(1), servers: [share], models: [share], saving };
  const crossed = { alert: { id: LONG_ID, kind: 'percent', percent: 20 }, builtIn: false, threshold: 1n } as const;
  const messages: Message[] = [
    messageOf('low-credits', { facts: { breakdown, crossed, intentId: `${LONG_ID}:mail:12345` } }),
    messageOf('limit-warning', { facts: { serverId: LONG_ID } }),
    messageOf('limit-reached', { facts: { serverId: LONG_ID } }),
    messageOf('receipt', {
      facts: { purchase: { id: 'p', credits: 1n, price: undefined, reference: LONG_ID, purchasedAt: 0 } },
    }),
  ];

  test.each(messages)('$kind: whole in both forms, cut in the subject, and may break anywhere', async (message) => {
    const { html, subject, text } = await renderMail(message);
    expect(subject.length).toBeLessThan(100);
    expect(seen(html).body).toContain(LONG_ID);
    expect(text).toContain(LONG_ID);
    for (const line of text.split('\n')) expect(line.length <= 78 || !line.trim().includes(' ')).toBe(true);
    // Whatever element holds the id lets it break.
    for (const [, style] of html.matchAll(new RegExp(`style="([^"]*)"[^>]*>[^<]*${LONG_ID}`, 'g'))) {
      expect(style).toContain('word-break:break-word');
    }
  });

  test('a table in text keeps its figures in their columns', async () => {
    const { text } = await renderMail(messages[0]!);
    expect(text).toMatch(new RegExp(`\\n  ${LONG_ID}\\n +1 {8}1\\n`));
  });
});

test('the largest amounts everywhere', async () => {
  const most = 2n ** 53n - 1n;
  const balances = { monthly: most, bonus: most, granted: most, nextGrant: most, uncovered: most };
  for (const kind of ['low-credits', 'restored', 'monthly-reset', 'expiring', 'receipt'] as const) {
    const { subject, text } = await renderMail(messageOf(kind, { balances }));
    expect(onOneLine(text)).toContain('18,014,398,509.481982');
    expect(subject.length).toBeLessThan(100);
  }
});
