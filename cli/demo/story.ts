/**
 * The demo's story: three days around the end of a month, through the real queues, workers and engines, told as it
 * happens. Returns what it found; whether the books balance is for the caller to say.
 */
import type { PriceBook } from '../../core/price.ts';
import type { ReconcileReport } from '../../jobs/reconcile.ts';
import { reconcileSystem } from '../commands/reconcile.ts';
import { writeMails } from '../emails/write-mails.ts';
import { explainPage } from '../explain/page.ts';
import { type ExplainShape, explainEvent } from '../explain/read.ts';
import { untilDrained } from '../left.ts';
import type { Output } from '../output.ts';
import type { BalanceShape } from '../shapes/balance.ts';
import type { System } from '../system.ts';
import { plural, showCount } from '../terminal/format.ts';
import type { UsageQuestion } from '../usage/query.ts';
import { readUsage } from '../usage/read.ts';
import type { UsageRow } from '../usage/rows.ts';
import { CAST } from './cast.ts';
import { differingMoments, differingUsage } from './differences.ts';
import { ExpectedBooks, type Moment } from './expected.ts';
import { type DemoMail, sentMails, untilMailed } from './mails.ts';
import { type Act, type ActName, makeActs } from './sample.ts';
import { Stage } from './stage.ts';
import { balancesView, countsLine, gateLines, heading, indented, usageChart } from './views.ts';

export interface DemoReport {
  /** Where everything stood after each act. */
  readonly acts: readonly ({ readonly act: ActName; readonly clock: string } & Moment)[];
  readonly balances: readonly BalanceShape[];
  /** By server and model. */
  readonly usage: readonly UsageRow[];
  /** The call that used up birch's monthly credits. */
  readonly explained: ExplainShape;
  readonly reconcile: ReconcileReport;
  /** What its owners were sent, without the HTML. */
  readonly mails: readonly (Omit<DemoMail, 'mail'> & { readonly subject: string; readonly text: string })[];
  /** The files they were written to, the page last. */
  readonly files: readonly string[];
  /** Between what came out and what the plain rules say. */
  readonly differences: readonly string[];
}

export interface StoryOptions {
  readonly system: System;
  readonly book: PriceBook;
  readonly output: Output;
  /** Tells the story; left out with --json. */
  readonly tell: (text: string) => Promise<void>;
  readonly signal: AbortSignal;
  /** Where the mails are written to, as files to open. */
  readonly mailFolder: string;
}

const BY_SERVER_AND_MODEL: UsageQuestion = { timeZone: 'UTC', by: ['server', 'model'] };

/** The one call of birch that was paid from both balances. */
const SPLIT_CALL = `
  SELECT event_id FROM usage_events
  WHERE account_id = 'birch' AND from_monthly > 0 AND from_bonus > 0 ORDER BY sequence, position LIMIT 1`;

export async function tellStory(options: StoryOptions): Promise<DemoReport> {
  const { system, book, output, tell, signal } = options;
  const stage = new Stage(system, book, signal);
  const expected = new ExpectedBooks(book);
  const acts: DemoReport['acts'][number][] = [];
  const differences: string[] = [];
  let number = 0;
  for (const act of makeActs()) {
    const [title, words] = TELLING[act.name];
    if (title !== '') await tell(heading(++number, title));
    const sent = await stage.play(act);
    await untilMailed(system, signal);
    const moment = await stage.moment(act.clock);
    await untilMailed(system, signal); // looking at an account may begin its new month
    acts.push({ act: act.name, clock: new Date(act.clock).toISOString(), ...moment });
    differences.push(...differingMoments(act.name, expected.play(act), moment));
    const lines = await words({ act, moment, sent, balances: () => stage.balances() });
    if (lines.length > 0) await tell(indented(lines.join('\n')));
  }

  await untilDrained(system, { signal });
  const usage: UsageRow[] = [];
  for await (const row of readUsage(system.reader, BY_SERVER_AND_MODEL, makeActs().at(-1)!.clock)) usage.push(row);
  await tell(heading(++number, 'What was used, by server and model, from ClickHouse'));
  await tell(indented(usageChart(usage)));

  const explained = await explainSplitCall(system);
  await tell(heading(++number, 'One charge explained: the call that used up birch’s monthly credits'));
  await tell(indented(explainPage(explained, CAST.find(({ id }) => id === 'birch')!.timeZone)));

  await tell(heading(++number, 'Do the books balance?'));
  const reconcile = await reconcileSystem(system, output, signal);
  differences.push(...differingUsage(expected.usage, usage));

  const sent = await sentMails(system, book);
  const files = await writeMails(options.mailFolder, 'The mails of the demo', sent);
  const mails = sent.map(({ mail: { subject, text }, ...one }) => ({ ...one, subject, text }));
  return { acts, balances: await stage.balances(), usage, explained, reconcile, differences, mails, files };
}

interface Told {
  readonly act: Act;
  readonly moment: Moment;
  readonly sent: { readonly events: number; readonly jobs: number };
  readonly balances: () => Promise<readonly BalanceShape[]>;
}

type Words = (told: Told) => string[] | Promise<string[]>;

const queued: Words = ({ moment, sent }) => [
  `${plural(sent.events, 'event')} in ${plural(sent.jobs, 'job')}; what became of all so far:`,
  countsLine(moment),
];

/** Each act's title (none: it goes on under the one before) and what is told after it. */
const TELLING: Readonly<Record<ActName, readonly [title: string, words: Words]>> = {
  told: [
    '30 January: the platform tells of its accounts',
    () => [
      'acme, 5,000 credits a month; its acme-bot may use 600 a day.',
      'birch, 2,000 a month. Nobody tells of cedar yet.',
    ],
  ],
  'day 1': [
    'A day of calls; some are sent twice, one has −1 tokens',
    async (told) => [
      ...(await queued(told)),
      'Parked: the calls of cedar. Dead letter: call-bad, with field and reason.',
      gateLines(told.moment),
    ],
  ],
  late: [
    'The platform tells of cedar: its calls are charged by themselves',
    ({ moment }) => [countsLine(moment), 'cedar-lab calls with a key of its own: counted, never charged or blocked.'],
  ],
  bought: ['31 January: birch buys 700 bonus credits, acme-bot may call again', ({ moment }) => [gateLines(moment)]],
  'day 2': [
    'A day of calls: birch runs from monthly into bonus into uncovered',
    async (told) => [...(await queued(told)), balancesView(await told.balances()), gateLines(told.moment)],
  ],
  'new month': [
    '1 February: a new month, before any job has run or any call came',
    async ({ moment, balances }) => [
      balancesView(await balances()),
      'What was left of the month expired; bonus credits stay.',
      gateLines(moment),
    ],
  ],
  'day 3': ['A day of calls', async (told) => [...(await queued(told)), balancesView(await told.balances())]],
  again: [
    'Everything is sent again: nothing changes',
    async ({ act, moment, balances }) => [
      `${showCount(act.commands.length)} commands and ${showCount(act.events.length + act.bad.length)} events; what became of all so far:`,
      countsLine(moment),
      balancesView(await balances()),
    ],
  ],
};

async function explainSplitCall({ reader }: System): Promise<ExplainShape> {
  const found = await reader.query({ query: SPLIT_CALL, format: 'JSONEachRow' });
  const [row] = await found.json<{ event_id: string }>();
  return explainEvent(reader, 'birch', row?.event_id ?? 'none');
}
