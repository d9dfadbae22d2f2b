/** The price book file: the default one says what the contract says, and a bad one is refused with the place. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { priceEvent } from '../../core/price.ts';
import { compilePriceBook, loadPriceBook } from '../../schema/price-book.ts';
import { contentChecksum } from '../../schema/price-versions.ts';

type Changes = { readonly [key: string]: unknown };
const model = (changes: Changes = {}) => ({
  model: 'm-1',
  creditsPer1000Tokens: { input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' },
  speed: 'Fast',
  creditUsage: 'Medium',
  bestFor: 'Most tasks',
  ...changes,
});
const version = (changes: Changes = {}) => ({
  name: 'v1',
  effectiveFrom: '1970-01-01T00:00:00Z',
  models: [model()],
  ...changes,
});
const book = (...versions: object[]) => compilePriceBook({ versions }, 'book.json');
const rates = (changes: Changes) =>
  model({ creditsPer1000Tokens: { input: '1', output: '1', cacheRead: '1', cacheWrite: '1', ...changes } });

describe('the default book', () => {
  test('is the one of the contract', async () => {
    const { versions } = await loadPriceBook();
    expect(versions.map(({ name, effectiveFromMs }) => [name, effectiveFromMs])).toEqual([['2026-11-01', 0]]);
    const table = [...versions[0]!.models.values()].map((price) => [
      price.model,
      price.ratesMicrosPer1000.map((rate) => rate / 1_000_000),
      price.speed,
      price.creditUsage,
      price.bestFor,
    ]);
    expect(table).toEqual([
      ['claude-sonnet-4.5', [3, 15, 0.3, 3.75], 'Fast', 'Medium', 'Most tasks'],
      ['claude-haiku-4.5', [1, 5, 0.1, 1.25], 'Very Fast', 'Low', 'Quick responses'],
      ['minimax-m2.1', [0.3, 1.2, 0.03, 0.375], 'Fast', 'Low', 'General chat'],
      ['kimi-k2.5', [2, 8, 0.2, 2], 'Medium', 'Medium', 'Complex tasks'],
    ]);
    expect(versions[0]!.aliases.size).toBe(0);
  });
});

describe('compilePriceBook', () => {
  test('sorts versions, resolves aliases, and knows no model by the name of a part of an object', () => {
    const compiled = book(
      version({
        name: 'later',
        effectiveFrom: '2026-11-01T00:00:00+01:00',
        models: [model({ aliases: ['m', 'other'] })],
      }),
      version(),
    );
    expect(compiled.versions.map(({ name }) => name)).toEqual(['v1', 'later']);
    const tokens = { input: 1000, output: 0, cacheRead: 0, cacheWrite: 0 };
    const at = Date.UTC(2026, 9, 31, 23);
    expect(priceEvent(compiled, 'other', tokens, at, 'platform')).toEqual({
      version: 'later',
      model: 'm-1',
      cost: 3_000_000,
    });
    expect(priceEvent(compiled, 'm-1', tokens, at - 1, 'platform')?.version).toBe('v1');
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(priceEvent(compiled, name, tokens, at, 'platform')).toBeUndefined();
    }
  });

  test.each<[string, unknown, RegExp]>([
    ['no object', [], /price book is a list of 0, but must be an object with versions\.$/],
    ['no versions', { versions: [] }, /versions is a list of 0, but must be a list of at least one version/],
    [
      'another field',
      { versions: [version()], version: 1 },
      /version is not a known field; accepted are \$schema and versions/,
    ],
    [
      'a bad name',
      { versions: [version({ name: 'v 1' })] },
      /, version "v 1" is refused: versions\[0\]\.name is the text "v 1", but/,
    ],
    [
      'a time without offset',
      { versions: [version({ effectiveFrom: '2026-11-01' })] },
      /version "v1" is refused: versions\[0\]\.effectiveFrom is the text "2026-11-01", but must be an ISO 8601 time/,
    ],
    ['no models', { versions: [version({ models: [] })] }, /a list of at least one model/],
    [
      'a price as a number',
      { versions: [version({ models: [rates({ input: 3 })] })] },
      /^The price book book\.json, version "v1", model "m-1" is refused: versions\[0\]\.models\[0\]\.creditsPer1000Tokens\.input is 3, but must be credits per 1,000 tokens as a decimal string/,
    ],
    [
      'a price too precise',
      { versions: [version({ models: [rates({ output: '0.0000001' })] })] },
      /output is the text "0\.0000001", but .* at most six decimals/,
    ],
    ['a price too high', { versions: [version({ models: [rates({ output: '1000.000001' })] })] }, /from 0 to 1000/],
    [
      'a negative price',
      { versions: [version({ models: [rates({ output: '-1' })] })] },
      /output is the text "-1", but/,
    ],
    [
      'a price left out',
      { versions: [version({ models: [rates({ cacheWrite: undefined })] })] },
      /cacheWrite is missing, but/,
    ],
    [
      'an unknown pool',
      { versions: [version({ models: [rates({ cached: '1' })] })] },
      /creditsPer1000Tokens\.cached is not a known field/,
    ],
    ['no label', { versions: [version({ models: [model({ speed: '' })] })] }, /speed is an empty text, but/],
    [
      'a model twice',
      { versions: [version({ models: [model(), model()] })] },
      /version "v1", is refused: model "m-1" is listed twice\.$/,
    ],
    [
      'an alias that is a model',
      { versions: [version({ models: [model({ aliases: ['m-2'] }), model({ model: 'm-2' })] })] },
      /model "m-1", is refused: alias "m-2" is a model in this version\.$/,
    ],
    [
      'an alias that is itself',
      { versions: [version({ models: [model({ aliases: ['m-1'] })] })] },
      /alias "m-1" is a model/,
    ],
    [
      'an alias of two',
      { versions: [version({ models: [model({ aliases: ['x'] }), model({ model: 'm-2', aliases: ['x'] })] })] },
      /model "m-2", is refused: alias "x" already means "m-1" in this version\.$/,
    ],
    [
      'an alias that is no id',
      { versions: [version({ models: [model({ aliases: ['a b'] })] })] },
      /aliases\[0\] is the text "a b", but/,
    ],
    [
      'two versions of a name',
      { versions: [version(), version({ effectiveFrom: 1 })] },
      /^The price book book\.json is refused: .*"v1" shares its name or its effective time/,
    ],
    [
      'two versions of a time',
      { versions: [version(), version({ name: 'v2' })] },
      /shares its name or its effective time/,
    ],
  ])('refuses %s', (_name, json, problem) => {
    expect(() => compilePriceBook(json, 'book.json')).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^price-book-(invalid|ambiguous)$/),
        message: expect.stringMatching(problem),
      }),
    );
  });
});

describe('loadPriceBook', () => {
  test('names a file that is missing or no JSON', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flowly-book-'));
    try {
      const path = join(folder, 'book.json');
      await expect(loadPriceBook(path)).rejects.toMatchObject({
        code: 'price-book-unreadable',
        message: expect.stringContaining(path),
      });
      await writeFile(path, '{"versions": [');
      await expect(loadPriceBook(path)).rejects.toMatchObject({
        code: 'price-book-invalid',
        message: expect.stringContaining(`${path} is not JSON`),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('contentChecksum', () => {
  const sum = (...models: object[]) => contentChecksum(book(version({ models })).versions[0]!);
  const other = model({ model: 'm-2', aliases: ['b', 'a'] });

  test('is the same for the same content in another order or spelling', () => {
    const respelt = { input: '3.0', output: '15.000000', cacheRead: '0.30', cacheWrite: '3.75' };
    expect(sum({ ...other, aliases: ['a', 'b'] }, model({ creditsPer1000Tokens: respelt }))).toBe(sum(model(), other));
  });

  test('differs when anything does', () => {
    const changes = [{ speed: 'Slow' }, { creditUsage: 'Low' }, { bestFor: 'x' }, { aliases: ['x'] }, { model: 'm-3' }];
    const sums = [{}, ...changes].map((change) => sum(model(change), other));
    const dearer = sum(rates({ input: '3.000001' }), other);
    expect(new Set([...sums, dearer, sum(other)]).size).toBe(changes.length + 3);
  });
});
