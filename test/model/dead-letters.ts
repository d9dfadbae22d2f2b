/**
 * Dead letters: one record per identity, body and reason, however often it comes. A dead letter does not use its
 * identity up, so a corrected or later copy under the same id is taken.
 */
import { commandBody, eventBody } from '../../core/identity.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';
import type { DeadLetter, DeadReason, Model } from './state.ts';

type Dead<Reason extends DeadReason> = {
  readonly outcome: 'dead-letter';
  readonly reason: Reason;
  readonly field?: string;
};

/** Records a dead letter and answers its outcome. `field` names what is wrong where one field is. */
export const bury = <Reason extends DeadReason>(
  model: Model,
  kind: DeadLetter['kind'],
  source: UsageEvent | AccountCommand,
  reason: Reason,
  field?: string,
): Dead<Reason> => {
  const { accountId, id } = source;
  model.deadLetters.set(letterKey(source, reason), { kind, accountId, id, reason, field, source });
  return field === undefined ? { outcome: 'dead-letter', reason } : { outcome: 'dead-letter', reason, field };
};

/** Takes a record out: it was applied after all. */
export const exhume = (model: Model, { source, reason }: DeadLetter): void => {
  model.deadLetters.delete(letterKey(source, reason));
};

const letterKey = (source: UsageEvent | AccountCommand, reason: DeadReason): string => {
  const body = isCommand(source) ? commandBody(source) : eventBody(source);
  return `${isCommand(source) ? 'command' : 'event'} ${source.accountId} ${source.id} ${reason} ${body}`;
};

const isCommand = (source: UsageEvent | AccountCommand): source is AccountCommand => 'type' in source;
