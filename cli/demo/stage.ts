/**
 * The demo's stage: the real queues, ledger and gate, with the ledger's clock set by hand, which nothing outside the
 * demo's own data can do. Owns sending an act and reading where everything stands.
 */
import { Readable } from 'node:stream';
import type { PriceBook } from '../../core/price.ts';
import { accountIds } from '../../ledger/account-ids.ts';
import { createGate } from '../../ledger/gate.ts';
import { readAccounts } from '../accounts.ts';
import { type FeedTotals, feed } from '../ingest/feed.ts';
import { JobWindow } from '../ingest/window.ts';
import { type BalanceShape, balanceShape } from '../shapes/balance.ts';
import type { System } from '../system.ts';
import { SERVERS } from './cast.ts';
import { gateWord, type Moment } from './expected.ts';
import type { Act } from './sample.ts';

export class Stage {
  private readonly system: System;
  private readonly book: PriceBook;
  private readonly signal: AbortSignal;

  constructor(system: System, book: PriceBook, signal: AbortSignal) {
    this.system = system;
    this.book = book;
    this.signal = signal;
  }

  /** Sets the clock, queues what the act sends as `ingest` does, and waits until it has been applied. */
  async play({ clock, commands, events, bad }: Act): Promise<FeedTotals> {
    const { queues, redis, ledger } = this.system;
    await redis.hset(ledger.keys.meta, 'clock', clock);
    const totals: FeedTotals = { events: 0, commands: 0, jobs: 0, invalid: 0, bytes: 0, line: 0 };
    const window = new JobWindow(redis, this.signal);
    const lines = [...commands, ...events, ...bad].map((line) => `${JSON.stringify(line)}\n`);
    const input = Readable.from([Buffer.from(lines.join(''))]);
    await feed({ input, ...queues, window, signal: this.signal, totals, onInvalid: () => undefined });
    await window.applied();
    return totals;
  }

  async balances(): Promise<BalanceShape[]> {
    const { ledger } = this.system;
    const balances: BalanceShape[] = [];
    for await (const account of readAccounts(ledger, await accountIds(ledger))) balances.push(balanceShape(account));
    return balances;
  }

  /** As the ledger counts, the balances and the gate's answer for every server. */
  async moment(clock: number): Promise<Moment> {
    const { redis, ledger } = this.system;
    const counts = await redis.hmget(ledger.keys.meta, 'accepted', 'duplicates', 'parked', 'dead');
    const [accepted = 0, duplicates = 0, parked = 0, deadLetters = 0] = counts.map((text) => Number(text ?? 0));
    const balances = (await this.balances()).map(({ accountId, monthly, bonus, uncovered }) => [
      accountId,
      { monthly: monthly.remaining, bonus: bonus.remaining, uncovered, cycle: monthly.cycle },
    ]);
    const asked = createGate({
      redis: ledger.redis,
      prefix: ledger.keys.tag,
      priceBook: this.book,
      clock: () => clock,
    });
    const gate: [string, string][] = [];
    for (const { id, accountId, keySource } of SERVERS) {
      gate.push([id, gateWord(await asked.check({ accountId, serverId: id, keySource }))]);
    }
    return {
      accepted,
      duplicates,
      parked,
      deadLetters,
      balances: Object.fromEntries(balances),
      gate: Object.fromEntries(gate),
    };
  }
}
