/** A price book of the model's as the file that PRICE_BOOK names. */
import { formatCredits } from '../../../core/money.ts';
import type { PriceBook } from '../../../core/price.ts';

const POOLS = ['input', 'output', 'cacheRead', 'cacheWrite'];

export function bookFile({ versions }: PriceBook): object {
  return {
    versions: versions.map(({ name, effectiveFromMs, models, aliases }) => ({
      name,
      effectiveFrom: new Date(effectiveFromMs).toISOString(),
      models: [...models.values()].map(({ model, ratesMicrosPer1000 }) => ({
        model,
        aliases: [...aliases].filter(([, of]) => of === model).map(([alias]) => alias),
        creditsPer1000Tokens: Object.fromEntries(
          POOLS.map((pool, i) => [pool, formatCredits(BigInt(ratesMicrosPer1000[i]!))]),
        ),
        ...{ speed: 'Fast', creditUsage: 'Low', bestFor: 'Tests' },
      })),
    })),
  };
}
