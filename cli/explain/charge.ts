/**
 * A charge worked out again from its row and the prices it was made by: what each pool cost, how it was rounded, who
 * paid, and the balances before and after. Pure.
 * Invariant: amounts are integers until they are text; a pool's cost is exact, in billionths of a credit.
 */
import { formatCredits } from '../../core/money.ts';
import { isoTime } from '../terminal/format.ts';

/** A row of `usage_events` as the SELECT gives it. */
export type ChargeRow = Readonly<Record<string, string | number>> & {
  readonly attributes: Readonly<Record<string, string>>;
};

export const POOLS = ['input', 'output', 'cacheRead', 'cacheWrite'] as const;
export type Pool = (typeof POOLS)[number];
const COLUMNS: Readonly<Record<Pool, string>> = {
  input: 'input_tokens',
  output: 'output_tokens',
  cacheRead: 'cache_read_tokens',
  cacheWrite: 'cache_write_tokens',
};

/** Credits per 1,000 tokens of each pool; undefined where the version's content is not known any more. */
export type Rates = Readonly<Record<Pool, string>> | undefined;

export interface PoolShape {
  readonly pool: Pool;
  readonly tokens: number;
  readonly creditsPer1000: string | null;
  /** Exact: up to nine decimals. */
  readonly credits: string | null;
}

export interface ChargeShape {
  readonly serverId: string;
  readonly model: string;
  readonly modelSent: string;
  readonly keySource: string;
  readonly occurredAt: string;
  /** In the account's time zone. */
  readonly localDay: string;
  /** That contains `occurredAt`; where it is rolled up. */
  readonly cycle: number;
  readonly payingCycle: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly priceVersion: string;
  readonly pools: readonly PoolShape[];
  /** The exact sum over the pools; the cost is that, rounded up to the next micro-credit, and 0 with an own key. */
  readonly exactCredits: string | null;
  readonly credits: string;
  readonly split: {
    readonly previousCycle: string;
    readonly monthly: string;
    readonly bonus: string;
    readonly uncovered: string;
  };
  readonly before: { readonly monthly: string; readonly bonus: string };
  readonly after: { readonly monthly: string; readonly bonus: string };
  readonly sequence: number;
  readonly position: number;
  readonly committedAt: string;
  readonly block: number;
}

/** `isVoidedEarly`: it was voided before it came, and cost nothing; its row says its price. */
export function chargeShape(row: ChargeRow, rates: Rates, isVoidedEarly = false): ChargeShape {
  const amount = (name: string): bigint => BigInt(row[name]!);
  const credits = (name: string): string => formatCredits(amount(name));
  const pools = POOLS.map((pool) => poolShape(pool, Number(row[COLUMNS[pool]]), rates));
  return {
    serverId: String(row.server_id),
    model: String(row.model),
    modelSent: String(row.model_sent),
    keySource: String(row.key_source),
    occurredAt: isoTime(Number(row.occurred_at)),
    localDay: String(row.local_day),
    cycle: Number(row.cycle),
    payingCycle: Number(row.paying_cycle),
    attributes: row.attributes,
    priceVersion: String(row.price_version),
    pools,
    exactCredits: rates === undefined ? null : exactSum(row, rates),
    credits: isVoidedEarly ? '0' : credits('cost'),
    split: {
      previousCycle: credits('from_previous'),
      monthly: credits('from_monthly'),
      bonus: credits('from_bonus'),
      uncovered: credits('uncovered'),
    },
    before: {
      monthly: formatCredits(amount('monthly_after') + amount('from_monthly')),
      bonus: formatCredits(amount('bonus_after') + amount('from_bonus')),
    },
    after: { monthly: credits('monthly_after'), bonus: credits('bonus_after') },
    sequence: Number(row.sequence),
    position: Number(row.position),
    committedAt: isoTime(Number(row.committed_at)),
    block: Number(row.block),
  };
}

function poolShape(pool: Pool, tokens: number, rates: Rates): PoolShape {
  if (rates === undefined) return { pool, tokens, creditsPer1000: null, credits: null };
  return { pool, tokens, creditsPer1000: rates[pool], credits: formatBillionths(billionths(tokens, rates[pool])) };
}

function exactSum(row: ChargeRow, rates: NonNullable<Rates>): string {
  return formatBillionths(POOLS.reduce((sum, pool) => sum + billionths(Number(row[COLUMNS[pool]]), rates[pool]), 0n));
}

/** µcr per 1,000 tokens times tokens are billionths of a credit. */
function billionths(tokens: number, rate: string): bigint {
  return BigInt(tokens) * BigInt(microsOf(rate));
}

const DECIMALS = 6;

function microsOf(credits: string): string {
  const [whole = '0', part = ''] = credits.split('.');
  return whole + part.padEnd(DECIMALS, '0');
}

/** Billionths of a credit as a decimal text without zeros at its end. */
export function formatBillionths(value: bigint): string {
  const ONE = 1_000_000_000n;
  const part = String(value % ONE)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return part === '' ? String(value / ONE) : `${value / ONE}.${part}`;
}
