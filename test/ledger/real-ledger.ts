/**
 * The real ledger behind the model's questions: the worker's own path (price, encode, commit, release) over a Redis with
 * a simulated clock, without queues. Reads its entries back from the outbox, as the flusher would.
 */
import type { Redis } from 'ioredis';
import type { PriceBook } from '../../core/price.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import { type AccountState, readAccount } from '../../ledger/account.ts';
import type { ChargeStore } from '../../ledger/charges.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { ledgerKeys } from '../../ledger/keys.ts';
import { openLedger } from '../../ledger/open.ts';
import type { OutboxEntry } from '../../ledger/outbox.ts';
import { Profiles } from '../../ledger/profiles.ts';
import { type ApplyOptions, applyCommand, type CommandResult } from '../../workers/accounts/apply-command.ts';
import { releaseKnown } from '../../workers/maintenance.ts';
import { commitGroup } from '../../workers/usage/commit-group.ts';
import type { EventOutcome } from '../../workers/usage/item.ts';
import { allEntries, outboxCharges, rowsOf } from './outbox-rows.ts';

/** Deltas and balances in µcr, one line of an account's ledger as the outbox tells it. */
export type RealEntry = {
  readonly account: string;
  readonly kind: string;
  readonly cycle: number;
  readonly monthly: number;
  readonly bonus: number;
  readonly uncovered: number;
};

const NO_HISTORY = { identity: async () => undefined, record: async () => undefined };

export class RealLedger {
  readonly context: LedgerContext;
  readonly options: ApplyOptions;

  private constructor(context: LedgerContext, book: PriceBook, charges: ChargeStore) {
    this.context = context;
    this.options = {
      context,
      encoder: { book, keys: context.keys, profiles: new Profiles(context) },
      settings: { acceptDays: 35 },
      charges,
      signal: new AbortController().signal,
      onCommitted: () => undefined,
      onRetry: (error) => {
        throw error;
      },
    };
  }

  /** `flushed`: where charges are found that are not in the outbox any more. */
  static async open(
    redis: Redis,
    tag: string,
    clock: number,
    book: PriceBook,
    flushed: (context: LedgerContext) => ChargeStore = () => ({ find: async () => undefined }),
  ): Promise<RealLedger> {
    const context = await openLedger({ redis, keys: ledgerKeys(tag), history: NO_HISTORY, clock });
    const [waiting, rest] = [outboxCharges(context), flushed(context)];
    return new RealLedger(context, book, {
      find: async (...asked) => (await waiting.find(...asked)) ?? rest.find(...asked),
    });
  }

  async setClock(clock: number): Promise<void> {
    await this.context.redis.hset(this.context.keys.meta, 'clock', String(clock));
  }

  async setBook(book: PriceBook): Promise<RealLedger> {
    const next = new RealLedger(this.context, book, this.options.charges);
    await releaseKnown(next.options, book);
    return next;
  }

  async events(events: readonly { readonly event: UsageEvent; readonly queuedAt: number }[]): Promise<EventOutcome[]> {
    const outcomes: EventOutcome[] = [];
    const items = events.map(({ event, queuedAt }, i) => ({
      event,
      queuedAt,
      settle: (outcome: EventOutcome) => {
        if (outcomes[i] !== undefined) throw new Error(`event ${event.id} was settled twice`);
        outcomes[i] = outcome;
      },
    }));
    await commitGroup(this.options, items);
    return outcomes;
  }

  command(command: AccountCommand, queuedAt: number): Promise<CommandResult> {
    return applyCommand(this.options, { command, queuedAt });
  }

  async account(accountId: string): Promise<AccountState | undefined> {
    return (await readAccount(this.context, accountId)).account;
  }

  /** Every entry of the ledger so far, usage included, in the order of sequence and index. */
  async entries(): Promise<RealEntry[]> {
    return (await allEntries(this.context)).flatMap(entriesOf);
  }

  async counters(): Promise<Record<string, string>> {
    return this.context.redis.hgetall(this.context.keys.meta);
  }

  /** Removes the partition's keys. */
  async remove(): Promise<void> {
    const { redis, keys } = this.context;
    const all = await redis.keys(`${keys.tag}:*`);
    if (all.length > 0) await redis.del(all);
  }
}

function entriesOf(outbox: OutboxEntry): RealEntry[] {
  const found: { index: number; entry: RealEntry }[] = [];
  for (const line of (outbox.lines.entries?.toString() ?? '').split('\n').filter((text) => text !== '')) {
    const [account, index, kind, cycle, monthly, bonus, uncovered] = line.split('\t');
    found.push({
      index: Number(index),
      entry: {
        account: account!,
        kind: kind!,
        cycle: Number(cycle),
        // Lua writes what takes nothing as −0.
        monthly: 0 + Number(monthly),
        bonus: 0 + Number(bonus),
        uncovered: 0 + Number(uncovered),
      },
    });
  }
  for (const { event, split } of rowsOf(outbox)) {
    if (split.events < 0) continue; // what takes a row back has an entry of its own
    const { position: index, fromPrevious, fromMonthly, fromBonus, uncovered, payingCycle: cycle } = split;
    const base = { account: event.accountId, kind: 'usage' };
    if (fromPrevious > 0) {
      const entry = { ...base, cycle: cycle - 1, monthly: 0 - fromPrevious, bonus: 0, uncovered: 0 };
      found.push({ index, entry });
    }
    if (fromMonthly + fromBonus + uncovered > 0) {
      const entry = { ...base, cycle, monthly: 0 - fromMonthly, bonus: 0 - fromBonus, uncovered };
      found.push({ index: index + 0.5, entry });
    }
  }
  return found.sort((a, b) => a.index - b.index).map(({ entry }) => entry);
}
