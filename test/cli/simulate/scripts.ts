/** Random scripts out of the two kinds of histories the ledger and the model are tested with, with reads in between. */
import fc from 'fast-check';
import { cycleAt, cycleEnd, cycleStart } from '../../../core/cycles.ts';
import { DAY_MS, HOUR_MS } from '../../../core/limits.ts';
import type { PriceBook } from '../../../core/price.ts';
import { BOOKS, commandOf, eventOf, history, START_MS, type Step } from '../../ledger/histories.ts';
import { HISTORY_START_MS, histories, type Step as ModelStep } from '../../model/histories.ts';
import { BOOK } from '../../model/script.ts';
import { type ReadDraft, Teller, type ToldLine } from './teller.ts';

// Histories may be 40 steps long: let them.
fc.configureGlobal({ baseSize: 'medium' });

/** One kind of scripts: they share a price book and a time at which they start. */
export interface Kind {
  readonly book: PriceBook;
  readonly scripts: (count: number, seed: number) => readonly Script[];
}

/** A script whose last reads are at `endMs`, which is the same for all of a file. */
export interface Script {
  readonly untilMs: number;
  readonly lines: readonly ToldLine[];
  readonly last: (endMs: number) => readonly ToldLine[];
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Reads of one of these accounts, servers and events. */
function readsOf(accounts: readonly string[], servers: readonly string[], models: readonly string[], events: number) {
  const account = fc.constantFrom(...accounts);
  const server = fc.constantFrom(...servers);
  const by = fc.subarray(['server', 'model', 'keySource', 'cycle', 'account'] as const);
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe');
  const ledger = fc.record({
    read: fc.constant('ledger' as const),
    account,
    events: fc.boolean(),
    cycle: maybe(fc.integer({ min: 0, max: 5 })),
  });
  const usage = fc.record({
    ...{ read: fc.constant('usage' as const), account, by, server: maybe(server), timeZone: maybe(zone) },
    bucket: maybe(fc.constantFrom('hour' as const, 'day' as const, 'month' as const)),
    fromAgo: maybe(fc.oneof(fc.integer({ min: 0, max: 40 * DAY_MS }), fc.constantFrom(HOUR_MS, 10 * DAY_MS))),
  });
  const explain = fc.record({
    ...{ read: fc.constant('explain' as const), account },
    event: fc.integer({ min: 0, max: events }).map((n) => `e${n}`),
  });
  const quick: fc.Arbitrary<ReadDraft> = fc.oneof(
    fc.record({ read: fc.constant('balance' as const), account }),
    fc.record({
      ...{ read: fc.constant('gate' as const), account, server },
      keySource: maybe(fc.constantFrom('platform' as const, 'byok' as const)),
      model: maybe(fc.constantFrom(...models)),
    }),
    fc.record({ read: fc.constant('platform-events' as const), account }),
  );
  const told = fc.record({ read: fc.constantFrom('alerts' as const, 'mails' as const), account });
  const slow: fc.Arbitrary<ReadDraft> = fc.oneof(ledger, usage, explain, told);
  return {
    /** What is read after a step: often a balance, seldom what has to be flushed first. */
    between: fc.oneof(
      { weight: 40, arbitrary: fc.constant<readonly ReadDraft[]>([]) },
      { weight: 50, arbitrary: fc.array(quick, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(slow, { minLength: 1, maxLength: 2 }) },
    ),
    last: fc.tuple(
      ...accounts.flatMap((one) =>
        (['balance', 'alerts', 'mails', 'platform-events'] as const).map((read) =>
          fc.constant<ReadDraft>({ read, account: one }),
        ),
      ),
      ...Array.from({ length: 4 }, () => slow),
    ),
  };
}

const LEDGER_READS = readsOf(['a', 'b', 'c:1'], ['s1', 's2'], ['small', 'big', 'newcomer'], 30);
const MODEL_READS = readsOf(['a', 'b'], ['s', 't'], ['unit', 'free', 'late'], 40);

export const KINDS: readonly Kind[] = [
  {
    book: BOOKS[1],
    scripts: (count, seed) =>
      fc
        .sample(fc.tuple(history, fc.infiniteStream(LEDGER_READS.between), LEDGER_READS.last), { numRuns: count, seed })
        .map(([steps, reads, last], n) =>
          tell(new Teller(BOOKS[1], START_MS, `.${n}`), steps, ledgerStep, reads, last),
        ),
  },
  {
    book: BOOK,
    scripts: (count, seed) =>
      fc
        .sample(fc.tuple(histories(40), fc.infiniteStream(MODEL_READS.between), MODEL_READS.last), {
          numRuns: count,
          seed,
        })
        .map(([steps, reads, last], n) =>
          tell(new Teller(BOOK, HISTORY_START_MS, `.${n}`), steps, modelStep, reads, last),
        ),
  },
];

function tell<S>(
  teller: Teller,
  steps: readonly S[],
  take: (teller: Teller, step: S) => void,
  reads: fc.Stream<readonly ReadDraft[]>,
  last: readonly ReadDraft[],
): Script {
  for (const step of steps) {
    take(teller, step);
    for (const read of reads.next().value) teller.read(read);
  }
  return {
    untilMs: teller.clock,
    lines: teller.lines,
    last: (endMs) => {
      const before = teller.lines.length;
      teller.clock = endMs;
      for (const read of last) teller.read(read);
      return teller.lines.slice(before);
    },
  };
}

function ledgerStep(teller: Teller, step: Step): void {
  const { model, clock } = teller;
  if (step.kind === 'wait') teller.clock += step.ms;
  else if (step.kind === 'turn') {
    const account = model.accounts.get(teller.own(step.account));
    const end = account && cycleEnd(account.schedule, account.cycle);
    teller.clock = Math.max(clock, (end ?? clock) + step.offsetMs);
  } else if (step.kind === 'command') teller.command(commandOf(step.draft, clock));
  else if (step.kind === 'events') {
    for (const draft of step.events) teller.event(eventOf(draft, clock, startOf(teller, draft.account)));
  }
}

/** When the account's cycle that runs at the clock started; undefined where none did. */
function startOf(teller: Teller, id: string): number | undefined {
  const { model, clock } = teller;
  const account = model.accounts.get(teller.own(id));
  if (account === undefined) return undefined;
  const cycle = cycleAt(account.schedule, clock);
  return cycle > 0 ? cycleStart(account.schedule, cycle) : undefined;
}

function modelStep(teller: Teller, step: ModelStep): void {
  teller.clock = step.clock;
  if (step.kind === 'event') teller.event(step.event);
  else if (step.kind === 'read') teller.read({ read: 'balance', account: step.accountId });
  else teller.command(step.command);
}
