/**
 * Plays a random history (histories.ts) step by step in the model and in the real ledger. What is compared after each
 * step, and at the end, is the test's.
 */
import { cycleAt, cycleEnd, cycleStart } from '../../core/cycles.ts';
import { DAY_MS, PARKED_MS_MAX } from '../../core/limits.ts';
import type { PriceBook } from '../../core/price.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import type { CommandResult } from '../../workers/accounts/apply-command.ts';
import type { EventOutcome } from '../../workers/usage/item.ts';
import {
  applyCommand,
  applyEvents,
  createModel,
  type Model,
  runJobs,
  sendMails,
  setBook,
  upToDate,
} from '../model/index.ts';
import { BOOKS, commandOf, eventOf, queuedOf, START_MS, type Step } from './histories.ts';
import type { RealLedger } from './real-ledger.ts';
import { reviewAll, sendMails as sendRealMails } from './watched.ts';

/** Both sides at the end of a step. */
export interface Moment {
  readonly model: Model;
  readonly clock: number;
  /** Another one once the price book was replaced. */
  readonly real: RealLedger;
}

type Outcome = EventOutcome | CommandResult | ReturnType<typeof applyCommand>;

export interface Play {
  /** A ledger at the clock `START_MS` with the first book. */
  readonly real: RealLedger;
  readonly books?: readonly [PriceBook, PriceBook];
  /** Behind every account id of the real ledger. */
  readonly suffix?: string;
  /** Told what both sides made of the events, or of the command, of a step. */
  readonly onOutcomes?: (real: readonly Outcome[], expected: readonly Outcome[]) => void;
  readonly afterStep?: (moment: Moment) => Promise<void>;
}

export async function playHistory(steps: readonly Step[], play: Play): Promise<Moment> {
  const { books = BOOKS, suffix = '', onOutcomes, afterStep } = play;
  const own = <T extends UsageEvent | AccountCommand>(one: T): T => ({ ...one, accountId: one.accountId + suffix });
  const model = createModel({ book: books[0] });
  let { real } = play;
  let clock = START_MS;
  /** A step without effect on an account may leave it behind the clock in one of the two. */
  const align = async (ids: readonly string[]): Promise<void> => {
    for (const id of new Set(ids)) {
      upToDate(model, id, clock);
      await real.account(id + suffix);
    }
  };
  for (const step of steps) {
    if (step.kind === 'wait' || step.kind === 'turn') {
      const next = step.kind === 'wait' ? clock + step.ms : (endOf(model, step.account) ?? clock) + step.offsetMs;
      // What waits longer than a month is another test's.
      if (next <= clock || model.parked.some((parked) => next - parked.at.clock > PARKED_MS_MAX)) continue;
      clock = next;
      await real.setClock(clock);
    } else if (step.kind === 'book') {
      setBook(model, books[1], clock);
      real = await real.setBook(books[1]);
    } else if (step.kind === 'jobs') {
      runJobs(model, clock);
      await reviewAll(real, 3 * DAY_MS);
    } else if (step.kind === 'mails') {
      sendMails(model);
      await sendRealMails(real);
    } else if (step.kind === 'events') {
      const events = step.events.map((draft) => {
        const startMs = startOf(model, draft.account, clock);
        return { event: eventOf(draft, clock, startMs), queuedAt: queuedOf(draft, clock, startMs) };
      });
      const expected = applyEvents(model, events, clock);
      const told = await real.events(events.map((one) => ({ ...one, event: own(one.event) })));
      onOutcomes?.(told, expected);
      await align(events.map(({ event }) => event.accountId));
    } else {
      const command = commandOf(step.draft, clock);
      const queuedAt = clock - step.draft.queuedAgoMs;
      const expected = applyCommand(model, command, { clock, queuedAt });
      const told = await real.command(own(command), queuedAt);
      onOutcomes?.([told], [expected]);
      await align([command.accountId]);
    }
    await afterStep?.({ model, clock, real });
  }
  return { model, clock, real };
}

/** When the account's cycle that runs at the clock started; undefined where none did. */
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
