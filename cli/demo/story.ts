/**
 * The demo's story: sample data through the real queues, workers and engines, told as it happens. Returns what it
 * found; whether the books balance is for the caller to say.
 */

import { Readable } from 'node:stream';
import type { PriceBook } from '../../core/price.ts';
import type { ReconcileReport } from '../../jobs/reconcile.ts';
import { accountIds } from '../../ledger/account-ids.ts';
import { readAccounts } from '../accounts.ts';
import { reconcileSystem } from '../commands/reconcile.ts';
import { type FeedTotals, feed } from '../ingest/feed.ts';
import { JobWindow } from '../ingest/window.ts';
import { untilDrained } from '../left.ts';
import type { Output } from '../output.ts';
import { type BalanceShape, balanceShape } from '../shapes/balance.ts';
import type { System } from '../system.ts';
import { balanceTable } from '../terminal/balances.ts';
import { plural, showCount } from '../terminal/format.ts';
import { styled } from '../terminal/table.ts';
import type { UsageQuestion } from '../usage/query.ts';
import { readUsage } from '../usage/read.ts';
import type { UsageRow } from '../usage/rows.ts';
import { usageView } from '../usage/view.ts';
import { explainOneCharge } from './charge.ts';
import { differences, expectedBooks } from './expected.ts';
import { LATE_ACCOUNT, makeSample } from './sample.ts';

export interface DemoReport {
  readonly outcomes: Outcomes;
  readonly balances: readonly BalanceShape[];
  readonly usage: readonly UsageRow[];
  readonly reconcile: ReconcileReport;
  /** Between what came out and what the plain rules say. */
  readonly differences: readonly string[];
}

/** As the ledger counts them. */
interface Outcomes {
  readonly accepted: number;
  readonly duplicates: number;
  readonly parked: number;
  readonly deadLetters: number;
}

export interface StoryOptions {
  readonly system: System;
  readonly book: PriceBook;
  readonly output: Output;
  /** Tells the story; left out with --json. */
  readonly tell: (text: string) => Promise<void>;
  readonly signal: AbortSignal;
  /** ms */
  readonly now: number;
}

const BY_SERVER_AND_MODEL: UsageQuestion = { timeZone: 'UTC', by: ['server', 'model'] };

export async function tellStory({ system, book, output, tell, signal, now }: StoryOptions): Promise<DemoReport> {
  const sample = makeSample(now);
  const all = [...sample.commands, ...sample.events, sample.badEvent];
  const send = (lines: readonly object[]): Promise<FeedTotals> => queueAndApply(system, lines, signal);

  await tell(heading(1, 'The platform queues its accounts and what they used'));
  const sent = await send(all);
  const first = await readOutcomes(system);
  await tell(
    `   ${plural(sent.commands, 'command')}, ${plural(sent.events, 'event')} in ${plural(sent.jobs, 'job')}; what became of the events:`,
  );
  await tell(`   ${inWords(first)}`);
  await tell(`   parked: ${LATE_ACCOUNT} is not known yet; dead letter: a call with −1 tokens.`);

  await tell(heading(2, `The platform tells of ${LATE_ACCOUNT}: its calls are charged by themselves`));
  await send(sample.lateCommands);
  await tell(`   ${inWords(await readOutcomes(system))}`);

  await tell(heading(3, 'Everything is sent a second time: nothing changes'));
  await send([...all, ...sample.lateCommands]);
  const outcomes = await readOutcomes(system);
  await tell(`   ${inWords(outcomes)}`);

  await untilDrained(system, { signal });
  const balances: BalanceShape[] = [];
  for await (const account of readAccounts(system.ledger, await accountIds(system.ledger)))
    balances.push(balanceShape(account));
  await tell(`${heading(4, 'Balances, from Redis')}\n${indented(balanceTable(balances))}`);

  const usage: UsageRow[] = [];
  for await (const row of readUsage(system.reader, BY_SERVER_AND_MODEL, now)) usage.push(row);
  await tell(
    `${heading(5, 'Usage by server and model, from ClickHouse')}\n${indented(usageView(BY_SERVER_AND_MODEL, usage))}`,
  );
  await tell(`${heading(6, 'One charge by hand')}\n${(await explainOneCharge(system.reader, book)).join('\n')}`);

  await tell(heading(7, 'Do the books balance?'));
  const reconcile = await reconcileSystem(system, output, signal);
  const found = differences(expectedBooks(sample, book), { outcomes, balances, usage });
  return { outcomes, balances, usage, reconcile, differences: found };
}

/** Queues lines as `ingest` does and waits until they have been applied. */
async function queueAndApply(
  { queues, redis }: System,
  lines: readonly object[],
  signal: AbortSignal,
): Promise<FeedTotals> {
  const totals: FeedTotals = { events: 0, commands: 0, jobs: 0, invalid: 0, bytes: 0, line: 0 };
  const window = new JobWindow(redis, signal);
  const input = Readable.from([Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))]);
  await feed({ input, ...queues, window, signal, totals, onInvalid: () => undefined });
  await window.applied();
  return totals;
}

async function readOutcomes({ redis, ledger }: System): Promise<Outcomes> {
  const counts = await redis.hmget(ledger.keys.meta, 'accepted', 'duplicates', 'parked', 'dead');
  const [accepted = 0, duplicates = 0, parked = 0, deadLetters = 0] = counts.map((text) => Number(text ?? 0));
  return { accepted, duplicates, parked, deadLetters };
}

function inWords({ accepted, duplicates, parked, deadLetters }: Outcomes): string {
  return `accepted ${showCount(accepted)}, duplicates ${showCount(duplicates)}, parked ${showCount(parked)}, dead letters ${showCount(deadLetters)}`;
}

const heading = (number: number, text: string): string => `\n${styled('bold', `${number}. ${text}`)}`;

const indented = (text: string): string => text.replace(/^(?=.)/gm, '   ');
