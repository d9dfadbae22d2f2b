/**
 * `npm run bench -- mail-kills`: many accounts each cross two thresholds while the service is killed -9 again and again.
 * Half of them get the time for their first mail; of the others the second overtakes it. In the end every account has
 * its most severe mail, every mail that was not superseded has arrived, and one that came twice is recorded as unknown.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../cli/system.ts';
import { messageId } from '../emails/mailer/message-id.ts';
import { readBacklog } from '../ledger/outbox.ts';
import { openMailServer } from './mail-server.ts';
import { until } from './measure.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';
import { seeded } from './workload.ts';

export interface MailKillsOptions {
  readonly accounts: number;
  readonly kills: number;
  readonly seed: number;
}

export interface MailKills {
  readonly accounts: number;
  readonly kills: number;
  readonly seed: number;
  /** Mails that were decided, and what became of them. */
  readonly decided: number;
  readonly superseded: number;
  readonly arrived: number;
  /** Times that it was not known of a mail whether it was sent. */
  readonly unknown: number;
  readonly doubled: number;
  /** More often than it was not known, to the wrong address, or a mail that nobody decided: none may be. */
  readonly wrong: number;
  /** Accounts without their last mail, and mails that did not arrive: none may be. */
  readonly missing: number;
  readonly mailsPerSecond: number;
  readonly ok: boolean;
}

const FROM_DOMAIN = 'mail.example';
const GRANT_CREDITS = 100;
/** A thousand input tokens of claude-haiku-4.5 are a credit: 85 of 100 leave less than 20 percent, 15 more nothing. */
const TO_LOW_TOKENS = 85_000;
const TO_NOTHING_TOKENS = 15_000;
const EVENTS_PER_JOB = 100;
const COMMANDS_PER_BULK = 1_000;
/** A kill comes within this time after the mail that it waits for. */
const KILL_MS_MAX = 200;
const LOOK_MS = 50;
/** Ten thousand accounts take some minutes; a run that takes longer than this is broken. */
const WAIT_MS_MAX = 3_600_000;

const accountOf = (i: number): string => `mail-account-${String(i).padStart(6, '0')}`;
const addressOf = (accountId: string): string => `${accountId}@example.com`;
/** Whether an account's first mail is waited for before it is spent empty. */
const isPatient = (i: number): boolean => i % 2 === 1;

export async function benchMailKills(system: System, options: MailKillsOptions): Promise<MailKills> {
  const { accounts, kills, seed } = options;
  const server = await openMailServer();
  const start = (): Promise<ServiceProcess> =>
    startServiceProcess({
      FLOWLY_DATA_DIR: system.config.dataDir,
      ...{ SMTP_URL: server.url, MAIL_FROM: `no-reply@${FROM_DOMAIN}`, MAIL_PER_SECOND: '1000' },
    });
  let service = await start();
  try {
    await makeAccounts(system, accounts);
    const startMs = performance.now();
    const spending = spend(system, server, accounts);
    const killing = (async () => {
      const random = seeded(seed);
      // Two mails of every patient account, one of the others: kills are spread over the time that these take.
      for (let k = 0; k < kills; k += 1) {
        const mails = ((k + random()) / kills) * 1.5 * accounts * 0.95;
        await until(async () => server.arrivals.length >= mails, WAIT_MS_MAX);
        await delay(random() * KILL_MS_MAX);
        await service.kill();
        service = await start();
      }
    })();
    await Promise.all([spending, killing]);
    await settled(system);
    const lastMs = server.arrivals.at(-1)?.atMs ?? startMs;
    await service.stop();
    const found = await compare(system, server.arrivals, accounts);
    const mailsPerSecond = Math.round(server.arrivals.length / ((lastMs - startMs) / 1_000));
    return { accounts, kills, seed, ...found, mailsPerSecond, ok: found.missing + found.wrong === 0 };
  } finally {
    await service.kill();
    await server.close();
  }
}

async function makeAccounts({ queues }: System, accounts: number): Promise<void> {
  for (let from = 0; from < accounts; from += COMMANDS_PER_BULK) {
    const count = Math.min(COMMANDS_PER_BULK, accounts - from);
    await queues.accounts.addBulk(
      Array.from({ length: count }, (_, i) => ({
        name: 'account.upsert',
        data: {
          ...{ id: 'up', accountId: accountOf(from + i), email: addressOf(accountOf(from + i)), timeZone: 'UTC' },
          anchor: `${new Date().toISOString().slice(0, 10)}T00:00:00`,
          plan: { id: 'plan', monthlyCredits: String(GRANT_CREDITS) },
        },
      })),
    );
  }
  await until(async () => (await queues.accounts.getJobCountByTypes('waiting', 'active')) === 0);
}

/** Spends every account low, then empty: at once, or once its first mail has come. */
async function spend(system: System, server: Awaited<ReturnType<typeof openMailServer>>, accounts: number) {
  const all = Array.from({ length: accounts }, (_, i) => i);
  const told = new Set<string>();
  let ready: number[] = [];
  server.onArrival = ({ to: [address] }) => {
    if (address === undefined || told.has(address)) return;
    told.add(address);
    const i = Number(/(\d+)@/.exec(address)?.[1]);
    if (isPatient(i)) ready.push(i);
  };
  await sendEvents(system, 'low', all, TO_LOW_TOKENS);
  const hasty = all.filter((i) => !isPatient(i));
  await sendEvents(system, 'empty', hasty, TO_NOTHING_TOKENS);
  let left = accounts - hasty.length;
  await until(async () => {
    const now = ready;
    ready = [];
    left -= now.length;
    await sendEvents(system, 'empty', now, TO_NOTHING_TOKENS);
    return left === 0;
  }, WAIT_MS_MAX);
}

async function sendEvents({ queues }: System, what: string, accounts: readonly number[], input: number): Promise<void> {
  const jobs: { name: string; data: object }[] = [];
  for (let from = 0; from < accounts.length; from += EVENTS_PER_JOB) {
    const events = accounts.slice(from, from + EVENTS_PER_JOB).map((i) => ({
      ...{ id: what, accountId: accountOf(i), serverId: `${accountOf(i)}-web`, model: 'claude-haiku-4.5' },
      ...{ occurredAt: Date.now(), tokens: { input } },
    }));
    jobs.push({ name: 'events', data: { events } });
  }
  if (jobs.length > 0) await queues.usage.addBulk(jobs);
}

/** Nothing is queued, no mail waits, everything is in ClickHouse. */
async function settled({ queues, redis, ledger }: System): Promise<void> {
  const { keys } = ledger;
  await until(async () => {
    if ((await queues.usage.getJobCountByTypes('waiting', 'active', 'delayed', 'failed')) > 0) return false;
    const [due, claimed] = [await redis.zcard(keys.mailsDue), await redis.scard(keys.mailsClaimed)];
    if (due + claimed > 0) await delay(LOOK_MS);
    return due + claimed === 0 && (await readBacklog(redis, keys)).entries === 0;
  }, WAIT_MS_MAX);
}

interface History {
  readonly account: string;
  readonly intent: string;
  readonly kind: string;
  readonly statuses: readonly string[];
}

/** The history of mails against what came, mail by mail. */
async function compare(
  { clickhouse, ledger }: System,
  arrivals: readonly { messageId: string; to: readonly string[] }[],
  accounts: number,
) {
  const query = `SELECT account_id AS account, intent_id AS intent, any(kind) AS kind, groupArray(status) AS statuses
    FROM mail_history GROUP BY account_id, intent_id`;
  const history = await (await clickhouse.query({ query, format: 'JSONEachRow' })).json<History>();
  const came = new Map<string, string[]>();
  for (const { messageId: id, to } of arrivals) came.set(id, [...(came.get(id) ?? []), to.join()]);
  const count = { decided: history.length, superseded: 0, unknown: 0, doubled: 0, wrong: 0, missing: 0 };
  const hasLast = new Set<string>();
  for (const { account, intent, kind, statuses } of history) {
    const id = messageId(ledger.ledgerId, intent, FROM_DOMAIN);
    const addresses = came.get(id) ?? [];
    came.delete(id);
    const unknown = statuses.filter((status) => status === 'unknown').length;
    const isSuperseded = statuses.includes('superseded');
    count.unknown += unknown;
    if (isSuperseded) count.superseded += 1;
    if (addresses.length > 1) count.doubled += 1;
    if (addresses.length > 1 + unknown) count.wrong += 1;
    if (addresses.some((address) => address !== addressOf(account))) count.wrong += 1;
    if (addresses.length === 0 && !isSuperseded) count.missing += 1;
    if (kind === 'depleted' && addresses.length > 0) hasLast.add(account);
  }
  count.missing += accounts - hasLast.size;
  count.wrong += came.size;
  return { ...count, arrived: arrivals.length };
}
