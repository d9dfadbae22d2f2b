/**
 * Holds the price book to its word: a version's content never changes under its name. The first service that uses a
 * version records its content in ClickHouse; every later one compares.
 */
import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { PermanentError } from '../core/errors.ts';
import { formatCredits } from '../core/money.ts';
import type { ModelPrice, PriceBook, PriceVersion } from '../core/price.ts';
import { PRICE_VERSION_COLUMNS } from './rows.ts';

/** sha256 (hex) of the canonical content: equal for two versions exactly when they say the same. */
export const contentChecksum = (version: PriceVersion): string =>
  createHash('sha256').update(contentOf(version)).digest('hex');

/** Canonical JSON: everything a version says, models and aliases sorted, prices in one spelling. */
export const contentOf = (version: PriceVersion): string =>
  JSON.stringify({
    name: version.name,
    effectiveFrom: new Date(version.effectiveFromMs).toISOString(),
    models: [...version.models.values()].sort(byModel).map((price) => modelContent(version, price)),
  });

type ModelContent = ReturnType<typeof modelContent>;

const modelContent = (version: PriceVersion, price: ModelPrice) => {
  const [input, output, cacheRead, cacheWrite] = price.ratesMicrosPer1000.map((rate) => formatCredits(BigInt(rate)));
  return {
    model: price.model,
    creditsPer1000Tokens: { input, output, cacheRead, cacheWrite },
    speed: price.speed,
    creditUsage: price.creditUsage,
    bestFor: price.bestFor,
    aliases: [...version.aliases]
      .filter(([, model]) => model === price.model)
      .map(([alias]) => alias)
      .sort(),
  };
};

const byModel = (a: ModelPrice, b: ModelPrice): number => (a.model < b.model ? -1 : 1);

/**
 * Records the versions that ClickHouse does not know yet (table `price_versions` of the client's database). Throws
 * `price-version-changed`, naming version and model, when one is known with other content. Reads again after writing,
 * so that of two services with different books at once at least one is refused.
 */
export const recordPriceVersions = async (client: ClickHouseClient, book: PriceBook): Promise<void> => {
  const known = await recordedVersions(client);
  for (const version of book.versions) refuseChanged(version, known);
  const fresh = book.versions.filter((version) => !known.has(version.name));
  if (fresh.length === 0) return;
  for (const version of fresh) await record(client, version);
  const after = await recordedVersions(client);
  for (const version of fresh) refuseChanged(version, after);
};

/** Which versions of a book no service has recorded yet; reads only. Throws `price-version-changed` as recording does. */
export const unrecordedPriceVersions = async (client: ClickHouseClient, book: PriceBook): Promise<string[]> => {
  const known = await recordedVersions(client);
  for (const version of book.versions) refuseChanged(version, known);
  return book.versions.filter((version) => !known.has(version.name)).map((version) => version.name);
};

/** Version name to the contents it was recorded with. */
const recordedVersions = async (client: ClickHouseClient): Promise<Map<string, string[]>> => {
  const result = await client.query({
    query: 'SELECT name, groupUniqArray(content) AS contents FROM price_versions GROUP BY name',
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ name: string; contents: string[] }>();
  return new Map(rows.map((row) => [row.name, row.contents]));
};

const record = async (client: ClickHouseClient, version: PriceVersion): Promise<void> => {
  const checksum = contentChecksum(version);
  await client.insert({
    table: 'price_versions',
    columns: [...PRICE_VERSION_COLUMNS],
    values: [{ name: version.name, checksum, content: contentOf(version) }],
    format: 'JSONEachRow',
    clickhouse_settings: { insert_deduplication_token: `${version.name}:${checksum}`, async_insert: 0 },
  });
};

const refuseChanged = (version: PriceVersion, known: ReadonlyMap<string, readonly string[]>): void => {
  const content = contentOf(version);
  const other = known.get(version.name)?.find((recorded) => recorded !== content);
  if (other === undefined) return;
  throw new PermanentError(
    'price-version-changed',
    `Price version "${version.name}" is in use with other content: ${difference(other, content)}. ` +
      "A version's content never changes under its name: restore it, and put the new prices into a version with another name.",
    { field: 'versions' },
  );
};

/** What differs first, by model. */
const difference = (recorded: string, now: string): string => {
  const before = JSON.parse(recorded) as { effectiveFrom: string; models: ModelContent[] };
  const after = JSON.parse(now) as typeof before;
  if (before.effectiveFrom !== after.effectiveFrom) {
    return `it took effect at ${before.effectiveFrom} and would now at ${after.effectiveFrom}`;
  }
  const models = new Set([...before.models, ...after.models].map((price) => price.model));
  for (const model of models) {
    const was = before.models.find((price) => price.model === model);
    const is = after.models.find((price) => price.model === model);
    if (was === undefined) return `model "${model}" is new in it`;
    if (is === undefined) return `model "${model}" is gone from it`;
    for (const key of Object.keys(is) as (keyof ModelContent)[]) {
      const [old, fresh] = [JSON.stringify(was[key]), JSON.stringify(is[key])];
      if (old !== fresh) return `${key} of model "${model}" was ${old} and is now ${fresh}`;
    }
  }
  return 'its record was written in another form';
};
