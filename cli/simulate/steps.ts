/**
 * What one line of a script is: an event, an account command, a step of the clock, a job or a read. Pure.
 * Events and commands are not looked into: the service takes them or sets them aside, as in life. Everything else must
 * be right, and is refused with its line and field.
 */
import { z } from 'zod';
import { COMMAND_TIME_MS_MAX, strictObject, time } from '../../schema/fields.ts';
import { refusalOf } from '../../schema/wording.ts';
import { UsageError } from '../errors.ts';
import { classify } from '../ingest/classify.ts';
import type { Line } from '../ingest/lines.ts';
import { JOB_NAMES } from './jobs.ts';
import { type Read, readOf } from './parameters.ts';

/** `line` counts from 1. */
export type Step = { readonly line: number } & (
  | { readonly kind: 'event'; readonly event: object; readonly bytes: number }
  | { readonly kind: 'command'; readonly name: string; readonly data: object; readonly bytes: number }
  | { readonly kind: 'now'; readonly ms: number }
  | { readonly kind: 'job'; readonly name: string }
  | { readonly kind: 'read'; readonly read: Read }
);

/** A line that no script can have. */
export class ScriptError extends UsageError {
  constructor(line: number, problem: string, field?: string) {
    super(`line ${line}: ${problem}`, field);
  }
}

/** Words that make a line what it is; a line with none of them is an event. */
const WORDS = ['type', 'now', 'job', 'read'] as const;
const nowLine = strictObject('an object', { now: time('The simulated time.', COMMAND_TIME_MS_MAX) });
const jobLine = strictObject('an object', {
  job: z.enum(JOB_NAMES, { error: () => `one of ${JOB_NAMES.map((one) => JSON.stringify(one)).join(', ')}` }),
});

/** Throws ScriptError. */
export function stepOf({ number: line, bytes, text, problem }: Line): Step {
  if (problem !== undefined) throw new ScriptError(line, `the line ${problem}.`);
  const found = classify(text);
  if (found.kind === 'invalid') throw new ScriptError(line, `the line ${found.problem}.`);
  const data = found.kind === 'event' ? found.event : found.data;
  const words = WORDS.filter((word) => (word === 'type' ? found.kind === 'command' : Object.hasOwn(data, word)));
  const [word] = words;
  if (words.length > 1) {
    throw new ScriptError(line, `the line has ${words.join(' and ')}, but must have one of them at most.`, words[1]);
  }
  if (found.kind === 'command') return { line, kind: 'command', name: found.name, data, bytes };
  if (word === undefined || word === 'type') return { line, kind: 'event', event: data, bytes };
  return wordStep(line, word, data as Record<string, unknown>);
}

function wordStep(line: number, word: Exclude<(typeof WORDS)[number], 'type'>, data: Record<string, unknown>): Step {
  if (word === 'read') {
    const { read: name, ...parameters } = data;
    const read = readOf(name, parameters);
    if (read.ok) return { line, kind: 'read', read: read.read };
    throw new ScriptError(line, read.reason, read.field);
  }
  const parsed = (word === 'now' ? nowLine : jobLine).safeParse(data);
  if (!parsed.success) {
    const { field, reason } = refusalOf(parsed.error, data, 'the line');
    throw new ScriptError(line, reason, field);
  }
  return 'now' in parsed.data
    ? { line, kind: 'now', ms: parsed.data.now }
    : { line, kind: 'job', name: parsed.data.job };
}
