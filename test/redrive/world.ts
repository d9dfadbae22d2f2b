/** A ledger on a clock of its own with its history in ClickHouse, and redriving over it as the command does. */
import type { PriceBook } from '../../core/price.ts';
import { commitEvents } from '../../ledger/commit-events.ts';
import { type DeadLetter, deadRecord } from '../../ledger/dead-letters.ts';
import type { ApplyOptions } from '../../workers/accounts/apply-command.ts';
import { pagesOfLetters } from '../../workers/redrive/letters.ts';
import { type Redriven, redrive } from '../../workers/redrive/redrive.ts';
import { type HistoryWorld, openHistoryWorld } from '../cli/history-world.ts';
import { BOOK, START_MS } from '../ledger/samples.ts';

export interface RedriveWorld extends HistoryWorld {
  /** Sets something aside as it is. */
  bury(letter: Partial<DeadLetter> & Pick<DeadLetter, 'reason' | 'body'>): Promise<void>;
  /** Flushes and redrives; what became of each letter, by id, in their order. */
  redrive(options?: { dryRun?: boolean; commit?: ApplyOptions; reason?: DeadLetter['reason'] }): Promise<Redriven[]>;
  query<T>(sql: string): Promise<T[]>;
}

export async function openRedriveWorld(book: PriceBook = BOOK, clock = START_MS): Promise<RedriveWorld> {
  const base = await openHistoryWorld(book, clock);
  const world: RedriveWorld = Object.assign(base, {
    async bury(letter: Partial<DeadLetter> & Pick<DeadLetter, 'reason' | 'body'>) {
      const { context, options } = world.real;
      const whole = {
        kind: 'event',
        accountId: 'a',
        id: 'x',
        field: '',
        detail: '',
        queuedAt: START_MS,
        ...letter,
      } as const;
      await commitEvents(context, [deadRecord(whole)], Buffer.alloc(0), options.settings);
    },
    async redrive({
      dryRun = false,
      commit = world.real.options,
      reason,
    }: Parameters<RedriveWorld['redrive']>[0] = {}) {
      await world.flush();
      const { redis, keys } = world.real.context;
      const last = Number(await redis.hget(keys.meta, 'sequence'));
      const told: Redriven[] = [];
      for await (const one of redrive({ commit, dryRun }, pagesOfLetters(world.client, { last, reason })))
        told.push(one);
      await world.flush();
      return told;
    },
    query: async <T>(sql: string) => (await world.client.query({ query: sql, format: 'JSONEachRow' })).json<T>(),
  });
  return world;
}

/** `id outcome`, or `id: why` of a letter that was left. */
export const words = (told: readonly Redriven[]): string[] =>
  told.map((one) => (one.outcome === 'left' ? `${one.letter.id}: ${one.why}` : `${one.letter.id} ${one.outcome}`));
