/** Usage events at the edge: what is accepted becomes the parsed shape, what is not is refused in one plain sentence. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseUsageEvent, parseUsageEventSlowly } from '../../schema/event.ts';
import { fastUsageEvent } from '../../schema/event-fast.ts';

const sent = {
  id: 'call-1',
  accountId: 'acct-1',
  serverId: 'srv-1',
  model: 'claude-sonnet-4.5',
  occurredAt: '2026-11-01T12:00:00Z',
  tokens: { input: 1000 },
};
const parsed = {
  ...sent,
  occurredAt: Date.UTC(2026, 10, 1, 12),
  tokens: { input: 1000, output: 0, cacheRead: 0, cacheWrite: 0 },
  keySource: 'platform',
  attributes: [],
};
const own = (json: string): object => JSON.parse(json) as object;

describe('a valid event', () => {
  test.each<[string, object, object]>([
    ['with defaults', {}, {}],
    ['in epoch milliseconds', { occurredAt: 1_793_534_400_000 }, {}],
    ['in another offset', { occurredAt: '2026-11-01T13:00:00.000+01:00' }, {}],
    [
      'with every pool',
      { tokens: { input: 0, output: 1, cacheRead: 2, cacheWrite: 2 ** 31 - 1 } },
      { tokens: { input: 0, output: 1, cacheRead: 2, cacheWrite: 2 ** 31 - 1 } },
    ],
    ['with no tokens at all', { tokens: {} }, { tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } }],
    ['of the own key', { keySource: 'byok' }, { keySource: 'byok' }],
    [
      'with the longest ids',
      { id: 'x'.repeat(128), serverId: 'aZ09._:@/+-' },
      { id: 'x'.repeat(128), serverId: 'aZ09._:@/+-' },
    ],
    [
      'named like parts of an object',
      { id: 'constructor', model: '__proto__', serverId: 'toString' },
      { id: 'constructor', model: '__proto__', serverId: 'toString' },
    ],
    [
      'with sorted attributes',
      { attributes: { b: '2', a: 'Zürich 🙂', 10: '' } },
      {
        attributes: [
          ['10', ''],
          ['a', 'Zürich 🙂'],
          ['b', '2'],
        ],
      },
    ],
    [
      'with attributes named like parts of an object',
      { attributes: own('{"toString": "1", "__proto__": "2"}') },
      {
        attributes: [
          ['__proto__', '2'],
          ['toString', '1'],
        ],
      },
    ],
  ])('%s', (_name, change, change2) => {
    const event = { ...sent, ...change };
    expect(parseUsageEvent(event)).toEqual({ ok: true, event: { ...parsed, ...change2 } });
    expect(parseUsageEventSlowly(event)).toEqual({ ok: true, event: { ...parsed, ...change2 } });
  });

  test('is never −0', () => {
    const result = parseUsageEvent({ ...sent, occurredAt: -0, tokens: { input: -0 } });
    expect(result).toMatchObject({ ok: true, event: { occurredAt: 0, tokens: { input: 0 } } });
    expect(Object.is(result.ok && result.event.tokens.input, 0)).toBe(true);
  });
});

const long = 'x'.repeat(129);
const invalid: [field: string, change: object, problem: RegExp][] = [
  ['id', { id: undefined }, /^id is missing, but must be a text of 1 to 128 of A–Z a–z 0–9 \. _ : @ \/ \+ -\.$/],
  ['id', { id: long }, /^id is a text of 129 characters \("x{40}"…\), but must be/],
  ['id', { id: null }, /^id is null, but/],
  ['accountId', { accountId: 'a b' }, /^accountId is the text "a b", but/],
  ['accountId', { accountId: 'a\n' }, /^accountId is the text "a\\n", but/],
  ['accountId', { accountId: 'ä' }, /^accountId is the text "ä", but/],
  ['serverId', { serverId: '' }, /^serverId is an empty text, but/],
  ['model', { model: 7 }, /^model is 7, but/],
  ['model', { model: ['x'] }, /^model is a list of 1, but/],
  [
    'occurredAt',
    { occurredAt: 'yesterday' },
    /^occurredAt is the text "yesterday", but must be an ISO 8601 time with an offset/,
  ],
  ['occurredAt', { occurredAt: '2026-11-01T12:00:00' }, /offset/],
  ['occurredAt', { occurredAt: '2026-02-30T12:00:00Z' }, /"2026-02-30T12:00:00Z"/],
  ['occurredAt', { occurredAt: '1969-12-31T23:59:59Z' }, /from 1970 to 9999/],
  ['occurredAt', { occurredAt: -1 }, /^occurredAt is -1, but/],
  ['occurredAt', { occurredAt: 1.5 }, /^occurredAt is 1\.5, but/],
  ['occurredAt', { occurredAt: 253_402_300_800_000 }, /from 1970 to 9999/],
  ['occurredAt', { occurredAt: Number.NaN }, /^occurredAt is NaN, but/],
  ['tokens', { tokens: null }, /^tokens is null, but must be an object of the pools/],
  ['tokens', { tokens: undefined }, /^tokens is missing, but/],
  ['tokens', { tokens: [] }, /^tokens is a list of 0, but/],
  ['tokens', { tokens: 5 }, /^tokens is 5, but/],
  ['tokens.input', { tokens: { input: -1 } }, /^tokens\.input is -1, but must be an integer from 0 to 2147483647\.$/],
  ['tokens.input', { tokens: { input: 1.5 } }, /^tokens\.input is 1\.5, but/],
  ['tokens.output', { tokens: { output: '7' } }, /^tokens\.output is the text "7", but/],
  ['tokens.output', { tokens: { output: null } }, /^tokens\.output is null, but/],
  ['tokens.cacheRead', { tokens: { cacheRead: 2 ** 31 } }, /^tokens\.cacheRead is 2147483648, but/],
  ['tokens.cacheWrite', { tokens: { cacheWrite: Number.POSITIVE_INFINITY } }, /is Infinity, but/],
  [
    'tokens.cache_read',
    { tokens: { cache_read: 1 } },
    /^tokens\.cache_read is not a known field; accepted are input, output, cacheRead and cacheWrite\.$/,
  ],
  ['tokens.constructor', { tokens: { constructor: 1 } }, /is not a known field/],
  ['keySource', { keySource: 'stolen' }, /^keySource is the text "stolen", but must be "platform" or "byok"\.$/],
  ['keySource', { keySource: null }, /^keySource is null, but/],
  [
    'keysource',
    { keysource: 'byok' },
    /^keysource is not a known field; accepted are id, accountId, .* keySource and attributes\.$/,
  ],
  ['__proto__', own('{"__proto__": {"id": "x"}}'), /^__proto__ is not a known field/],
  ['constructor', { constructor: 1 }, /^constructor is not a known field/],
  ['"a\\nb"', { 'a\nb': 1 }, /^"a\\nb" is not a known field/],
  ['attributes', { attributes: null }, /^attributes is null, but must be an object of at most 16 string pairs/],
  ['attributes', { attributes: ['a'] }, /^attributes is a list of 1, but/],
  ['attributes', { attributes: { '': 'x' } }, /keys of 1 to 64 characters/],
  ['attributes', { attributes: { ['k'.repeat(65)]: 'x' } }, /keys of 1 to 64 characters/],
  ['attributes', { attributes: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])) }, /at most 16/],
  ['attributes.a', { attributes: { a: 1 } }, /^attributes\.a is 1, but must be a text of at most 512 characters/],
  ['attributes.a', { attributes: { a: 'x\ty' } }, /^attributes\.a is the text "x\\ty", but/],
  ['attributes.a', { attributes: { a: 'x\u009by' } }, /without control characters/],
  ['attributes.a', { attributes: { a: 'x\ud800' } }, /^attributes\.a is the text "x\\ud800", but/],
  ['attributes.a', { attributes: { a: 'x'.repeat(513) } }, /^attributes\.a is a text of 513 characters/],
  ['attributes.toString', { attributes: { toString: 1 } }, /^attributes\.toString is 1, but/],
];

describe('an invalid event', () => {
  test.each(invalid)('%s of %j', (field, change, problem) => {
    // Entries, so that a field called __proto__ is one.
    const event = Object.defineProperties({ ...sent }, Object.getOwnPropertyDescriptors(change));
    expect(parseUsageEvent(event)).toEqual({ ok: false, field, reason: expect.stringMatching(problem) });
  });

  test.each([[undefined], [null], [5], ['x'], [true], [[]], [[sent]], [() => 1], [Symbol('x')], [5n]])(
    '%p is none',
    (value) => {
      expect(parseUsageEvent(value)).toMatchObject({
        ok: false,
        field: 'event',
        reason: expect.stringMatching(/^event is .*, but must be an object\.$/),
      });
    },
  );

  test('shows at most 40 characters of a value, on one line', () => {
    const result = parseUsageEvent({ ...sent, occurredAt: 'secret\n'.repeat(1000) });
    expect(result).toMatchObject({ ok: false });
    const { reason } = result as { reason: string };
    expect(reason.match(/secret/g)).toHaveLength(5);
    expect(reason).not.toContain('\n');
    expect(reason.length).toBeLessThan(250);
  });
});

describe('the fast path', () => {
  const wild = fc.oneof(
    fc.constantFrom(
      undefined,
      null,
      true,
      '',
      'x',
      'byok',
      'a b',
      0,
      -0,
      -1,
      1.5,
      2 ** 31,
      Number.NaN,
      '2026-11-01T12:00:00Z',
      'constructor',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.integer(),
    fc.array(fc.string(), { maxLength: 2 }),
    fc.dictionary(fc.string({ maxLength: 3 }), fc.oneof(fc.string({ unit: 'binary', maxLength: 5 }), fc.integer()), {
      maxKeys: 18,
    }),
  );
  const goodTokens = fc.record(
    { input: fc.nat(), output: fc.nat(), cacheRead: fc.nat(), cacheWrite: fc.nat() },
    { requiredKeys: [] },
  );
  const good = fc.record(
    {
      id: fc.constantFrom('a', 'call-1'),
      accountId: fc.constant('acct-1'),
      serverId: fc.constant('srv-1'),
      model: fc.constant('m'),
      occurredAt: fc.oneof(
        fc
          .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString()),
        fc.nat(),
      ),
      tokens: goodTokens,
      keySource: fc.constantFrom('platform', 'byok'),
      attributes: fc.dictionary(
        fc.string({ minLength: 1, maxLength: 5 }),
        fc.string({ unit: 'grapheme', maxLength: 9 }),
        { maxKeys: 17 },
      ),
    },
    { requiredKeys: ['id', 'accountId', 'serverId', 'model', 'occurredAt', 'tokens'] },
  );
  const field = fc.constantFrom(
    'id',
    'accountId',
    'model',
    'occurredAt',
    'tokens',
    'keySource',
    'attributes',
    'extra',
    '__proto__',
    'toString',
  );
  const anyEvent = fc
    .tuple(
      good,
      fc.oneof(fc.constant([]), fc.array(fc.tuple(field, wild), { maxLength: 2 })),
      fc.option(fc.tuple(fc.constantFrom('input', 'output', 'other'), wild), { freq: 1 }),
    )
    .map(([event, changes, pool]) => {
      const value: Record<string, unknown> = { ...event };
      for (const [name, change] of changes)
        Object.defineProperty(value, name, { value: change, enumerable: true, configurable: true, writable: true });
      if (pool !== null && typeof value.tokens === 'object') value.tokens = { ...value.tokens, [pool[0]]: pool[1] };
      return value;
    });

  test('decides as the schema does, or leaves it to the schema', () => {
    let taken = 0;
    let left = 0;
    fc.assert(
      fc.property(anyEvent, (value) => {
        const fast = fastUsageEvent(value);
        const slow = parseUsageEventSlowly(value);
        if (fast === undefined) left += 1;
        else {
          taken += 1;
          expect(slow).toStrictEqual({ ok: true, event: fast });
        }
        // Nothing valid is lost on the way, and what is slow to take is rare.
        expect(parseUsageEvent(value)).toStrictEqual(slow);
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(300);
    expect(left).toBeGreaterThan(300);
  });

  test('takes every valid event', () => {
    fc.assert(
      fc.property(good, (value) => {
        expect(fastUsageEvent(value) !== undefined).toBe(parseUsageEventSlowly(value).ok);
      }),
    );
  });
});
