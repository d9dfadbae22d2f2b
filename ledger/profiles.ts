/**
 * What the usage worker keeps of accounts between commits: the profile version and the schedule.
 * A cache only: every commit says which version it was computed with, and the ledger refuses an outdated one.
 */
import { cycleAt, cycleEnd, cycleStart, type Schedule, segmentAt } from '../core/cycles.ts';
import { localDayOf } from '../core/local-days.ts';
import { profileVersionOf, readAccount } from './account.ts';
import type { LedgerContext } from './context.ts';

/** Accounts kept; 100,000 with a segment each are some 30 MB. */
export const PROFILES_MAX = 100_000;

/** Version 0 is an account that was not known when it was looked up. */
export interface Profile {
  readonly version: number;
  readonly schedule: Schedule;
}

const UNKNOWN: Profile = { version: 0, schedule: [] };

export class Profiles {
  private readonly context: LedgerContext;
  private readonly kept = new Map<string, Profile & { cycles?: Span; zone?: Span & { timeZone: string } }>();

  constructor(context: LedgerContext) {
    this.context = context;
  }

  /** The profile of a loaded account; one that was not found counts as unknown. */
  get(accountId: string): Profile {
    return this.kept.get(accountId) ?? UNKNOWN;
  }

  /** Loads, in one round trip, those of the accounts that are not kept yet. */
  async load(accountIds: Iterable<string>): Promise<void> {
    const missing = [...new Set(accountIds)].filter((id) => !this.kept.has(id));
    if (missing.length === 0) return;
    const pipeline = this.context.redis.pipeline();
    for (const id of missing) pipeline.hmgetBuffer(this.context.keys.account(id), 'state', 'schedule');
    const replies = (await pipeline.exec()) ?? [];
    for (const [i, [error, reply]] of replies.entries()) {
      if (error !== null) throw error;
      const [state, schedule] = reply as [Buffer | null, Buffer | null];
      if (state !== null && schedule !== null)
        this.keep(missing[i]!, profileVersionOf(state), JSON.parse(schedule.toString()) as Schedule);
    }
  }

  /** After the ledger refused a version or ran out of days: reads the account up to date. */
  async refresh(accountId: string): Promise<void> {
    const { account } = await readAccount(this.context, accountId);
    if (account === undefined) this.kept.delete(accountId);
    else this.keep(accountId, account.profileVersion, account.schedule);
  }

  /** Local day and cycle of an instant for a loaded, known account; remembers the running cycle and zone. */
  place(accountId: string, ms: number): { day: number; cycle: number } {
    const profile = this.kept.get(accountId)!;
    if (profile.cycles === undefined || ms < profile.cycles.from || ms >= profile.cycles.to) {
      const cycle = cycleAt(profile.schedule, ms);
      profile.cycles = {
        from: cycleStart(profile.schedule, cycle),
        to: cycleEnd(profile.schedule, cycle),
        value: cycle,
      };
      if (ms < profile.cycles.from || ms >= profile.cycles.to) profile.cycles = { from: ms, to: ms + 1, value: cycle };
    }
    if (profile.zone === undefined || ms < profile.zone.from || ms >= profile.zone.to) {
      const segment = segmentAt(profile.schedule, ms);
      const next = profile.schedule.find((one) => one.startMs > ms);
      profile.zone = {
        from: Math.min(ms, segment.startMs),
        to: next?.startMs ?? Number.POSITIVE_INFINITY,
        value: 0,
        timeZone: segment.timeZone,
      };
    }
    return { day: localDayOf(profile.zone.timeZone, ms), cycle: profile.cycles.value };
  }

  /** Notes what is known of an account. */
  keep(accountId: string, version: number, schedule: Schedule): void {
    this.kept.delete(accountId);
    if (this.kept.size >= PROFILES_MAX) this.kept.delete(this.kept.keys().next().value!);
    this.kept.set(accountId, { version, schedule });
  }
}

/** [from, to) in ms and what holds there. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}
