/**
 * What the ledger tells beside balances, as it can be compared with the model: the state of each alert, what was crossed,
 * platform events, and the mails that were not taken back. Superseded mails are left out: an idle account's resets may
 * make a commit of their own before the step that the model takes in one; so may their order be another.
 */
import { readAlertStates } from '../../ledger/alerts.ts';
import { type Model, readAlerts } from '../model/index.ts';
import { allEntries } from './outbox-rows.ts';
import type { RealLedger } from './real-ledger.ts';

const TOKEN = 'the-notifier-of-a-test';
/** More than any history leaves unsent. */
const MAILS_MAX = '1000';

type Line = Record<string, unknown>;

/** Everything that is compared of an account; undefined where it is not known. */
export async function watchedOf(real: RealLedger, id: string) {
  const states = await readAlertStates(real.context, id);
  if (states === undefined) return undefined;
  const own = ({ accountId }: Line): boolean => accountId === id;
  const crossed = (await lines(real, 'alerts')).filter(own).filter(({ state }) => state === 'fired');
  return {
    alerts: states.alerts.map(({ alert, builtIn, state, threshold }) => ({ id: alert.id, builtIn, state, threshold })),
    crossings: crossed.map(({ alertId, builtIn, threshold, remaining, by, ref, silent }) => ({
      ...{ alertId, builtIn, threshold, remaining, by, ref, silent },
    })),
    heard: (await platformEvents(real)).filter(own).map(({ at: _, ...event }) => event),
    mails: standing((await lines(real, 'mails')).filter(own)),
  };
}

/** The same of the model. */
export function expectedWatched(model: Model, id: string, clock: number) {
  const read = readAlerts(model, id, clock);
  if (read === undefined) return undefined;
  return {
    alerts: read.alerts.map(({ id: alertId, builtIn, state, threshold }) => ({
      id: alertId,
      builtIn,
      state,
      threshold,
    })),
    crossings: read.crossings.map(({ alert, builtIn, threshold, remaining, by, ref, silent }) => ({
      ...{ alertId: alert.id, builtIn, threshold: Number(threshold), remaining: Number(remaining), by, ref, silent },
    })),
    heard: model.accounts.get(id)!.platformEvents.map(({ at: _, serverId, ...event }) => ({
      ...event,
      ...(serverId === undefined ? {} : { serverId }),
    })),
    mails: read.mails
      .flatMap(({ kind, crossing, serverId, status }) => {
        if (status === 'superseded') return [];
        const about =
          crossing === undefined ? (serverId ?? '') : `${crossing.builtIn ? 'built-in' : 'own'}:${crossing.alert.id}`;
        const alertKind = crossing?.threshold === 0n ? 'depleted' : 'low-credits';
        return [`${kind === 'alert' ? alertKind : kind} ${about} ${status === 'sent' ? 'sent' : 'decided'}`];
      })
      .sort(),
  };
}

/** Every mail of a list of steps with its last step, without those taken back. */
function standing(steps: readonly Line[]): string[] {
  const last = new Map<unknown, string>();
  for (const { intentId, kind, about, status } of steps) last.set(intentId, `${kind} ${about} ${status}`);
  return [...last.values()].filter((text) => !text.endsWith(' superseded')).sort();
}

async function lines(real: RealLedger, field: 'alerts' | 'mails'): Promise<Line[]> {
  const texts = (await allEntries(real.context)).map((entry) => entry.lines[field]?.toString() ?? '');
  return texts.flatMap((text) => (text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line)));
}

async function platformEvents({ context: { redis, keys } }: RealLedger): Promise<Line[]> {
  const entries = await redis.xrange(keys.outboxEvents, '-', '+');
  return entries.flatMap(([, fields]) => fields[1]!.split('\n').map((line) => JSON.parse(line) as Line));
}

/** Claims every mail that is due and records it as sent, as a notifier does. */
export async function sendMails(real: RealLedger): Promise<void> {
  const { context } = real;
  const { redis, keys } = context;
  const ids = await redis.zrange(keys.mailsDue, '0', '-1');
  if (ids.length === 0) return;
  await redis.set(keys.notifyLease, TOKEN);
  const fence = [context.ledgerId, String(context.seen.sequence)];
  const accounts = ids.map((id) => keys.account(id));
  const claimed = (await context.run(
    'mailClaim',
    [keys.meta, keys.notifyLease, keys.mailsDue, keys.mailsClaimed, ...accounts],
    [...fence, TOKEN, MAILS_MAX, '', ...ids],
  )) as string[];
  const FIELDS = 10;
  for (let at = 1; at < claimed.length; at += FIELDS) {
    const [id, number] = claimed.slice(at, at + 2) as [string, string];
    const mark = [keys.meta, keys.notifyLease, keys.account(id), keys.mailsDue];
    await context.run('mailMark', mark, [...fence, TOKEN, id, number]);
    const conclude = [keys.meta, keys.outboxRows, keys.accounts, keys.notifyLease, keys.mailsDue, keys.mailsClaimed];
    await context.run(
      'mailConclude',
      [...conclude, keys.account(id), keys.outboxEvents],
      [...fence, TOKEN, id, number, 'sent', '""', '0'],
    );
  }
  if (claimed.length > 1) await sendMails(real); // what that has decided
}

/** The scheduled jobs that look at accounts, over all of them: pages that cannot be decided yet are asked again. */
export async function reviewAll({ context }: RealLedger, expiringMs: number): Promise<void> {
  const { redis, keys } = context;
  const ids = await redis.zrange(keys.accounts, '0', '-1');
  for (let tries = 0; ; tries += 1) {
    const reply = (await context.run(
      'reviewAccounts',
      [
        keys.meta,
        keys.outboxRows,
        keys.accounts,
        keys.outboxEvents,
        keys.mailsDue,
        keys.midnights,
        ...ids.map((id) => keys.account(id)),
      ],
      [context.ledgerId, String(context.seen.sequence), 'check', String(expiringMs), ...ids],
    )) as string[];
    if (!reply[2]!.includes('s')) return;
    if (tries === 3) throw new Error('accounts stay out of date however often they are renewed');
    for (const id of ids) await readAlertStates(context, id);
  }
}
