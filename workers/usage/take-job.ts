/**
 * Reads a job of the queue `usage`: its events, and the ones that can only be set aside. Pure.
 * One bad event never changes the others; a job that is no job of events at all, or too large, is set aside whole.
 */
import { jsonText } from '../../core/json-text.ts';
import { isPlainObject } from '../../core/plain-object.ts';
import type { UsageEvent } from '../../core/types.ts';
import type { DeadLetter, DeadLetterReason } from '../../ledger/dead-letters.ts';
import { parseUsageEvent } from '../../schema/event.ts';
import { JOB_EVENTS_MAX, openEventsJob } from '../../schema/events-job.ts';
import { sentLetter } from './item.ts';

/** Bytes of one job's data: a larger one is set aside whole, because parsing it would hold up all others. */
export const JOB_BYTES_MAX = 8 * 1024 * 1024;
/** Items of one job's list: 8 MiB of the shortest valid events, 79 bytes each, are fewer; shorter items are none. */
const JOB_ITEMS_MAX = 110_000;
/** Bytes of a valid event beside its attributes: four ids of 128, names of fields, numbers. */
const EVENT_BYTES_MAX = 1_024;
/** Bytes of one UTF-16 unit as UTF-8. */
const UNIT_BYTES_MAX = 3;

export type Taken = { readonly event: UsageEvent } | { readonly dead: DeadLetter };

/** What is read of a job. `data` is as BullMQ parsed it: `{events: […]}` or a bare event. */
export interface SentJob {
  readonly id: string;
  readonly data: unknown;
  readonly queuedAt: number;
}

/** The events of a job, each ready to be committed or set aside. */
export function takeJob(job: SentJob): Taken[] {
  const opened = openEventsJob(job.data);
  if (opened.ok && opened.events.length > JOB_ITEMS_MAX) return [tooLarge(job, 'events', opened.events.length)];
  const taken = opened.ok
    ? opened.events.map((value) => takeEvent(value, job.queuedAt))
    : [jobLetter(job, 'invalid', opened.field, opened.reason)];
  if (isSurelySmall(taken)) return taken;
  const bytes = Buffer.byteLength(jsonText(job.data));
  return bytes > JOB_BYTES_MAX ? [tooLarge(job, 'bytes', bytes)] : taken;
}

/**
 * Sets a job aside that was started too often to be tried again: event by event, so that each can be sent again; whole
 * where it is larger than a job should be, because that may be what ended its workers.
 */
export function giveUpJob(job: SentJob, detail: string): Taken[] {
  const opened = openEventsJob(job.data);
  if (!opened.ok || opened.events.length > JOB_EVENTS_MAX) return [jobLetter(job, 'internal', '', detail)];
  return opened.events.map((value) => ({ dead: letterOf(value, job.queuedAt, 'internal', '', detail) }));
}

/** Spares the ordinary job from being written out again to be measured. */
function isSurelySmall(taken: readonly Taken[]): boolean {
  let bytes = 0;
  for (const one of taken) {
    if ('dead' in one) return false;
    bytes += EVENT_BYTES_MAX;
    for (const [key, value] of one.event.attributes) bytes += UNIT_BYTES_MAX * (key.length + value.length);
  }
  return bytes <= JOB_BYTES_MAX;
}

function tooLarge(job: SentJob, unit: 'bytes' | 'events', count: number): Taken {
  const accepted = unit === 'bytes' ? JOB_BYTES_MAX : JOB_ITEMS_MAX;
  const detail = `The job has ${count} ${unit}; at most ${accepted} are accepted.`;
  return jobLetter({ ...job, data: { jobId: job.id, [unit]: count } }, 'too-large', 'events', detail);
}

/** The dead letter of a job as a whole. */
function jobLetter(
  { data, queuedAt }: SentJob,
  reason: 'invalid' | 'too-large' | 'internal',
  field: string,
  detail: string,
): Taken {
  const body = jsonText(data);
  return { dead: { kind: 'job', accountId: '', id: '', reason, field, detail, body, queuedAt } };
}

function takeEvent(value: unknown, queuedAt: number): Taken {
  const parsed = parseUsageEvent(value);
  if (parsed.ok) return { event: parsed.event };
  return { dead: letterOf(value, queuedAt, 'invalid', parsed.field, parsed.reason) };
}

function letterOf(
  value: unknown,
  queuedAt: number,
  reason: DeadLetterReason,
  field: string,
  detail: string,
): DeadLetter {
  const sent = { accountId: textField(value, 'accountId'), id: textField(value, 'id'), body: jsonText(value) };
  return sentLetter(sent, queuedAt, reason, field, detail);
}

/** An id as far as it can be read: bounded, and only when it is a text. */
export function textField(value: unknown, field: string): string {
  if (!isPlainObject(value) || !Object.hasOwn(value, field)) return '';
  const text = (value as Record<string, unknown>)[field];
  return typeof text === 'string' ? text.slice(0, 128) : '';
}
