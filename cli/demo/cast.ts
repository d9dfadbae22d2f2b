/** Who is in the demo's story: three accounts and their six servers, each with a part of its own to play. */
import type { KeySource } from '../../core/types.ts';

export interface CastServer {
  readonly id: string;
  /** Of its account's calls. */
  readonly share: number;
  readonly keySource: KeySource;
  readonly dailyCredits?: number;
}

export interface CastAccount {
  readonly id: string;
  readonly timeZone: string;
  readonly monthlyCredits: number;
  /** Bought on the second day, or when the platform tells of the account. */
  readonly bonusCredits: number;
  readonly servers: readonly CastServer[];
  /** Of all calls. */
  readonly share: number;
}

/** Local time of every account's first cycle: the last of January is the last day of its second. */
export const ANCHOR = '2025-12-01T00:00:00';

/**
 * acme   has plenty, but its bot has a daily limit and reaches it;
 * birch  spends its monthly credits, then the bonus credits it bought, then more than it has;
 * cedar  is not known when its first calls arrive, and its lab calls with a key of its own.
 */
export const CAST: readonly CastAccount[] = [
  {
    id: 'acme',
    timeZone: 'Europe/Berlin',
    monthlyCredits: 5_000,
    bonusCredits: 0,
    servers: [
      { id: 'acme-web', share: 0.55, keySource: 'platform' },
      { id: 'acme-bot', share: 0.45, keySource: 'platform', dailyCredits: 600 },
    ],
    share: 0.4,
  },
  {
    id: 'birch',
    timeZone: 'America/New_York',
    monthlyCredits: 2_000,
    bonusCredits: 700,
    servers: [
      { id: 'birch-web', share: 0.7, keySource: 'platform' },
      { id: 'birch-batch', share: 0.3, keySource: 'platform' },
    ],
    share: 0.35,
  },
  {
    id: 'cedar',
    timeZone: 'Asia/Kolkata',
    monthlyCredits: 1_500,
    bonusCredits: 300,
    servers: [
      { id: 'cedar-app', share: 0.6, keySource: 'platform' },
      { id: 'cedar-lab', share: 0.4, keySource: 'byok' },
    ],
    share: 0.25,
  },
];

/** The account that the platform tells of only after its first calls. */
export const LATE_ACCOUNT = 'cedar';

export const SERVERS: readonly (CastServer & { readonly accountId: string })[] = CAST.flatMap(({ id, servers }) =>
  servers.map((server) => ({ ...server, accountId: id })),
);
