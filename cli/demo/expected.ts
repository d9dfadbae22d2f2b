/**
 * The demo's story worked out by the plain rules of core/ in memory: no queue, no Lua, no database. What came out of the
 * real one is compared with this after every act.
 */
import { boundary } from '../../core/cycles.ts';
import { type GateAnswer, gate } from '../../core/gate.ts';
import { localDayOf } from '../../core/local-days.ts';
import { formatCredits, MICROS_PER_CREDIT, type Micros, micros } from '../../core/money.ts';
import { type PriceBook, priceEvent } from '../../core/price.ts';
import { split } from '../../core/split.ts';
import { ANCHOR, CAST, type CastAccount, SERVERS } from './cast.ts';
import type { Act, SampleEvent } from './sample.ts';

/** What everybody must agree on at the end of an act; credits as text. */
export interface Moment {
  readonly accepted: number;
  readonly duplicates: number;
  readonly parked: number;
  readonly deadLetters: number;
  readonly balances: Readonly<Record<string, { monthly: string; bonus: string; uncovered: string; cycle: number }>>;
  /** By server: "allow", or why not. */
  readonly gate: Readonly<Record<string, string>>;
}

/** By "server model". */
export type ExpectedUsage = ReadonlyMap<string, { readonly events: number; readonly cost: bigint }>;

interface Account {
  readonly cast: CastAccount;
  /** The running cycle counts from 1. */
  cycle: number;
  monthly: Micros;
  bonus: Micros;
  uncovered: bigint;
}

export class ExpectedBooks {
  readonly usage = new Map<string, { events: number; cost: bigint }>();
  private readonly book: PriceBook;
  private readonly accounts = new Map<string, Account>();
  private readonly seen = new Set<string>();
  private readonly parked: SampleEvent[] = [];
  /** Cost by "server local-day". */
  private readonly days = new Map<string, bigint>();
  private readonly counts = { accepted: 0, duplicates: 0, deadLetters: 0 };

  constructor(book: PriceBook) {
    this.book = book;
  }

  /** Plays one act and tells where everything stands after it. */
  play({ clock, commands, events, bad }: Act): Moment {
    for (const account of this.accounts.values()) this.advance(account, clock);
    for (const command of commands as { type: string; id: string; accountId: string }[]) {
      if (!this.isNew(`command ${command.id}`)) continue;
      if (command.type === 'account.upsert') this.open(command.accountId, clock);
      if (command.type === 'credits.purchase') {
        const account = this.accounts.get(command.accountId)!;
        account.bonus = micros(account.bonus + whole(account.cast.bonusCredits));
      }
    }
    for (const event of events) {
      if (!this.isNew(event.id)) this.counts.duplicates += 1;
      else this.take(event);
    }
    for (const event of bad) if (this.isNew(JSON.stringify(event))) this.counts.deadLetters += 1;
    return this.moment(clock);
  }

  private isNew(id: string): boolean {
    if (this.seen.has(id)) return false;
    this.seen.add(id);
    return true;
  }

  private open(id: string, clock: number): void {
    const cast = CAST.find((one) => one.id === id)!;
    const account = { cast, cycle: 0, monthly: micros(0n), bonus: micros(0n), uncovered: 0n };
    this.accounts.set(id, account);
    this.advance(account, clock);
    for (const event of this.parked.splice(0)) this.take(event);
  }

  /** A cycle's boundary sets the monthly balance anew and leaves the bonus alone. */
  private advance(account: Account, clock: number): void {
    while (boundary(ANCHOR, account.cast.timeZone, account.cycle) <= clock) {
      account.cycle += 1;
      account.monthly = whole(account.cast.monthlyCredits);
      account.uncovered = 0n;
    }
  }

  private take(event: SampleEvent): void {
    const account = this.accounts.get(event.accountId);
    if (account === undefined) {
      this.parked.push(event);
      return;
    }
    const { serverId, model, tokens, occurredAt, keySource } = event;
    const cost = micros(priceEvent(this.book, model, tokens, occurredAt, keySource)!.cost);
    const parts = split(cost, account.monthly, account.bonus);
    account.monthly = micros(account.monthly - parts.fromMonthly);
    account.bonus = micros(account.bonus - parts.fromBonus);
    account.uncovered += parts.uncovered;
    this.counts.accepted += 1;
    const day = `${serverId} ${localDayOf(account.cast.timeZone, occurredAt)}`;
    this.days.set(day, (this.days.get(day) ?? 0n) + cost);
    const row = this.usage.get(`${serverId} ${model}`) ?? { events: 0, cost: 0n };
    this.usage.set(`${serverId} ${model}`, { events: row.events + 1, cost: row.cost + cost });
  }

  private moment(clock: number): Moment {
    const balances = [...this.accounts].map(([id, { monthly, bonus, uncovered, cycle }]) => [
      id,
      { monthly: formatCredits(monthly), bonus: formatCredits(bonus), uncovered: formatCredits(uncovered), cycle },
    ]);
    const gates = SERVERS.map((server) => {
      const account = this.accounts.get(server.accountId);
      const spent = this.days.get(`${server.id} ${account && localDayOf(account.cast.timeZone, clock)}`) ?? 0n;
      const facts = account && {
        closed: false,
        remaining: account.monthly + account.bonus,
        limited: server.dailyCredits !== undefined && spent >= whole(server.dailyCredits),
      };
      return [server.id, gateWord(gate({ keySource: server.keySource, freeModel: false, account: facts }))];
    });
    return {
      ...this.counts,
      parked: this.parked.length,
      balances: Object.fromEntries(balances),
      gate: Object.fromEntries(gates),
    };
  }
}

export const gateWord = (answer: GateAnswer): string => (answer.allow ? 'allow' : answer.reason);

const whole = (credits: number): Micros => micros(BigInt(credits) * MICROS_PER_CREDIT);
