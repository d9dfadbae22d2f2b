/** Plays a random history in the model and, under account ids of its own, in the real ledger of a history world. */
import { BOOKS, START_MS, type Step } from '../ledger/histories.ts';
import { playHistory } from '../ledger/player.ts';
import type { HistoryWorld } from './history-world.ts';

/** `n` numbers the histories of a world; `suffix` stands behind its account ids in the real ledger. */
export async function play(world: HistoryWorld, steps: readonly Step[], n: number) {
  const suffix = `.${n}`;
  await world.real.setClock(START_MS);
  world.real = await world.real.setBook(BOOKS[0]);
  const { model, clock, real } = await playHistory(steps, { real: world.real, suffix });
  world.real = real;
  return { model: { model, clock }, suffix };
}
