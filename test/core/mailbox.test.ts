/** Mailboxes as settings name them. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { domainOf, parseMailbox } from '../../core/mailbox.ts';

describe('parseMailbox', () => {
  test.each([
    ['billing@example.com', undefined, 'billing@example.com'],
    ['Flowly <billing@example.com>', 'Flowly', 'billing@example.com'],
    ['"Flowly, Inc." <billing@example.com>', 'Flowly, Inc.', 'billing@example.com'],
    ['Flowly, Inc. <no-reply@localhost>', 'Flowly, Inc.', 'no-reply@localhost'],
    ['Zoë 🚀 <a@b.c>', 'Zoë 🚀', 'a@b.c'],
    ['<a@b.c>', undefined, 'a@b.c'],
    ['"" <a@b.c>', undefined, 'a@b.c'],
  ])('%j', (text, name, address) => {
    expect(parseMailbox(text)).toEqual(name === undefined ? { address } : { name, address });
  });

  test.each([
    ...['', ' ', 'Flowly', 'a@', '@b.c', 'a@b.c, d@e.f', 'a@b.c <d@e.f', 'A <a@b.c> B', 'A <a@b.c>, B <d@e.f>'],
    ...['A\r\nBcc: x <a@b.c>', 'A <a@b.c\n>', 'A\u2028 <a@b.c>', '"a"b" <a@b.c>', '<b> <a@b.c>', 'a b@c.d', 'ä@b.c'],
    ...[`${'x'.repeat(201)} <a@b.c>`, `${'a'.repeat(250)}@b.cd`, 'a@-b.c', 'a..b@c.d', 'a@b..c', 'A <>'],
  ])('%j is none', (text) => expect(parseMailbox(text)).toBeUndefined());

  test('whatever passes has nothing in it that could end a header', () => {
    fc.assert(
      fc.property(fc.tuple(fc.string({ unit: 'binary' }), fc.emailAddress()), ([name, address]) => {
        const parsed = parseMailbox(`${name} <${address}>`);
        if (parsed !== undefined) expect(`${parsed.name ?? ''}${parsed.address}`).not.toMatch(/[\r\n<>\p{Cc}]/u);
      }),
    );
  });
});

test('domainOf', () => expect(domainOf({ address: 'no-reply@mail.example' })).toBe('mail.example'));
