/** Opening a job of the queue `usage`: wrapped events or a bare one; the events themselves are not judged here. */
import { describe, expect, test } from '@jest/globals';
import { openEventsJob } from '../../schema/events-job.ts';

describe('openEventsJob', () => {
  test('a list of events, good or bad', () => {
    const events = [{ id: 'a' }, 5, null];
    expect(openEventsJob({ events })).toEqual({ ok: true, events, unknownFields: [] });
    expect(openEventsJob({ events: [] })).toEqual({ ok: true, events: [], unknownFields: [] });
  });

  test('a bare event', () => {
    expect(openEventsJob({ id: 'a' })).toEqual({ ok: true, events: [{ id: 'a' }], unknownFields: [] });
    expect(openEventsJob({})).toEqual({ ok: true, events: [{}], unknownFields: [] });
  });

  test('other fields beside the list are told, and refuse nothing', () => {
    const data = JSON.parse('{"events": [1], "traceId": "x", "__proto__": {}}') as object;
    expect(openEventsJob(data)).toEqual({ ok: true, events: [1], unknownFields: ['traceId', '__proto__'] });
  });

  test.each([
    [undefined, 'data', 'data is missing, but must be {"events": […]} or one usage event.'],
    [null, 'data', 'data is null, but must be {"events": […]} or one usage event.'],
    [[], 'data', 'data is a list of 0, but must be {"events": […]} or one usage event.'],
    ['[]', 'data', 'data is the text "[]", but must be {"events": […]} or one usage event.'],
    [{ events: {} }, 'events', 'events is an object, but must be a list of usage events.'],
    [{ events: null }, 'events', 'events is null, but must be a list of usage events.'],
  ])('refuses %j', (data, field, reason) => {
    expect(openEventsJob(data)).toEqual({ ok: false, field, reason });
  });
});
