/**
 * Whether another model would have saved a server much: pure, at the same tokens and the prices in force. What a model is
 * worth beside its price is the reader's to judge; the label says what the price book says of it.
 */
import { findPrice, type ModelPrice, type PriceBook } from '../../core/price.ts';
import type { Tokens } from '../../core/types.ts';
import type { Saving } from '../../emails/message.ts';

/** Less than a fifth is not worth a change. */
const SAVED_PERCENT_MIN = 20n;

/** The cheapest other model, where it saves a fifth or more of what `model` costs. */
export function savingOf(
  book: PriceBook,
  { serverId, model, tokens, atMs }: { serverId: string; model: string; tokens: Tokens; atMs: number },
): Saving | undefined {
  const found = findPrice(book, model, atMs);
  if (found === undefined) return undefined;
  const { version, price } = found;
  const spent = costOf(price, tokens);
  let best: { readonly price: ModelPrice; readonly cost: bigint } | undefined;
  for (const other of version.models.values()) {
    if (other.model === price.model) continue;
    const cost = costOf(other, tokens);
    if (best === undefined || cost < best.cost) best = { price: other, cost };
  }
  if (best === undefined || (spent - best.cost) * 100n < spent * SAVED_PERCENT_MIN || spent === 0n) return undefined;
  const { model: to, speed, creditUsage, bestFor } = best.price;
  return {
    ...{ serverId, from: price.model, to, tokens, spent, saved: spent - best.cost },
    label: `${speed}, ${creditUsage} credit usage, best for ${bestFor.toLowerCase()}`,
  };
}

/** Of the tokens of many calls together, µcr: more than one event may have. */
function costOf({ ratesMicrosPer1000 }: ModelPrice, { input, output, cacheRead, cacheWrite }: Tokens): bigint {
  const pools = [input, output, cacheRead, cacheWrite];
  return pools.reduce((sum, count, i) => sum + BigInt(count) * BigInt(ratesMicrosPer1000[i]!), 999n) / 1_000n;
}
