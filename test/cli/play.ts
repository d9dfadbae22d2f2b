/** Plays a random history in the model and, under account ids of its own, in the real ledger of a history world. */
import { cycleAt, cycleEnd, cycleStart } from '../../core/cycles.ts';
import { PARKED_MS_MAX } from '../../core/limits.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import { BOOKS, commandOf, eventOf, queuedOf, START_MS, type Step } from '../ledger/histories.ts';
import { applyCommand, applyEvents, createModel, type Model, setBook } from '../model/index.ts';
import type { HistoryWorld } from './history-world.ts';

/** Applies the steps to the model and, under account ids of this history alone, to the real ledger. */
export async function play(world: HistoryWorld, steps: readonly Step[], n: number) {
  const model = createModel({ book: BOOKS[0] });
  const suffix = `.${n}`;
  const own = <T extends UsageEvent | AccountCommand>(one: T): T => ({ ...one, accountId: one.accountId + suffix });
  let clock = START_MS;
  await world.real.setClock(clock);
  world.real = await world.real.setBook(BOOKS[0]);
  for (const step of steps) {
    if (step.kind === 'wait' || step.kind === 'turn') {
      const next = step.kind === 'wait' ? clock + step.ms : (endOf(model, step.account) ?? clock) + step.offsetMs;
      if (next <= clock || model.parked.some((parked) => next - parked.at.clock > PARKED_MS_MAX)) continue;
      clock = next;
      await world.real.setClock(clock);
    } else if (step.kind === 'book') {
      setBook(model, BOOKS[1], clock);
      world.real = await world.real.setBook(BOOKS[1]);
    } else if (step.kind === 'events') {
      const events = step.events.map((draft) => {
        const startMs = startOf(model, draft.account, clock);
        return { event: eventOf(draft, clock, startMs), queuedAt: queuedOf(draft, clock, startMs) };
      });
      applyEvents(model, events, clock);
      await world.real.events(events.map((one) => ({ ...one, event: own(one.event) })));
    } else {
      const command = commandOf(step.draft, clock);
      const queuedAt = clock - step.draft.queuedAgoMs;
      applyCommand(model, command, { clock, queuedAt });
      await world.real.command(own(command), queuedAt);
    }
  }
  return { model: { model, clock }, suffix };
}

function startOf(model: Model, id: string, clock: number): number | undefined {
  const account = model.accounts.get(id);
  if (account === undefined) return undefined;
  const cycle = cycleAt(account.schedule, clock);
  return cycle > 0 ? cycleStart(account.schedule, cycle) : undefined;
}

function endOf(model: Model, id: string): number | undefined {
  const account = model.accounts.get(id);
  return account && cycleEnd(account.schedule, account.cycle);
}
