/**
 * How a parked command is written down: as JSON in the contract's shape beside the time its job was queued,
 * so that it is read again by the same schema that let it in.
 */
import { PermanentError } from '../../core/errors.ts';
import { formatCredits } from '../../core/money.ts';
import type { CommandCodec } from '../../ledger/commit-command.ts';
import { parseCommand } from '../../schema/parse-command.ts';

export const commandCodec: CommandCodec = {
  write: ({ command, queuedAt }) => {
    const { type, ...data } = command;
    const text = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? formatCredits(value) : value);
    return JSON.stringify({ type, queuedAt, data }, text);
  },
  read: (text) => {
    const { type, queuedAt, data } = JSON.parse(text) as { type: string; queuedAt: number; data: unknown };
    const parsed = parseCommand(type, data);
    if (parsed.ok) return { command: parsed.command, queuedAt };
    throw new PermanentError(
      'parked-command-unreadable',
      `A parked command cannot be read any more: ${parsed.reason}`,
      {
        field: parsed.field,
      },
    );
  },
};
