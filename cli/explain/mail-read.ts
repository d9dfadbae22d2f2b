/** What is known of one mail: its steps, and what it and its end were caused by. The present from the ledger. */
import type { ClickHouseClient } from '@clickhouse/client';
import { PermanentError } from '../../core/errors.ts';
import { formatCredits } from '../../core/money.ts';
import type { AccountState } from '../../ledger/account.ts';
import { ask, readPresent } from '../alerts/ask.ts';
import { snapshotOf } from '../alerts/snapshot.ts';
import type { History } from '../flushed.ts';
import { isoTime } from '../terminal/format.ts';
import { ARMED_THEN, COMMAND, COMMANDS_THEN, DECIDED_THEN, EVENT, STEPS } from './mail-queries.ts';
import { nameOf, ruleOf } from './mail-rule.ts';
import {
  type CauseShape,
  crossedShapes,
  detailsShape,
  type MailExplainShape,
  numbersShape,
  type SupersededShape,
} from './mail-shape.ts';

interface StepRow {
  readonly status: string;
  readonly kind: string;
  readonly about: string;
  readonly by: string;
  readonly ref: string;
  readonly snapshot: string;
  readonly words: string;
  readonly attempts: number;
  readonly at: string;
  readonly sequence: string;
}

type Row = Readonly<Record<string, string>>;

export interface ExplainedMail {
  readonly shape: MailExplainShape;
  readonly account: AccountState;
  readonly short: string | undefined;
}

/** Throws `unknown-account` and `unknown-mail`. */
export async function askMail(history: History, accountId: string, intentId: string): Promise<ExplainedMail> {
  const { reader } = history;
  const { account, states, short } = await readPresent(history, accountId);
  const steps = await ask<StepRow>(reader, STEPS, { account: accountId, intent: intentId });
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) {
    const message = `Mail ${intentId} of account ${accountId} is not known: no mail of that id was decided.`;
    throw new PermanentError('unknown-mail', message, { field: '--mail' });
  }
  const waiting = states.mails.find((mail) => mail.intentId === intentId);
  const numbers = snapshotOf(first.snapshot);
  const standing = new Map(states.alerts.map(({ alert, builtIn, state }) => [nameOf({ ...alert, builtIn }), state]));
  const shape: MailExplainShape = {
    ...{ accountId, intentId, kind: first.kind, about: first.about },
    status: last.status === 'decided' ? 'unsent' : last.status,
    decidedAt: isoTime(Number(first.at)),
    dueAt: waiting === undefined ? null : isoTime(waiting.dueAt),
    attempts: Math.max(last.attempts, waiting?.attempts ?? 0),
    cause: await causeOf(reader, accountId, first),
    rule: ruleOf(first.kind, numbers, account.profile.timeZone, standing),
    numbers: numbers === undefined ? null : numbersShape(numbers),
    alerts: numbers === undefined ? [] : crossedShapes(numbers),
    details: numbers === undefined ? null : detailsShape(numbers),
    steps: steps.map(({ status, at, words, attempts, sequence }) => ({
      ...{ status, at: isoTime(Number(at)), words, attempts, sequence: Number(sequence) },
    })),
    supersededBy: last.status === 'superseded' ? await supersederOf(reader, accountId, last) : null,
  };
  return { shape, account, short };
}

async function causeOf(reader: ClickHouseClient, account: string, { by, ref }: StepRow): Promise<CauseShape> {
  const params = { account, ref };
  const [event] = by === 'event' ? await ask<Row>(reader, EVENT, params) : [];
  const [command] = by === 'command' ? await ask<Row>(reader, COMMAND, params) : [];
  return {
    ...{ by, ref },
    event:
      event === undefined
        ? null
        : {
            ...{ serverId: event.server_id!, model: event.model!, credits: formatCredits(BigInt(event.cost!)) },
            occurredAt: isoTime(Number(event.occurred_at)),
          },
    command: command === undefined ? null : { type: command.type!, at: isoTime(Number(command.decided_at)) },
  };
}

/** What a newer mail of one commit takes back: one about alerts any other about alerts, of the rest what says the same. */
function takesPlaceOf(newer: Row, { kind, about }: StepRow): boolean {
  const isAlert = newer.kind === 'low-credits' || newer.kind === 'depleted';
  switch (kind) {
    case 'low-credits':
    case 'depleted':
      return isAlert;
    case 'restored':
      return newer.kind === 'restored' || isAlert;
    case 'expiring':
      return newer.kind === 'expiring' || newer.kind === 'monthly-reset';
    case 'limit-warning':
      return newer.about === about && (newer.kind === kind || newer.kind === 'limit-reached');
    default:
      return newer.kind === kind && newer.about === about;
  }
}

async function supersederOf(reader: ClickHouseClient, account: string, step: StepRow): Promise<SupersededShape> {
  const params = { account, sequence: step.sequence };
  const [mails, armed, commands] = await Promise.all([
    ask<Row>(reader, DECIDED_THEN, params),
    ask<{ alert_id: string; built_in: boolean }>(reader, ARMED_THEN, params),
    ask<Row>(reader, COMMANDS_THEN, params),
  ]);
  const names = armed.map(({ alert_id, built_in }) => nameOf({ id: alert_id, builtIn: built_in }));
  return {
    ...{ at: isoTime(Number(step.at)), sequence: Number(step.sequence) },
    mails: mails.filter((newer) => takesPlaceOf(newer, step)).map(({ intent_id }) => intent_id!),
    armed: names.filter((name) => name === step.about),
    commands: commands.map(({ command_id, type }) => ({ id: command_id!, type: type! })),
  };
}
