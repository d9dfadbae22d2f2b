/** One charge worked out by hand, for the demo: what each pool of tokens costs, and who paid. */
import type { ClickHouseClient } from '@clickhouse/client';
import { findPrice, type PriceBook } from '../../core/price.ts';
import { showCount, showCredits } from '../terminal/format.ts';

/** The event that used the last monthly credits, where there is one: it was paid from two balances. */
const QUERY = `
  SELECT event_id, account_id, server_id, model, price_version, toString(toUnixTimestamp64Milli(occurred_at)) AS at,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, toString(cost) AS in_all,
    toString(from_previous + from_monthly) AS by_monthly, toString(from_bonus) AS by_bonus, toString(uncovered) AS by_nobody,
    toString(monthly_after) AS monthly_left, toString(bonus_after) AS bonus_left
  FROM usage_events WHERE cost > 0 ORDER BY (from_monthly > 0 AND from_bonus > 0) DESC, sequence, position LIMIT 1`;

interface Charge {
  readonly [name: string]: string | number;
}

const POOLS = [
  ['input', 'input_tokens'],
  ['output', 'output_tokens'],
  ['cacheRead', 'cache_read_tokens'],
  ['cacheWrite', 'cache_write_tokens'],
] as const;

/** The lines that explain it. */
export async function explainOneCharge(clickhouse: ClickHouseClient, book: PriceBook): Promise<string[]> {
  const result = await clickhouse.query({ query: QUERY, format: 'JSONEachRow' });
  const [charge] = await result.json<Charge>();
  if (charge === undefined) return [];
  const { price } = findPrice(book, String(charge.model), Number(charge.at))!;
  const credits = (name: string): string => showCredits(BigInt(charge[name]!));
  const pools = POOLS.flatMap(([name, column], i) => {
    const tokens = Number(charge[column]);
    if (tokens === 0) return [];
    const rate = price.ratesMicrosPer1000[i]!;
    // Exact: the demo's rates times its tokens are whole multiples of a thousandth of a µcr, rounded up in the sum.
    const cost = showCredits((BigInt(tokens) * BigInt(rate) + 999n) / 1000n);
    return [`  ${name.padEnd(11)}${showCount(tokens).padStart(7)} tokens × ${showCredits(rate)} per 1,000 = ${cost}`];
  });
  return [
    `  ${charge.event_id} of ${charge.account_id}, on ${charge.server_id} with ${charge.model}, prices of ${charge.price_version}:`,
    ...pools.map((line) => `  ${line}`),
    `    cost ${credits('in_all')} credits = ${credits('by_monthly')} monthly + ${credits('by_bonus')} bonus + ${credits('by_nobody')} uncovered`,
    `    left after it: ${credits('monthly_left')} monthly, ${credits('bonus_left')} bonus`,
  ];
}
