/**
 * What an e-mail says, before it is words: one type a kind of mail, with every number that its template shows.
 * The numbers were frozen when the mail was decided (its intent); only the breakdown is read when it is rendered.
 * Amounts are µcr, times ms, days are counted from 1970-01-01 in the account's zone.
 */
import type { Forecast } from '../core/forecast.ts';
import type { Alert, Tokens } from '../core/types.ts';

export { MAIL_KINDS, type MailKind } from '../core/mail-kinds.ts';

/** Whom a mail speaks to, and how: it greets by `name`, and writes dates and numbers by `locale` in `timeZone`. */
export interface Reader {
  readonly accountId: string;
  readonly name: string | undefined;
  /** BCP 47, such as `de-DE`; undefined: `en`. */
  readonly locale: string | undefined;
  /** An IANA name. */
  readonly timeZone: string;
}

/** The account when the mail was decided. */
export interface Balances {
  /** When that was. */
  readonly at: number;
  readonly monthly: bigint;
  readonly bonus: bigint;
  /** What the running cycle was granted. */
  readonly granted: bigint;
  /** What the next cycle will be granted. */
  readonly nextGrant: bigint;
  /** Of the running cycle. */
  readonly uncovered: bigint;
  readonly cycle: number;
  readonly cycleStart: number;
  /** When the monthly credits that are left expire and the next grant comes. */
  readonly cycleEnd: number;
  readonly forecast: Forecast;
}

/** A share of what was used: a server's or a model's. */
export interface Share {
  readonly name: string;
  readonly events: number;
  readonly credits: bigint;
}

/** What switching a server to another model would have saved, at the same tokens and today's prices. */
export interface Saving {
  readonly serverId: string;
  readonly from: string;
  readonly to: string;
  /** `speed`, `creditUsage` and `bestFor` of the model to switch to, as users see them. */
  readonly label: string;
  readonly tokens: Tokens;
  readonly spent: bigint;
  readonly saved: bigint;
}

/** Who used how much in a span of time. A mail that could not be told in time goes without it. */
export interface Breakdown {
  readonly from: number;
  readonly to: number;
  readonly events: number;
  readonly credits: bigint;
  /** The largest first, at most five of each. */
  readonly servers: readonly Share[];
  readonly models: readonly Share[];
  readonly saving: Saving | undefined;
}

/** An alert that was crossed, and the level it stood at. */
export interface CrossedAlert {
  readonly alert: Alert;
  /** One of the two that every account has. */
  readonly builtIn: boolean;
  readonly threshold: bigint;
}

interface Base {
  /** The intent's: `<account id>:mail:<number>`; what `explain --mail` takes. */
  readonly intentId: string;
  readonly reader: Reader;
  readonly balances: Balances;
  readonly breakdown: Breakdown | undefined;
}

export type Message =
  | (Base & {
      readonly kind: 'low-credits' | 'depleted';
      readonly crossed: CrossedAlert;
      readonly others: readonly CrossedAlert[];
    })
  /** Credits were depleted, the owner was told, and now there are some again. */
  | (Base & { readonly kind: 'restored' })
  /** A cycle ended and the next one began; the breakdown is of the cycle that ended. */
  | (Base & {
      readonly kind: 'monthly-reset';
      /** Monthly credits of the ended cycle that were not used. */
      readonly expired: bigint;
      readonly ended: {
        readonly cycle: number;
        readonly start: number;
        readonly granted: bigint;
        readonly uncovered: bigint;
      };
    })
  /** Monthly credits are about to expire unused. */
  | (Base & { readonly kind: 'expiring' })
  | (Base & {
      readonly kind: 'limit-warning' | 'limit-reached';
      readonly serverId: string;
      /** What the server's events of the day cost. */
      readonly used: bigint;
      readonly limit: bigint;
      readonly warnAtPercent: number | undefined;
      /** The next local midnight: when a reached limit is released. */
      readonly until: number;
    })
  | (Base & {
      readonly kind: 'receipt';
      readonly purchase: {
        readonly id: string;
        readonly credits: bigint;
        readonly price: { readonly amount: string; readonly currency: string } | undefined;
        readonly reference: string | undefined;
        readonly purchasedAt: number;
      };
    })
  /** The seven local days from `firstDay` on; `days` has the cost of each, `before` what the seven before them cost. */
  | (Base & {
      readonly kind: 'digest';
      readonly firstDay: number;
      readonly days: readonly bigint[];
      readonly before: bigint;
    });

/** A mail as it is sent, without addresses. */
export interface RenderedMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}
