/**
 * What every call into the ledger needs: the connection, the keys, the identity that the fence compares,
 * and the highest sequence number this process has seen. Sequence numbers only rise.
 */
import type { Redis } from 'ioredis';
import type { LedgerKeys } from './keys.ts';
import { defineScripts, type RunScript } from './scripts.ts';

export interface LedgerContext {
  readonly redis: Redis;
  readonly keys: LedgerKeys;
  readonly ledgerId: string;
  readonly run: RunScript;
  /** Mutable: the highest sequence seen, and the dedupe directory last heard of ("level:next"). */
  readonly seen: { sequence: number; directory: string };
}

/** Ties a connection to a ledger whose id is known. `directory` may be out of date: the first commit corrects it. */
export function ledgerContext(
  redis: Redis,
  keys: LedgerKeys,
  ledgerId: string,
  run = defineScripts(redis),
): LedgerContext {
  return { redis, keys, ledgerId, run, seen: { sequence: 0, directory: '' } };
}

/** Notes the sequence number of a reply. */
export function sawSequence(context: LedgerContext, sequence: number): void {
  if (sequence > context.seen.sequence) context.seen.sequence = sequence;
}

/** Asks Redis whether it still holds this ledger, no older than it was seen here. Throws FenceError when it does not. */
export async function checkFence(context: LedgerContext): Promise<void> {
  sawSequence(context, Number(await context.run('checkFence', [context.keys.meta], fenceArguments(context))));
}

/** The two arguments that open every script: the fence. */
export function fenceArguments(context: LedgerContext): [string, string] {
  return [context.ledgerId, String(context.seen.sequence)];
}
