/**
 * The real ledger behind the model's questions: the worker's own path (price, encode, commit, release) over a Redis with
 * a simulated clock, without queues. Reads its entries back from the outbox, as the flusher would.
 */
import type { Redis } from 'ioredis';
import type { PriceBook } from '../../core/price.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import { type AccountState, readAccount } from '../../ledger/account.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { ledgerKeys } from '../../ledger/keys.ts';
import { openLedger } from '../../ledger/open.ts';
import { Profiles } from '../../ledger/profiles.ts';
import { SPLIT_BYTES } from '../../schema/rows.ts';
import { decodeUsageBody } from '../../schema/usage-body.ts';
import { applyCommand, type CommandResult } from '../../workers/accounts/apply-command.ts';
import { releaseKnown } from '../../workers/maintenance.ts';
import { type CommitGroupOptions, commitGroup } from '../../workers/usage/commit-group.ts';
import type { EventOutcome } from '../../workers/usage/item.ts';

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
  readonly options: CommitGroupOptions;

  private constructor(context: LedgerContext, book: PriceBook) {
    this.context = context;
    this.options = {
      context,
      encoder: { book, keys: context.keys, profiles: new Profiles(context) },
      settings: { acceptDays: 35 },
      signal: new AbortController().signal,
      onCommitted: () => undefined,
      onRetry: (error) => {
        throw error;
      },
    };
  }

  static async open(redis: Redis, tag: string, clock: number, book: PriceBook): Promise<RealLedger> {
    return new RealLedger(await openLedger({ redis, keys: ledgerKeys(tag), history: NO_HISTORY, clock }), book);
  }

  async setClock(clock: number): Promise<void> {
    await this.context.redis.hset(this.context.keys.meta, 'clock', String(clock));
  }

  async setBook(book: PriceBook): Promise<RealLedger> {
    const next = new RealLedger(this.context, book);
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
    const stream = await this.context.redis.xrangeBuffer(this.context.keys.outboxRows, '-', '+');
    return stream.flatMap(([, fields]) => entriesOf(fieldsOf(fields)));
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

function fieldsOf(fields: readonly Buffer[]): Map<string, Buffer> {
  const map = new Map<string, Buffer>();
  for (let i = 0; i < fields.length; i += 2) map.set(fields[i]!.toString(), fields[i + 1]!);
  return map;
}

function entriesOf(fields: ReadonlyMap<string, Buffer>): RealEntry[] {
  const found: { index: number; entry: RealEntry }[] = [];
  for (const line of (fields.get('entries')?.toString() ?? '').split('\n').filter((text) => text !== '')) {
    const [account, index, kind, cycle, monthly, bonus, uncovered] = line.split('\t');
    found.push({
      index: Number(index),
      entry: {
        account: account!,
        kind: kind!,
        cycle: Number(cycle),
        monthly: Number(monthly),
        bonus: Number(bonus),
        uncovered: Number(uncovered),
      },
    });
  }
  const bodies = fields.get('usage') ?? Buffer.alloc(0);
  const splits = fields.get('splits') ?? Buffer.alloc(0);
  for (let at = 0, i = 0; at < bodies.length; i += SPLIT_BYTES) {
    const { event, derived } = decodeUsageBody(bodies, at + 4);
    at += 4 + bodies.readUInt32LE(at);
    const index = splits.readUInt16LE(i);
    const amountAt = (from: number): number => Number(splits.readBigInt64LE(i + from));
    const [previous, monthly, bonus, uncovered] = [amountAt(2), amountAt(10), amountAt(18), amountAt(26)];
    const cycle = splits.readInt32LE(i + 50);
    if (previous + monthly + bonus + uncovered !== derived.cost)
      throw new Error(`the parts of ${event.id} are not its cost`);
    const { accountId: account } = event;
    if (previous > 0) {
      found.push({
        index,
        entry: { account, kind: 'usage', cycle: cycle - 1, monthly: 0 - previous, bonus: 0, uncovered: 0 },
      });
    }
    if (monthly + bonus + uncovered > 0) {
      found.push({
        index: index + 0.5,
        entry: { account, kind: 'usage', cycle, monthly: 0 - monthly, bonus: 0 - bonus, uncovered },
      });
    }
  }
  return found.sort((a, b) => a.index - b.index).map(({ entry }) => entry);
}
