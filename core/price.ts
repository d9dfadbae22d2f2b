/**
 * What an event costs: the exact sum over its token pools, rounded up to the next µcr. Owns the choice of the price
 * version and the arithmetic; reading and checking a price book file is the schema's work.
 * Invariant: the cost is exact. Sums stay in numbers while they are safe integers and move to bigint above.
 */
import { PermanentError } from './errors.ts';
import type { KeySource, Tokens } from './types.ts';

/** Rates in µcr per 1,000 tokens of each pool (safe integers), and the labels shown to users. */
export type ModelPrice = {
  readonly model: string;
  readonly ratesMicrosPer1000: readonly [input: number, output: number, cacheRead: number, cacheWrite: number];
  readonly speed: string;
  readonly creditUsage: string;
  readonly bestFor: string;
};

/** Prices from one instant on. Maps, not objects: `constructor` is no model. */
export type PriceVersion = {
  readonly name: string;
  readonly effectiveFromMs: number;
  readonly models: ReadonlyMap<string, ModelPrice>;
  /** Other names of a model, to its name in `models` of this same version. */
  readonly aliases: ReadonlyMap<string, string>;
};

/** Versions sorted by the instant they take effect. */
export type PriceBook = { readonly versions: readonly PriceVersion[] };

export type PricedModel = { readonly version: PriceVersion; readonly price: ModelPrice };

/** `model` is the book's name for what was sent; `cost` is in µcr, a safe integer (see RATE_MICROS_PER_1000_MAX). */
export type EventPrice = { readonly version: string; readonly model: string; readonly cost: number };

/** Puts versions in order of effect. Throws `price-book-ambiguous` when two share an instant or a name. */
export const priceBook = (versions: readonly PriceVersion[]): PriceBook => {
  const sorted = [...versions].sort((a, b) => a.effectiveFromMs - b.effectiveFromMs);
  for (const [i, version] of sorted.entries()) {
    const others = sorted.slice(i + 1);
    if (others.some((o) => o.effectiveFromMs === version.effectiveFromMs || o.name === version.name)) {
      throw new PermanentError(
        'price-book-ambiguous',
        `Price version "${version.name}" shares its name or its effective time with another version; both must be unique.`,
      );
    }
  }
  return { versions: sorted };
};

/**
 * The version and price that apply to a model at an instant: the version in force, or, where that one does not know
 * the model, the first later version that does. `undefined`: no version knows it, the event is parked.
 */
export const findPrice = (book: PriceBook, modelSent: string, atMs: number): PricedModel | undefined => {
  const { versions } = book;
  let inForce = versions.length - 1;
  while (inForce > 0 && versions[inForce]!.effectiveFromMs > atMs) inForce -= 1;
  for (let i = Math.max(inForce, 0); i < versions.length; i += 1) {
    const version = versions[i]!;
    const price = version.models.get(modelSent) ?? version.models.get(version.aliases.get(modelSent) ?? '');
    if (price !== undefined) return { version, price };
  }
  return undefined;
};

/** Prices one event. `byok` events cost nothing, but their model must be known too. `undefined`: unknown model. */
export const priceEvent = (
  book: PriceBook,
  modelSent: string,
  tokens: Tokens,
  occurredAtMs: number,
  keySource: KeySource,
): EventPrice | undefined => {
  const found = findPrice(book, modelSent, occurredAtMs);
  if (found === undefined) return undefined;
  const cost = keySource === 'byok' ? 0 : costOf(found.price, tokens);
  return { version: found.version.name, model: found.price.model, cost };
};

/** Rule 10: a model whose prices are all zero is never blocked. */
export const isFree = (price: ModelPrice): boolean => price.ratesMicrosPer1000.every((rate) => rate === 0);

const costOf = (price: ModelPrice, tokens: Tokens): number => {
  const [input, output, cacheRead, cacheWrite] = price.ratesMicrosPer1000;
  // Every term is at least 0, so a safe sum means that each product and each partial sum was exact as well.
  const sum =
    tokens.input * input + tokens.output * output + tokens.cacheRead * cacheRead + tokens.cacheWrite * cacheWrite;
  return Number.isSafeInteger(sum) ? ceilPer1000(sum) : exactCostOf(price, tokens);
};

/** `Math.ceil(sum / 1000)` would divide first and could round a fraction away; the remainder is exact. */
const ceilPer1000 = (sum: number): number => {
  const rest = sum % 1000;
  return (sum - rest) / 1000 + (rest > 0 ? 1 : 0);
};

const exactCostOf = (price: ModelPrice, tokens: Tokens): number => {
  const pools = [tokens.input, tokens.output, tokens.cacheRead, tokens.cacheWrite];
  const sum = pools.reduce((total, count, i) => total + BigInt(count) * BigInt(price.ratesMicrosPer1000[i]!), 0n);
  const cost = Number((sum + 999n) / 1000n);
  if (Number.isSafeInteger(cost)) return cost;
  throw new PermanentError(
    'amount-out-of-range',
    `The event costs more than an amount can hold: a rate of model "${price.model}" is too high.`,
  );
};
