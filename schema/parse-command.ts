/**
 * From a job on the queue `accounts` to a command: the job's name picks the schema. A Map and not an object, so that a
 * job called `constructor` is an unknown type.
 */
import type { z } from 'zod';
import type { AccountCommand, CommandType } from '../core/types.ts';
import * as commands from './commands.ts';
import { describe, type Refusal, refusalOf, refuse } from './wording.ts';

/** Every command type with its schema. */
export const COMMAND_SCHEMAS: ReadonlyMap<string, z.ZodType<AccountCommand>> = new Map<
  CommandType,
  z.ZodType<AccountCommand>
>([
  ['account.upsert', commands.accountUpsert],
  ['account.close', commands.accountClose],
  ['credits.purchase', commands.creditsPurchase],
  ['credits.refund', commands.creditsRefund],
  ['alerts.set', commands.alertsSet],
  ['server.limit', commands.serverLimit],
  ['usage.void', commands.usageVoid],
]);

/** Checks one command; `type` is the job's name. Never throws for data that came as JSON. */
export const parseCommand = (
  type: string,
  data: unknown,
): { readonly ok: true; readonly command: AccountCommand } | Refusal => {
  const schema = COMMAND_SCHEMAS.get(type);
  if (schema === undefined) {
    return refuse('type', `${describe(type)}, but must be one of ${[...COMMAND_SCHEMAS.keys()].join(', ')}`);
  }
  const result = schema.safeParse(data);
  return result.success ? { ok: true, command: result.data } : refusalOf(result.error, data, 'command');
};
