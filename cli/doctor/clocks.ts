/** Whether Redis, ClickHouse and this process agree on the time: events are judged by the clock of Redis. */
import { FUTURE_MS_MAX } from '../../core/limits.ts';
import { type Check, check, fail, ok, warn } from './check.ts';

/** Seconds apart are told; half of what an event may be ahead makes producers lose events. */
const SKEW_WARN_MS = 2_000;
const SKEW_FAIL_MS = FUTURE_MS_MAX / 2;
const FIX = 'keep the clocks of all machines by NTP (timedatectl set-ntp true)';

export const clockChecks: readonly Check[] = [
  check('clock-redis', ['redis'], async ({ redis }) =>
    judged(
      'Redis',
      await skew(async () => {
        const [seconds, micros] = await redis.time();
        return Number(seconds) * 1_000 + Number(micros) / 1_000;
      }),
    ),
  ),
  check('clock-clickhouse', ['clickhouse'], async ({ clickhouse }) =>
    judged(
      'ClickHouse',
      await skew(async () => {
        const query = 'SELECT toString(toUnixTimestamp64Milli(now64(3))) AS ms';
        const result = await clickhouse.query({ query, format: 'JSONEachRow' });
        return Number((await result.json<{ ms: string }>())[0]!.ms);
      }),
    ),
  ),
];

/** How far another clock is ahead of this one, ms: 0 as far as the time of the question can explain it. */
async function skew(ask: () => Promise<number>): Promise<number> {
  const before = Date.now();
  const there = await ask();
  const after = Date.now();
  if (there < before) return there - before;
  return there > after ? there - after : 0;
}

function judged(engine: string, ms: number) {
  const apart = Math.abs(ms);
  if (apart < SKEW_WARN_MS) return ok(`${engine} and this process agree (${Math.round(apart)} ms apart)`);
  const detail = `the clock of ${engine} is ${(apart / 1_000).toFixed(1)} s ${ms > 0 ? 'ahead of' : 'behind'} this process`;
  return apart < SKEW_FAIL_MS ? warn(detail, FIX) : fail(detail, FIX);
}
