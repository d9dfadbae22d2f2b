/**
 * Whether another model would have saved a server much: pure, at the same tokens and the prices in force. What a model is
 * worth beside its price is the reader's to judge; the label says what the price book says of it.
 */
import { findPrice, type PriceBook, priceEvent } from '../../core/price.ts';
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
  const costOf = (name: string): bigint => {
    const priced = priceEvent({ versions: [version] }, name, tokens, atMs, 'platform');
    return BigInt(priced!.cost);
  };
  const spent = costOf(price.model);
  let best: { readonly price: typeof price; readonly cost: bigint } | undefined;
  for (const other of version.models.values()) {
    if (other.model === price.model) continue;
    const cost = costOf(other.model);
    if (best === undefined || cost < best.cost) best = { price: other, cost };
  }
  if (best === undefined || (spent - best.cost) * 100n < spent * SAVED_PERCENT_MIN || spent === 0n) return undefined;
  const { model: to, speed, creditUsage, bestFor } = best.price;
  return {
    ...{ serverId, from: price.model, to, tokens, spent, saved: spent - best.cost },
    label: `${speed}, ${creditUsage} credit usage, best for ${bestFor.toLowerCase()}`,
  };
}
