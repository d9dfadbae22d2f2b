/** A price version's content never changes under its name: compared with what ClickHouse has of it. */
import { describe, expect, test } from '@jest/globals';
import { compilePriceBook, loadPriceBook } from '../../schema/price-book.ts';
import { contentChecksum, recordPriceVersions } from '../../schema/price-versions.ts';
import { freshTables, type TestEngine } from './engine.ts';

let engine: TestEngine;
freshTables((fresh) => {
  engine = fresh;
});

const model = (name: string, input: string, extra: object = {}) => ({
  model: name,
  creditsPer1000Tokens: { input, output: '1', cacheRead: '0', cacheWrite: '0' },
  speed: 'Fast',
  creditUsage: 'Low',
  bestFor: 'Tests',
  ...extra,
});
const bookOf = (...models: object[]) =>
  compilePriceBook({ versions: [{ name: 'v1', effectiveFrom: '1970-01-01T00:00:00Z', models }] });

describe('recordPriceVersions', () => {
  test('records each version once, also when two services start', async () => {
    const book = await loadPriceBook();
    await Promise.all([recordPriceVersions(engine.client, book), recordPriceVersions(engine.client, book)]);
    await recordPriceVersions(engine.client, book);
    expect(await engine.rows('SELECT name, checksum FROM price_versions')).toEqual([
      { name: '2026-11-01', checksum: contentChecksum(book.versions[0]!) },
    ]);
  });

  test('takes a book with one more version, or one fewer', async () => {
    await recordPriceVersions(engine.client, bookOf(model('a', '1')));
    const next = { name: 'v2', effectiveFrom: '2026-11-01T00:00:00Z', models: [model('a', '2')] };
    await recordPriceVersions(engine.client, compilePriceBook({ versions: [next] }));
    const names = await engine.rows<{ name: string }>('SELECT name FROM price_versions ORDER BY name');
    expect(names.map(({ name }) => name)).toEqual(['v1', 'v2']);
  });

  test.each<[string, object[], RegExp]>([
    [
      'a price',
      [model('a', '1'), model('b', '3')],
      /creditsPer1000Tokens of model "b" was .*"input":"2".* and is now .*"input":"3"/,
    ],
    [
      'a label',
      [model('a', '1', { speed: 'Slow' }), model('b', '2')],
      /speed of model "a" was "Fast" and is now "Slow"/,
    ],
    [
      'an alias',
      [model('a', '1', { aliases: ['x'] }), model('b', '2')],
      /aliases of model "a" was \[\] and is now \["x"\]/,
    ],
    ['a new model', [model('a', '1'), model('b', '2'), model('c', '3')], /model "c" is new in it/],
    ['a missing model', [model('b', '2')], /model "a" is gone from it/],
  ])('refuses %s changed under a known name, and writes nothing', async (_name, models, problem) => {
    await recordPriceVersions(engine.client, bookOf(model('a', '1'), model('b', '2')));
    await expect(recordPriceVersions(engine.client, bookOf(...models))).rejects.toMatchObject({
      code: 'price-version-changed',
      message: expect.stringMatching(new RegExp(`^Price version "v1" .*${problem.source}`)),
    });
    expect(await engine.rows('SELECT count() AS n FROM price_versions')).toEqual([{ n: 1 }]);
  });

  test('refuses another effective time', async () => {
    await recordPriceVersions(engine.client, bookOf(model('a', '1')));
    const moved = compilePriceBook({
      versions: [{ name: 'v1', effectiveFrom: '2026-01-01T00:00:00Z', models: [model('a', '1')] }],
    });
    await expect(recordPriceVersions(engine.client, moved)).rejects.toThrow(
      /took effect at 1970-01-01T00:00:00\.000Z and would now at 2026/,
    );
  });

  test('of two services that start with different books at once, not both go on', async () => {
    const [one, other] = [bookOf(model('a', '1')), bookOf(model('a', '2'))];
    const outcomes = await Promise.allSettled([
      recordPriceVersions(engine.client, one),
      recordPriceVersions(engine.client, other),
    ]);
    expect(outcomes.some((outcome) => outcome.status === 'rejected')).toBe(true);
  });
});
