/**
 * One account command, from parsed to its outcome: committed, with what was parked for its account released after it,
 * or set aside as a dead letter.
 */
import { type FlowlyError, PermanentError } from '../../core/errors.ts';
import { commandBody } from '../../core/identity.ts';
import type { ChargeStore } from '../../ledger/charges.ts';
import {
  type CommandOutcome,
  type CommandSettings,
  commitCommand,
  type QueuedCommand,
} from '../../ledger/commit-command.ts';
import { commitEvents } from '../../ledger/commit-events.ts';
import { type DeadLetter, type DeadLetterReason, deadRecord } from '../../ledger/dead-letters.ts';
import { FenceError } from '../../ledger/scripts.ts';
import { expireList } from '../expire-parked.ts';
import { type CommitGroupOptions, untilRedisAnswers } from '../usage/commit-group.ts';
import { releaseParked } from '../usage/release.ts';
import { commandCodec } from './command-codec.ts';

/** What a job of the queue `accounts` returns to its producer. */
export type CommandResult =
  | {
      readonly outcome: 'applied' | 'duplicate' | 'stale';
      /** What was done, where that is not plain: of a void `voided`, `remembered` or `already-voided`. */
      readonly detail?: string;
    }
  | { readonly outcome: 'parked'; readonly reason: 'unknown-account' }
  | {
      readonly outcome: 'dead-letter';
      readonly reason: DeadLetterReason;
      readonly field?: string;
      readonly detail: string;
    };

export interface ApplyOptions extends CommitGroupOptions {
  /** Where a void finds what its event was charged. */
  readonly charges: ChargeStore;
}

/** Applies one command. Throws FenceError, a fault of the ledger that concerns every command, or when stopped. */
export async function applyCommand(commit: ApplyOptions, queued: QueuedCommand): Promise<CommandResult> {
  const { command } = queued;
  try {
    const settings: CommandSettings = {
      codec: commandCodec,
      charges: commit.charges,
      ...(commit.settings.parkedMax === undefined ? {} : { parkedMax: commit.settings.parkedMax }),
      setAside: async (parked, outcome) => setAside(commit, refusal(parked, outcome)!),
      expire: (list) => expireList(commit, list),
    };
    const reply = await untilRedisAnswers(commit, () => commitCommand(commit.context, queued, settings));
    const letter = refusal(queued, reply.outcome);
    if (letter !== undefined) return setAside(commit, letter);
    // Also after a duplicate: the first delivery may have been killed before it released what was parked.
    if (command.type === 'account.upsert') {
      await releaseParked(commit, commit.context.keys.parkedEvents(command.accountId));
    }
    if (reply.outcome === 'parked') return { outcome: 'parked', reason: 'unknown-account' };
    const outcome = reply.outcome as 'applied' | 'duplicate' | 'stale';
    return reply.detail === '' ? { outcome } : { outcome, detail: reply.detail };
  } catch (error) {
    if (!(error instanceof PermanentError) || error instanceof FenceError) throw error;
    return setAside(commit, failure(queued, error));
  }
}

/** Records a dead letter of a command. */
export async function setAside(commit: CommitGroupOptions, letter: DeadLetter): Promise<CommandResult> {
  const { context, settings } = commit;
  await untilRedisAnswers(commit, () => commitEvents(context, [deadRecord(letter)], Buffer.alloc(0), settings));
  const field = letter.field === '' ? {} : { field: letter.field };
  return { outcome: 'dead-letter', reason: letter.reason, ...field, detail: letter.detail };
}

/** The dead letter of a command that the ledger refused; undefined when it did not. */
function refusal(queued: QueuedCommand, outcome: CommandOutcome): DeadLetter | undefined {
  switch (outcome) {
    case 'conflict':
      return letterOf(
        queued,
        'conflict',
        'id',
        'This id was used for another command of the account; a new command needs a new id.',
      );
    case 'parking-full':
      return letterOf(queued, 'unknown-account', 'accountId', 'As many commands are parked as may be.');
    case 'no-purchase':
      return letterOf(queued, 'invalid', 'purchaseId', 'purchaseId names no purchase of this account.');
    case 'too-much':
      return letterOf(
        queued,
        'invalid',
        'credits',
        'credits is too much: the bonus balance would be more than an amount can hold.',
      );
    case 'too-many-limits':
      return letterOf(
        queued,
        'invalid',
        'dailyCredits',
        'dailyCredits cannot be set: 1,000 servers of the account have a limit, and no more may have one.',
      );
    case 'void-too-much':
      return letterOf(
        queued,
        'internal',
        'eventId',
        'The bonus balance cannot hold what the event took from it: it would be more than an amount can hold.',
      );
    default:
      return undefined;
  }
}

/** A command that cannot be applied as the account stands is invalid; anything else is a fault inside. */
function failure(queued: QueuedCommand, error: FlowlyError): DeadLetter {
  if (error.code === 'amount-out-of-range') return letterOf(queued, 'invalid', 'credits', error.message);
  return letterOf(queued, error.code === 'invalid' ? 'invalid' : 'internal', error.field ?? '', error.message);
}

function letterOf(
  { command, queuedAt }: QueuedCommand,
  reason: DeadLetterReason,
  field: string,
  detail: string,
): DeadLetter {
  const { accountId, id } = command;
  return { kind: 'command', accountId, id, reason, field, detail, body: commandBody(command), queuedAt };
}
