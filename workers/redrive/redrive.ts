/**
 * Applies dead letters again (contract, `dead-letters redrive`): every event and command through the same commit and
 * under the same identity as if it came now, only that it is not asked how late it is. Then each letter is recorded as
 * redriven. Invariant: stopped anywhere and repeated, what was applied is a duplicate, so it is debited once and recorded.
 */
import { COMMIT_EVENTS_MAX, commitEvents } from '../../ledger/commit-events.ts';
import { type RedrivenLetter, redrivenRecord } from '../../ledger/dead-letters.ts';
import { ledgerClock } from '../../ledger/ledger-clock.ts';
import { type ApplyOptions, applyCommand } from '../accounts/apply-command.ts';
import { type CommitGroupOptions, commitGroup, untilRedisAnswers } from '../usage/commit-group.ts';
import type { EventOutcome } from '../usage/item.ts';
import { type Foreseen, type Judged, type JudgedEvent, judgeLetters } from './judge.ts';
import type { StoredLetter } from './read-letter.ts';

/** More days than any event can be old: what is redriven is not asked again how late it is. */
const NEVER_LATE_DAYS = 400 * 366;

/** What became of one letter, or would. */
export type Redriven = { readonly letter: StoredLetter } & (
  | {
      readonly outcome: RedrivenLetter['outcome'];
      /** What it debited by account, µcr; nothing of what was applied before. */
      readonly debits: readonly { readonly accountId: string; readonly cost: number }[];
    }
  | { readonly outcome: 'left'; readonly why: string }
);

export interface RedriveOptions {
  /** As the accounts worker's; its `acceptDays` does not count here. */
  readonly commit: ApplyOptions;
  readonly dryRun: boolean;
}

/** Redrives letters page by page, in their order; tells what became of each. Throws FenceError, or when stopped. */
export async function* redrive(
  { commit: given, dryRun }: RedriveOptions,
  pages: AsyncIterable<readonly StoredLetter[]>,
): AsyncGenerator<Redriven> {
  const commit: ApplyOptions = { ...given, settings: { ...given.settings, acceptDays: NEVER_LATE_DAYS } };
  const ofAll = nothingForeseen();
  for await (const page of pages) {
    // A command may be what the letters after it wait for, so they are judged when it has been applied.
    for (const run of runsOf(page)) {
      commit.signal.throwIfAborted();
      const clock = await ledgerClock(commit.context);
      // What is applied is judged only against what stands in the same run: the runs before it are in Redis.
      const foreseen = dryRun ? ofAll : nothingForeseen();
      const judged = await judgeLetters(commit, run, { clock, foreseen });
      const told = dryRun ? judged.map(asForeseen) : await applyRun(commit, judged, clock);
      if (!dryRun) await record(commit, told);
      yield* told;
    }
  }
}

const nothingForeseen = (): Foreseen => ({ accounts: new Set(), events: new Map() });

/** Letters of events that stand side by side, as far as they fit into one commit; each command by itself. */
function* runsOf(page: readonly StoredLetter[]): Generator<StoredLetter[]> {
  let run: StoredLetter[] = [];
  for (const letter of page) {
    if (letter.kind === 'event') run.push(letter);
    else {
      if (run.length > 0) yield run;
      yield [letter];
      run = [];
    }
  }
  if (run.length > 0) yield run;
}

function asForeseen(judged: Judged): Redriven {
  if ('why' in judged) return { letter: judged.letter, outcome: 'left', why: judged.why };
  if ('command' in judged) {
    return { letter: judged.letter, outcome: judged.isSeen ? 'duplicate' : 'applied', debits: [] };
  }
  return eventsRedriven(
    judged.letter,
    judged.events,
    judged.events.map(({ isSeen }) => !isSeen),
  );
}

async function applyRun(commit: ApplyOptions, judged: readonly Judged[], clock: number): Promise<Redriven[]> {
  const events = judged.flatMap((one) => ('events' in one ? one.events : []));
  const outcomes = new Map<JudgedEvent, EventOutcome>();
  for (let from = 0; from < events.length; from += COMMIT_EVENTS_MAX) {
    const items = events.slice(from, from + COMMIT_EVENTS_MAX).map((one) => ({
      event: one.event,
      queuedAt: clock,
      settle: (outcome: EventOutcome) => void outcomes.set(one, outcome),
    }));
    await commitGroup(commit, items);
  }
  const told: Redriven[] = [];
  for (const one of judged) {
    if ('command' in one) told.push(await applyOne(commit, one.letter, one.command));
    else if ('events' in one) told.push(eventsApplied(one.letter, one.events, outcomes));
    else told.push({ letter: one.letter, outcome: 'left', why: one.why });
  }
  return told;
}

async function applyOne(
  commit: ApplyOptions,
  letter: StoredLetter,
  queued: Parameters<typeof applyCommand>[1],
): Promise<Redriven> {
  const result = await applyCommand(commit, queued);
  if (result.outcome === 'parked') return { letter, outcome: 'left', why: 'it waits for its account again' };
  if (result.outcome === 'dead-letter')
    return { letter, outcome: 'left', why: `it is still refused: ${result.detail}` };
  return { letter, outcome: result.outcome, debits: [] };
}

function eventsApplied(
  letter: StoredLetter,
  events: readonly JudgedEvent[],
  outcomes: ReadonlyMap<JudgedEvent, EventOutcome>,
): Redriven {
  for (const one of events) {
    const told = outcomes.get(one)!;
    if (told.outcome === 'accepted' || told.outcome === 'duplicate') continue;
    if (told.outcome === 'parked') return { letter, outcome: 'left', why: 'it waits again' };
    return { letter, outcome: 'left', why: setAsideAgain(told as DeadOutcome) };
  }
  return eventsRedriven(
    letter,
    events,
    events.map((one) => outcomes.get(one)!.outcome === 'accepted'),
  );
}

type DeadOutcome = Extract<EventOutcome, { outcome: 'dead-letter' }>;

function setAsideAgain({ reason, detail }: DeadOutcome): string {
  return `it is set aside again: ${detail ?? reason}`;
}

function eventsRedriven(letter: StoredLetter, events: readonly JudgedEvent[], isNew: readonly boolean[]): Redriven {
  const debits = events.flatMap(({ event, cost }, i) => (isNew[i] ? [{ accountId: event.accountId, cost }] : []));
  return { letter, outcome: isNew.includes(true) ? 'accepted' : 'duplicate', debits };
}

async function record(commit: CommitGroupOptions, told: readonly Redriven[]): Promise<void> {
  const records = told.flatMap(({ letter, outcome }) =>
    outcome === 'left' ? [] : [redrivenRecord({ ...letter, outcome })],
  );
  if (records.length === 0) return;
  await untilRedisAnswers(commit, () => commitEvents(commit.context, records, Buffer.alloc(0), commit.settings));
}
