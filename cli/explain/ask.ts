/** `explain` without its printing: everything that was committed until now is in the history before it is read. */
import { type AccountState, readAccount } from '../../ledger/account.ts';
import { type History, shortfall } from '../flushed.ts';
import { type ExplainShape, explainEvent } from './read.ts';

export interface Explained {
  readonly shape: ExplainShape;
  /** undefined: not known. */
  readonly account: AccountState | undefined;
  /** The sentence that says how far the history reaches, where that is not far enough. */
  readonly short: string | undefined;
}

export async function askExplain(history: History, accountId: string, eventId: string): Promise<Explained> {
  const { ledger, reader } = history;
  const { account } = await readAccount(ledger, accountId);
  // Parked events and dead letters belong to no account's last commit: everything must be there.
  const sequence = Number((await ledger.redis.hget(ledger.keys.meta, 'sequence')) ?? 0);
  const short = shortfall(await history.flushedUpTo(sequence), sequence);
  const shape = await explainEvent(reader, accountId, eventId);
  return { shape: account === undefined ? shape : waitingOn(shape), account, short };
}

/** The history tells why an event was parked at first. Its account is known by now: what it waits for still is its model. */
function waitingOn(shape: ExplainShape): ExplainShape {
  if (shape.outcome !== 'parked' || shape.parked === null) return shape;
  return { ...shape, parked: { ...shape.parked, reason: 'unknown-model' } };
}
