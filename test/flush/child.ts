/**
 * A flusher in a process of its own, so that it can be killed for real. Told what to do by one line of JSON on its
 * standard input; says each point it passes on standard output, and stays at the one it was told, for ever.
 */
import { createInterface } from 'node:readline';
import { createClient } from '@clickhouse/client';
import { Redis } from 'ioredis';
import { ledgerKeys } from '../../ledger/keys.ts';
import type { RedisCoordinates } from '../../runtime/sidecars/protocol.ts';
import { createFlusher } from '../../workers/flush/flusher.ts';
import type { FlushLimits } from '../../workers/flush/limits.ts';

export type ChildTask = {
  readonly redis: RedisCoordinates;
  readonly clickhouse: { url: string; username: string; password: string; database: string };
  readonly tag: string;
  readonly ledgerId: string;
  readonly limits: Partial<FlushLimits>;
  /** Where to stay; left out: nowhere. */
  readonly point?: string;
};

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as ChildTask;
  const nothing = (): void => undefined;
  createFlusher({
    redis: new Redis({ ...task.redis, maxRetriesPerRequest: null }),
    clickhouse: createClient(task.clickhouse),
    keys: ledgerKeys(task.tag),
    ledgerId: task.ledgerId,
    partition: 0,
    log: { info: nothing, warn: nothing, error: (fields) => process.stderr.write(`${JSON.stringify(fields)}\n`) },
    limits: task.limits,
    signals: async (point) => {
      process.stdout.write(`${point}\n`);
      if (point === task.point) await new Promise(nothing);
    },
  }).start();
}
