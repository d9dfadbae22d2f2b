/**
 * Numbers as the reader's locale writes them: credits to the last µcr, counts, percents, prices. Never rounds an amount
 * of credits or money; a pace is rounded, because it is a mean.
 */
import { formatCredits, MICROS_PER_CREDIT } from '../../core/money.ts';

/** What is written when the account has no locale, or one that this Node does not know. */
export const LOCALE_DEFAULT = 'en';

export interface Numbers {
  /** "1,234.5" */
  credits(micros: bigint): string;
  /** "1,234.5 credits" */
  amount(micros: bigint): string;
  /** A mean of credits to two decimals, to all six when it would be nothing else: "12.34". */
  pace(micros: bigint): string;
  number(count: number): string;
  /** "1 call", "1,204 calls" */
  count(count: number, one: string, many?: string): string;
  /** 12.5 as "12.5%" */
  percent(percent: number): string;
  price(price: { readonly amount: string; readonly currency: string }): string;
}

/** The locale that is written: the account's, if Intl knows it. An unknown one would become that of the machine. */
export const knownLocale = (locale: string | undefined): string => {
  try {
    return locale !== undefined && Intl.NumberFormat.supportedLocalesOf(locale).length > 0 ? locale : LOCALE_DEFAULT;
  } catch {
    return LOCALE_DEFAULT; // not a language tag at all
  }
};

/** A decimal string keeps digits that a float would lose. */
const decimal = (text: string): Intl.StringNumericLiteral => text as Intl.StringNumericLiteral;

const PACE_DECIMALS = 2;
/** A pace below this would print as 0. */
const PACE_MICROS_MIN = MICROS_PER_CREDIT / 10n ** BigInt(PACE_DECIMALS);

export const numbersFor = (locale: string): Numbers => {
  const exact = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 });
  const rounded = new Intl.NumberFormat(locale, { maximumFractionDigits: PACE_DECIMALS });
  const percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  const credits = (micros: bigint): string => exact.format(decimal(formatCredits(micros)));
  return {
    credits,
    amount: (micros) => `${credits(micros)} ${micros === MICROS_PER_CREDIT ? 'credit' : 'credits'}`,
    pace: (micros) => (micros < PACE_MICROS_MIN ? exact : rounded).format(decimal(formatCredits(micros))),
    number: (count) => exact.format(count),
    count: (count, one, many = `${one}s`) => `${exact.format(count)} ${count === 1 ? one : many}`,
    percent: (percent) => percents.format(decimal(`${percent}e-2`)),
    price: ({ amount, currency }) => {
      const decimals = amount.split('.')[1]?.length ?? 0;
      try {
        const usual = new Intl.NumberFormat(locale, { style: 'currency', currency });
        const fewest = Math.max(usual.resolvedOptions().minimumFractionDigits ?? 0, decimals);
        const format = { style: 'currency', currency, minimumFractionDigits: fewest } as const;
        return new Intl.NumberFormat(locale, { ...format, maximumFractionDigits: fewest }).format(decimal(amount));
      } catch {
        return `${amount} ${currency}`; // a currency that Intl cannot read
      }
    },
  };
};
