/**
 * What a dead letter kept, read by the schemas of today: the events or the command that can be applied again, or why
 * they cannot. Pure. A body is what the program wrote of what it could parse, or what a producer sent.
 */
import { formatCredits } from '../../core/money.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import type { UsageEvent } from '../../core/types.ts';
import type { QueuedCommand } from '../../ledger/commit-command.ts';
import { DEAD_BODY_CHARS_MAX, type DeadLetter } from '../../ledger/dead-letters.ts';
import { parseUsageEvent } from '../../schema/event.ts';
import { openEventsJob } from '../../schema/events-job.ts';
import { parseCommand } from '../../schema/parse-command.ts';

/** A dead letter as ClickHouse holds it; `key` in hex. */
export interface StoredLetter extends DeadLetter {
  readonly key: string;
  readonly sequence: number;
}

export type Readable =
  | { readonly events: readonly UsageEvent[] }
  | { readonly command: QueuedCommand }
  /** One clause for a person: why it cannot be applied. */
  | { readonly why: string };

/** Reasons that no redrive can mend, each with why. */
const NEVER: Partial<Record<DeadLetter['reason'], string>> = {
  conflict: 'its id is used by another body: what it says has to be sent under a new id',
  'too-large': 'its job was too large to be kept: send it again in smaller jobs',
  unflushable:
    'its money was moved when it came; what ClickHouse refused is its row, which the letter keeps for a person to restore',
};

export function readLetter(letter: StoredLetter): Readable {
  const never = NEVER[letter.reason];
  if (never !== undefined) return { why: never };
  const body = parsed(letter.body);
  if (body === undefined) {
    const isCut = letter.body.length >= DEAD_BODY_CHARS_MAX;
    return { why: isCut ? 'its body was too long to be kept whole' : 'its body is no JSON' };
  }
  if (letter.kind === 'command') return readCommand(body, letter.queuedAt);
  const opened = letter.kind === 'job' ? openEventsJob(body) : { ok: true as const, events: [body] };
  if (!opened.ok) return { why: `it is still refused: ${opened.reason}` };
  const events: UsageEvent[] = [];
  for (const value of opened.events) {
    const event = parseUsageEvent(value);
    if (!event.ok) return { why: `it is still refused: ${event.reason}` };
    events.push(event.event);
  }
  return events.length === 0 ? { why: 'it holds no event' } : { events };
}

/** Bodies of commands are `{type, data}` as a job brought them, or the command as it was parsed. */
function readCommand(body: unknown, queuedAt: number): Readable {
  if (!isPlainObject(body) || typeof body.type !== 'string') return { why: 'its body names no type' };
  const command = parseCommand(body.type, Object.hasOwn(body, 'data') ? body.data : body);
  if (!command.ok) return { why: `it is still refused: ${command.reason}` };
  return { command: { command: command.command, queuedAt } };
}

/** Fields that hold credits, in every command. A parsed one is written as whole µcr: `"12500000µ"`. */
const AMOUNTS = new Set(['credits', 'monthlyCredits', 'monthlyRemaining', 'bonus', 'dailyCredits']);
const WRITTEN_MICROS = /^\d{1,16}µ$/;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) =>
      AMOUNTS.has(key) && typeof value === 'string' && WRITTEN_MICROS.test(value)
        ? formatCredits(BigInt(value.slice(0, -1)))
        : value,
    );
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
