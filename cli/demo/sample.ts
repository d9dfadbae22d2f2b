/**
 * The demo's script: what the platform sends, act by act, and where the ledger's clock stands then. Made by a seeded
 * rule, so that every run tells the same story. Lines as `ingest` takes them. Pure.
 * Invariant: no call is stamped after its act's clock, and no boundary of any zone lies within a day's calls.
 */
import type { KeySource, Tokens } from '../../core/types.ts';
import { ANCHOR, CAST, type CastAccount, LATE_ACCOUNT } from './cast.ts';

const SEED = 20_261_101;
export const CALLS_A_DAY = 1_000;
/** One call in these many is sent twice by its producer. */
const RESENT_EVERY = 12;
const HOUR_MS = 3_600_000;
/** UTC hours: before the day's first call, of its first and last call, after it. */
const [MORNING, FIRST, LAST, EVENING] = [6, 7, 17, 18];
/** The last two days of a month and the first of the next one, wherever one is. */
export const DAYS_MS = [Date.UTC(2026, 0, 30), Date.UTC(2026, 0, 31), Date.UTC(2026, 1, 1)] as const;

const MODELS = ['claude-sonnet-4.5', 'claude-haiku-4.5', 'minimax-m2.1', 'kimi-k2.5'] as const;

export interface SampleEvent {
  readonly id: string;
  readonly accountId: string;
  readonly serverId: string;
  readonly model: string;
  readonly occurredAt: number;
  readonly tokens: Tokens;
  readonly keySource: KeySource;
}

export type ActName = 'told' | 'day 1' | 'late' | 'bought' | 'day 2' | 'new month' | 'day 3' | 'again';

export interface Act {
  readonly name: ActName;
  /** ms */
  readonly clock: number;
  readonly commands: readonly object[];
  /** In order, those sent twice included. */
  readonly events: readonly SampleEvent[];
  /** What no rule accepts. */
  readonly bad: readonly object[];
}

/** All acts, in order. */
export function makeActs(): Act[] {
  const random = seeded(SEED);
  const [one, two, three] = DAYS_MS.map((day, i) => callsOf(day, i * CALLS_A_DAY, random));
  const at = (day: number, hour: number): number => DAYS_MS[day]! + hour * HOUR_MS;
  const act = (name: ActName, clock: number, more: Partial<Act> = {}): Act => ({
    name,
    clock,
    commands: [],
    events: [],
    bad: [],
    ...more,
  });
  const early = CAST.filter(({ id }) => id !== LATE_ACCOUNT);
  const late = CAST.filter(({ id }) => id === LATE_ACCOUNT);
  const bad = { ...one![0], id: 'call-bad', tokens: { input: -1 } };
  const acts = [
    act('told', at(0, MORNING), {
      commands: early.flatMap((account) => [upsert(account, at(0, MORNING)), ...limits(account, at(0, MORNING))]),
    }),
    act('day 1', at(0, EVENING), { events: one!, bad: [bad] }),
    act('late', at(0, EVENING), {
      commands: late.flatMap((account) => [upsert(account, at(0, EVENING)), ...purchases(account)]),
    }),
    act('bought', at(1, MORNING), { commands: early.flatMap(purchases) }),
    act('day 2', at(1, EVENING), { events: two! }),
    act('new month', at(2, MORNING)),
    act('day 3', at(2, EVENING), { events: three! }),
  ];
  return [
    ...acts,
    act('again', at(2, EVENING), {
      commands: acts.flatMap(({ commands }) => commands),
      events: acts.flatMap(({ events }) => events),
      bad: [bad],
    }),
  ];
}

function callsOf(day: number, from: number, random: () => number): SampleEvent[] {
  const events: SampleEvent[] = [];
  for (let i = 0; i < CALLS_A_DAY; i += 1) {
    const occurredAt = day + FIRST * HOUR_MS + Math.floor((LAST - FIRST) * HOUR_MS * (i / CALLS_A_DAY));
    const event = call(from + i, occurredAt, random);
    events.push(event);
    if (i % RESENT_EVERY === 0) events.push(event);
  }
  return events;
}

function call(number: number, occurredAt: number, random: () => number): SampleEvent {
  const account = pick(CAST, random());
  const server = pick(account.servers, random());
  const context = Math.floor(200 + random() ** 2 * 3_000);
  const cacheRead = random() < 0.4 ? Math.floor(context / 2) : 0;
  return {
    id: `call-${String(number).padStart(4, '0')}`,
    accountId: account.id,
    serverId: server.id,
    model: MODELS[Math.floor(random() * MODELS.length)]!,
    occurredAt,
    tokens: { input: context - cacheRead, output: Math.floor(50 + random() * 700), cacheRead, cacheWrite: 0 },
    keySource: server.keySource,
  };
}

function pick<T extends { readonly share: number }>(choices: readonly T[], point: number): T {
  let from = 0;
  for (const choice of choices) {
    from += choice.share;
    if (point < from) return choice;
  }
  return choices[0]!;
}

function upsert({ id, timeZone, monthlyCredits }: CastAccount, at: number): object {
  return {
    type: 'account.upsert',
    id: `${id}-upsert`,
    accountId: id,
    at,
    email: `owner@${id}.example`,
    timeZone,
    anchor: ANCHOR,
    plan: { id: `plan-${monthlyCredits}`, monthlyCredits: String(monthlyCredits) },
  };
}

function limits({ id, servers }: CastAccount, at: number): object[] {
  return servers.flatMap(({ id: serverId, dailyCredits }) =>
    dailyCredits === undefined
      ? []
      : [
          {
            type: 'server.limit',
            id: `${serverId}-limit`,
            accountId: id,
            at,
            serverId,
            dailyCredits: String(dailyCredits),
          },
        ],
  );
}

function purchases({ id, bonusCredits }: CastAccount): object[] {
  if (bonusCredits === 0) return [];
  const credits = String(bonusCredits);
  return [{ type: 'credits.purchase', id: `${id}-purchase`, accountId: id, credits, reference: 'invoice 1' }];
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
