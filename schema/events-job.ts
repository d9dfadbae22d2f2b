/**
 * The data of a job on the queue `usage`: `{events: […]}`, or one bare event. Opens the wrapping only; each event is
 * checked by itself (schema/event.ts), so that a bad one never holds back the others.
 * Other fields beside `events` refuse nothing, because the events of the job are worth more than its wrapping; they are
 * handed back as `unknownFields`, so that the worker can say so.
 */
import { z } from 'zod';
import { usageEventSchema } from './event.ts';
import { describe, type Refusal, refuse } from './wording.ts';

/** What the contract makes a job for; a larger one is split by the worker, not refused. */
export const JOB_EVENTS_MAX = 1_000;

export type EventsJob = {
  readonly ok: true;
  /** Not checked yet. */
  readonly events: readonly unknown[];
  readonly unknownFields: readonly string[];
};

/** For documentation and producers; the worker opens jobs with `openEventsJob`, which takes larger ones too. */
export const eventsJobSchema = z
  .strictObject({
    events: z
      .array(usageEventSchema)
      .min(1)
      .max(JOB_EVENTS_MAX)
      .meta({ description: 'Usage events. Up to 1,000 and 512 KiB a job; each is accepted or refused by itself.' }),
  })
  .meta({ title: 'EventsJob', description: 'Data of a job on the queue `usage`; a bare usage event is accepted too.' });

/** The events of a job's data, or why there are none. A value with its own field `events` is a wrapping. */
export const openEventsJob = (data: unknown): EventsJob | Refusal => {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return refuse('data', `${describe(data)}, but must be {"events": […]} or one usage event`);
  }
  if (!Object.hasOwn(data, 'events')) return { ok: true, events: [data], unknownFields: [] };
  const { events } = data as { events: unknown };
  if (!Array.isArray(events)) return refuse('events', `${describe(events)}, but must be a list of usage events`);
  return { ok: true, events, unknownFields: Object.keys(data).filter((field) => field !== 'events') };
};
