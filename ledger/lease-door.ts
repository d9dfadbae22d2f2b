/**
 * The lease on one outbox of a partition, as Redis keeps it: who may read it, and until when. Owns no clock and renews
 * nothing; workers/lease.ts does. A lease of another caller is never touched.
 */
import type { Redis } from 'ioredis';
import { defineFlushScripts } from './flush-scripts.ts';

export interface LeaseDoor {
  /** Takes the lease for `ttlMs`; false when another caller has it. */
  takeLease(token: string, ttlMs: number): Promise<boolean>;
  /** Keeps the lease for `ttlMs` more; false when another caller has it, and when it ran out. */
  keepLease(token: string, ttlMs: number): Promise<boolean>;
  /** Gives the lease back; of another caller's lease nothing changes. */
  release(token: string): Promise<void>;
}

/** Its methods throw TransientError when Redis is away. A connection of its own keeps renewals ahead of long replies. */
export function leaseDoor(redis: Redis, key: string): LeaseDoor {
  const run = defineFlushScripts(redis);
  return {
    async takeLease(token, ttlMs) {
      return (await run('flush-lease', [key], [token, String(ttlMs), ''])) === 1;
    },
    async keepLease(token, ttlMs) {
      return (await run('flush-lease', [key], [token, String(ttlMs), 'keep'])) === 1;
    },
    async release(token) {
      await run('flush-lease', [key], [token, '0', '']);
    },
  };
}
