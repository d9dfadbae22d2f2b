/** Looking at processes by pid, and waiting for what they do; every wait is bounded. */
import type { Engines } from '../../../runtime/sidecars/open-engines.ts';
import { until } from '../../support/until.ts';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function pidsOf(engines: Engines): { keeper: number; redis: number; clickhouse: number } {
  const { keeper, redis, clickhouse } = engines.pids;
  if (!keeper || !redis || !clickhouse) throw new Error('an engine has no pid');
  return { keeper, redis, clickhouse };
}

export async function untilGone(pids: Record<string, number>): Promise<void> {
  for (const [name, pid] of Object.entries(pids)) await until(`${name} is gone`, () => !isAlive(pid));
}
