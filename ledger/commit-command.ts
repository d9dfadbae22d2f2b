/**
 * The one door for account commands. What needs a time zone is computed here (schedule, cycle ends, local days)
 * for the state that was read; the script applies it only while that state still stands, else it is computed again.
 */
import { hash } from 'node:crypto';
import { changeSchedule, cycleEnd, type Schedule, startSchedule } from '../core/cycles.ts';
import { PermanentError, TransientError } from '../core/errors.ts';
import { bodyHash, commandBody } from '../core/identity.ts';
import { PARKED_EVENTS_MAX, PARKED_MS_MAX } from '../core/limits.ts';
import type { AccountCommand, AccountUpsert, CreditsPurchase, UsageVoid } from '../core/types.ts';
import { type AccountProfile, type AccountState, horizon, readAccount } from './account.ts';
import { alertNumber } from './alerts.ts';
import type { ChargeStore } from './charges.ts';
import { fenceArguments, type LedgerContext, sawSequence } from './context.ts';
import { readParked } from './parked.ts';
import { type LookedUp, lookUp, takenBack, VoidPlans } from './void.ts';

/** Commands that may wait for one unknown account: far more than a platform sends before an account's first upsert. */
export const PARKED_COMMANDS_MAX = 1_000;
/** An account that changes under us this often in a row is under attack or there is a fault. */
const TRIES_MAX = 100;

export type CommandOutcome =
  | 'applied'
  | 'duplicate'
  | 'conflict'
  | 'stale'
  | 'parked'
  | 'parking-full'
  | 'no-purchase'
  | 'too-much'
  | 'void-too-much'
  | 'too-many-limits';

/** A command with the time its job was queued (ms), which is its `at` when it carries none. */
export interface QueuedCommand {
  readonly command: AccountCommand;
  readonly queuedAt: number;
}

export interface CommandReply {
  readonly outcome: CommandOutcome;
  /** What an applied one did, where its outcome does not tell: of a void `voided`, `remembered` or `already-voided`. */
  readonly detail: string;
  readonly clock: number;
}

/** How a parked command is written down and read again; the schemas own the shape. */
export interface CommandCodec {
  write(queued: QueuedCommand): string;
  read(text: string): QueuedCommand;
}

export interface CommandSettings {
  readonly codec: CommandCodec;
  /** Where a void finds what its event was charged. */
  readonly charges: ChargeStore;
  /** Keeps a parked command that its account refuses; called before it leaves its place, so that none is lost. */
  readonly setAside: (queued: QueuedCommand, outcome: CommandOutcome) => Promise<unknown>;
  /** Sets aside what has been parked in a list for too long; called before the list is released. */
  readonly expire?: (list: string) => Promise<unknown>;
  /** Commands and events that may be parked together; left out: PARKED_EVENTS_MAX. */
  readonly parkedMax?: number;
}

/**
 * Commits one command, and with an account's first upsert every command parked for it, in their order.
 * Throws PermanentError `invalid` with the field when the command cannot apply to the account as it stands.
 */
export async function commitCommand(
  context: LedgerContext,
  queued: QueuedCommand,
  settings: CommandSettings,
): Promise<CommandReply> {
  const { keys } = context;
  const { command } = queued;
  const { codec } = settings;
  const id = command.accountId;
  const isSetAside = new Set<string>();
  let found: LookedUp | undefined;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const { clock, account } = await readAccount(context, id);
    const first = account === undefined && command.type === 'account.upsert';
    if (first) await settings.expire?.(keys.parkedCommands(id));
    const items = first ? await context.redis.lrange(keys.parkedCommands(id), 0, -1) : [];
    const parked = items.map(readParked);
    const released = parked.map(({ text }) => codec.read(text));
    const voids = new VoidPlans(keys, context.seen.directory, BUCKETS_PLACE);
    const commands = [
      await planOrIdentify(context, queued, { account, clock, voids, found }),
      ...released.map((one, i) => ({
        ...plan(one, { account: undefined, clock, voids, found: undefined }),
        isSetAside: isSetAside.has(one.command.id),
        parkedAt: parked[i]!.parkedAt,
        released: JSON.stringify({ accountId: id, id: one.command.id, kind: 'command' }),
      })),
    ];
    const park = codec.write(queued);
    const input = {
      v: account?.profileVersion ?? 0,
      cycle: account?.cycle ?? 0,
      released: released.length,
      page: hash('sha1', items.join('')),
      parkedMs: PARKED_MS_MAX,
      parkedMax: settings.parkedMax ?? PARKED_EVENTS_MAX,
      parkedCommandsMax: PARKED_COMMANDS_MAX,
      directory: voids.checkedDirectory,
      park,
      parkedLine: JSON.stringify({
        accountId: id,
        id: command.id,
        kind: 'command',
        reason: 'unknown-account',
        body: park,
      }),
      commands,
    };
    const reply = (await context.run(
      'commitCommand',
      [
        keys.meta,
        keys.outboxRows,
        keys.accounts,
        keys.parkedIndex,
        keys.account(id),
        keys.commands(id),
        keys.purchases(id),
        keys.parkedCommands(id),
        keys.voids(id),
        keys.outboxEvents,
        keys.mailsDue,
        keys.midnights,
        ...voids.bucketKeys,
      ],
      [...fenceArguments(context), id, JSON.stringify(input), found?.charged ? takenBack(found.charged) : ''],
    )) as string[];
    sawSequence(context, Number(reply[1]));
    if (reply[2] === 'retry') continue;
    if (reply[2] === 'directory') {
      context.seen.directory = reply[3]!;
      continue;
    }
    if (reply[2] === 'charge') {
      const asked = { upTo: Number(reply[1]), isSeen: reply[3] === 'seen', day: Number(reply[4]) };
      found = await lookUp(settings.charges, command as UsageVoid, asked);
      continue;
    }
    if (reply[2] === 'refused') {
      for (const [i, outcome] of reply.slice(4).entries()) {
        if (!REFUSALS.has(outcome)) continue;
        await settings.setAside(released[i]!, outcome as CommandOutcome);
        isSetAside.add(released[i]!.command.id);
      }
      continue;
    }
    const outcome = reply[2] === 'full' ? 'parking-full' : (reply[2] as CommandOutcome);
    return { outcome, detail: reply[3]!, clock: Number(reply[0]) };
  }
  throw new TransientError('account-moving', `Account ${id} changed during every attempt to apply a command to it.`);
}

/** Outcomes of commands that cannot apply to the account as it stands. */
const REFUSALS: ReadonlySet<string> = new Set<CommandOutcome>([
  'no-purchase',
  'too-much',
  'void-too-much',
  'too-many-limits',
]);

/** Place of the first dedupe bucket among the script's keys. */
const BUCKETS_PLACE = 13;

/** What a command is planned for. */
interface Known {
  readonly account: AccountState | undefined;
  readonly clock: number;
  readonly voids: VoidPlans;
  readonly found: LookedUp | undefined;
}

/** Identity comes first: a command whose id is used is a duplicate or a conflict, even if it could not be applied. */
async function planOrIdentify(context: LedgerContext, queued: QueuedCommand, known: Known): Promise<object> {
  try {
    return plan(queued, known);
  } catch (error) {
    const { accountId, id } = queued.command;
    if ((await context.redis.hexists(context.keys.commands(accountId), id)) === 0) throw error;
    return identified(queued);
  }
}

/** What the script needs to recognize a command. */
function identified(queued: QueuedCommand) {
  const { command, queuedAt } = queued;
  return {
    id: command.id,
    hash: bodyHash(commandBody(command)).toString('hex'),
    type: command.type,
    at: command.at ?? queuedAt,
    silent: command.silent,
    history: historyLine(queued),
  };
}

/** What the script is told of one command: facts it needs, in µcr and ms, and the lines for its history. */
function plan(queued: QueuedCommand, { account, clock, voids, found }: Known): object {
  const { command } = queued;
  const base = identified(queued);
  switch (command.type) {
    case 'account.upsert':
      return { ...base, ...planUpsert(queued, command, account, clock) };
    case 'account.close':
      return base;
    case 'credits.purchase':
      return {
        ...base,
        credits: Number(command.credits),
        note: command.reference ?? '',
        receipt: JSON.stringify(receiptOf(queued, command)),
      };
    case 'credits.refund':
      return { ...base, purchaseId: command.purchaseId, credits: Number(command.credits) };
    case 'server.limit':
      return {
        ...base,
        serverId: command.serverId,
        limit:
          command.dailyCredits === null
            ? -1
            : command.dailyCredits === undefined
              ? undefined
              : Number(command.dailyCredits),
        warn: command.warnAtPercent === null ? -1 : command.warnAtPercent,
      };
    case 'alerts.set':
      return {
        ...base,
        alerts: command.alerts.map((alert) => ({ id: alert.id, kind: alert.kind, number: alertNumber(alert) })),
      };
    case 'usage.void':
      return { ...base, ...voids.plan(command, found) };
  }
}

/** What the receipt of a purchase says, beside the balances. */
function receiptOf(
  { queuedAt }: QueuedCommand,
  { id, credits, price, reference, purchasedAt }: CreditsPurchase,
): object {
  return {
    ...{ id, credits: Number(credits), price: price ?? null, reference: reference ?? null },
    purchasedAt: purchasedAt ?? queuedAt,
  };
}

function planUpsert(
  queued: QueuedCommand,
  command: AccountUpsert,
  account: AccountState | undefined,
  clock: number,
): object {
  const profile = mergedProfile(command, account?.profile);
  const schedule: Schedule =
    account === undefined
      ? startSchedule(profile.anchor, profile.timeZone, clock)
      : changeSchedule(
          account.schedule,
          { cycle: account.cycle, endMs: account.stop },
          profile.anchor,
          profile.timeZone,
        );
  const cycle = account?.cycle ?? schedule[0]!.cycle;
  const planMicros = command.plan === undefined ? account!.planMicros : Number(command.plan.monthlyCredits);
  const opening = account === undefined ? command.opening : undefined;
  if (opening !== undefined && Number(opening.monthlyRemaining) > (cycle > 0 ? planMicros : 0)) {
    throw new PermanentError('invalid', 'opening.monthlyRemaining is more than what the plan grants in this cycle.', {
      field: 'opening.monthlyRemaining',
    });
  }
  const scheduleText = JSON.stringify(kept(schedule, clock));
  return {
    v: (account?.profileVersion ?? 0) + 1,
    history: historyLine(queued, scheduleText),
    plan: planMicros,
    profile: JSON.stringify(profile),
    schedule: scheduleText,
    open: { cycle, start: schedule[0]!.startMs },
    stop: account?.stop ?? cycleEnd(schedule, cycle),
    ...horizon(schedule, cycle, clock),
    opening:
      opening === undefined ? undefined : { monthly: Number(opening.monthlyRemaining), bonus: Number(opening.bonus) },
    contacts: JSON.stringify({
      accountId: command.accountId,
      email: profile.email,
      name: profile.name ?? '',
      locale: profile.locale ?? '',
      recipients: profile.recipients ?? [],
    }),
  };
}

/**
 * Segments that ended long before any event that can still arrive are let go. Events reach back ACCEPT_DAYS,
 * which a setting may raise to a year at most.
 */
const SEGMENTS_KEPT_MS = 366 * 86_400_000;

function kept(schedule: Schedule, clock: number): Schedule {
  const last = schedule.findLastIndex((segment) => segment.startMs <= clock - SEGMENTS_KEPT_MS);
  return last <= 0 ? schedule : schedule.slice(last);
}

/** A field left out keeps its value; null clears it; the first upsert must bring what an account cannot be without. */
function mergedProfile(command: AccountUpsert, old: AccountProfile | undefined): AccountProfile {
  const need = <T>(field: string, value: T | undefined): T => {
    if (value !== undefined) return value;
    throw new PermanentError('invalid', `${field} is missing: the first upsert of an account must carry it.`, {
      field,
    });
  };
  if (command.plan === undefined) need('plan', old);
  const optional = <T>(value: T | null | undefined, before: T | undefined): T | undefined =>
    value === undefined ? before : (value ?? undefined);
  const name = optional(command.name, old?.name);
  const locale = optional(command.locale, old?.locale);
  const recipients = optional(command.recipients, old?.recipients);
  return {
    email: need('email', command.email ?? old?.email),
    timeZone: need('timeZone', command.timeZone ?? old?.timeZone),
    anchor: need('anchor', command.anchor ?? old?.anchor),
    planId: need('plan', command.plan?.id ?? old?.planId),
    ...(name === undefined ? {} : { name }),
    ...(locale === undefined ? {} : { locale }),
    ...(recipients === undefined ? {} : { recipients }),
  };
}

/**
 * The command as it is kept for good, without the account's contact data, and the schedule it leads to.
 * The script adds outcome and detail.
 */
function historyLine({ command, queuedAt }: QueuedCommand, schedule = ''): string {
  const { accountId, id: commandId, type } = command;
  const hidden = new Set(['email', 'name', 'recipients']);
  const body = JSON.stringify(command, (key, value) =>
    hidden.has(key) ? undefined : typeof value === 'bigint' ? value.toString() : value,
  );
  return JSON.stringify({ accountId, commandId, type, at: command.at ?? queuedAt, body, schedule });
}
