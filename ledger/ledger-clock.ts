/** The clock that commits go by: the simulated one of the ledger where it has one, else the clock of Redis. */
import type { LedgerContext } from './context.ts';

/** Milliseconds since 1970. Only a commit's own reading decides anything: this one is for people and for queuing times. */
export async function ledgerClock({ redis, keys }: LedgerContext): Promise<number> {
  const simulated = await redis.hget(keys.meta, 'clock');
  if (simulated !== null) return Number(simulated);
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
