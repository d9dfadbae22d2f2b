/**
 * The demo's sample data: three accounts, six servers, four models, made by a seeded rule around the present time, so
 * that every run tells the same story. Lines as `ingest` takes them. Pure.
 *   acme   has plenty; birch spends its monthly credits and goes on with bonus credits it bought;
 *   cedar  is not known when its calls arrive (they are parked), and uses more than it has.
 */
import type { KeySource, Tokens } from '../../core/types.ts';

const SEED = 20_261_101;
const EVENTS = 3_000;
/** One call in these many is resent by its producer, is made with the user's own key. */
const RESENT_EVERY = 12;
const OWN_KEY_EVERY = 10;
const HOUR_MS = 3_600_000;
/** The calls lie in the last hours, every cycle began days ago: no boundary is near. */
const CALLS_MS = 20 * HOUR_MS;
const CYCLE_AGE_DAYS = 9;

export const MODELS = ['claude-sonnet-4.5', 'claude-haiku-4.5', 'minimax-m2.1', 'kimi-k2.5'] as const;

export interface SampleEvent {
  readonly id: string;
  readonly accountId: string;
  readonly serverId: string;
  readonly model: string;
  readonly occurredAt: number;
  readonly tokens: Tokens;
  readonly keySource: KeySource;
}

export interface SampleAccount {
  readonly id: string;
  readonly timeZone: string;
  readonly monthlyCredits: number;
  readonly bonusCredits: number;
  readonly servers: readonly string[];
  /** Share of the calls. */
  readonly share: number;
}

export const ACCOUNTS: readonly SampleAccount[] = [
  {
    id: 'acme',
    timeZone: 'Europe/Berlin',
    monthlyCredits: 12_000,
    bonusCredits: 0,
    servers: ['acme-web', 'acme-bot', 'acme-batch'],
    share: 0.5,
  },
  {
    id: 'birch',
    timeZone: 'America/New_York',
    monthlyCredits: 3_000,
    bonusCredits: 700,
    servers: ['birch-web', 'birch-lab'],
    share: 0.3,
  },
  { id: 'cedar', timeZone: 'Asia/Kolkata', monthlyCredits: 2_000, bonusCredits: 0, servers: ['cedar-app'], share: 0.2 },
];

/** The account that the platform tells of only after its calls. */
export const LATE_ACCOUNT = 'cedar';

export interface Sample {
  /** Upserts and a purchase of the accounts that are known from the start. */
  readonly commands: readonly object[];
  /** In order, resent ones included. */
  readonly events: readonly SampleEvent[];
  /** One that no rule accepts. */
  readonly badEvent: object;
  readonly lateCommands: readonly object[];
}

/** The sample as of `now` (ms). */
export function makeSample(now: number): Sample {
  const random = seeded(SEED);
  const events: SampleEvent[] = [];
  for (let i = 0; i < EVENTS; i += 1) {
    const event = makeEvent(i, now, random);
    events.push(event);
    if (i % RESENT_EVERY === 0) events.push(event);
  }
  const early = ACCOUNTS.filter((account) => account.id !== LATE_ACCOUNT);
  return {
    commands: early.flatMap((account) => commandsOf(account, now)),
    events,
    badEvent: { ...events[0], id: 'call-bad', tokens: { input: -1 } },
    lateCommands: ACCOUNTS.filter((account) => account.id === LATE_ACCOUNT).flatMap((account) =>
      commandsOf(account, now),
    ),
  };
}

function makeEvent(i: number, now: number, random: () => number): SampleEvent {
  const account = pick(random());
  const context = Math.floor(200 + random() ** 2 * 3_000);
  const cacheRead = random() < 0.4 ? Math.floor(context / 2) : 0;
  return {
    id: `call-${String(i).padStart(4, '0')}`,
    accountId: account.id,
    serverId: account.servers[Math.floor(random() ** 1.6 * account.servers.length)]!,
    model: MODELS[Math.floor(random() * MODELS.length)]!,
    occurredAt: now - CALLS_MS + Math.floor((CALLS_MS - HOUR_MS / 60) * (i / EVENTS)),
    tokens: { input: context - cacheRead, output: Math.floor(50 + random() * 700), cacheRead, cacheWrite: 0 },
    keySource: random() * OWN_KEY_EVERY < 1 ? 'byok' : 'platform',
  };
}

function pick(point: number): SampleAccount {
  let from = 0;
  for (const account of ACCOUNTS) {
    if (point < from + account.share) return account;
    from += account.share;
  }
  return ACCOUNTS[0]!;
}

function commandsOf(account: SampleAccount, now: number): object[] {
  const { id: accountId, timeZone, monthlyCredits, bonusCredits } = account;
  const anchor = `${new Date(now - CYCLE_AGE_DAYS * 24 * HOUR_MS).toISOString().slice(0, 10)}T00:00:00`;
  const plan = { id: `plan-${monthlyCredits}`, monthlyCredits: String(monthlyCredits) };
  const upsert = {
    type: 'account.upsert',
    id: `${accountId}-1`,
    accountId,
    email: `owner@${accountId}.example`,
    timeZone,
    anchor,
    plan,
  };
  if (bonusCredits === 0) return [upsert];
  return [
    upsert,
    {
      type: 'credits.purchase',
      id: `${accountId}-2`,
      accountId,
      credits: String(bonusCredits),
      reference: 'invoice 1',
    },
  ];
}

/** Numbers from 0 to 1, the same for a seed for ever (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
