/** Stops a script of the ledger in the middle: before it reaches Redis, or with its reply on the way back. */
import type { LedgerContext } from '../../ledger/context.ts';
import type { ScriptName } from '../../ledger/scripts.ts';

export interface Latched {
  readonly context: LedgerContext;
  /** Resolves when the first call has arrived. */
  readonly arrived: Promise<void>;
  /** Calls that have arrived so far. */
  readonly waiting: () => number;
  /** Lets all that wait, and all that come, go on. */
  readonly open: () => void;
}

export function latch(context: LedgerContext, script: ScriptName, where: 'before' | 'after'): Latched {
  const arrival = Promise.withResolvers<void>();
  const opening = Promise.withResolvers<void>();
  let waiting = 0;
  const run: LedgerContext['run'] = async (name, keys, args) => {
    if (name !== script) return context.run(name, keys, args);
    const reply = where === 'after' ? await context.run(name, keys, args) : undefined;
    waiting += 1;
    arrival.resolve();
    await opening.promise;
    return where === 'after' ? reply : context.run(name, keys, args);
  };
  return { context: { ...context, run }, arrived: arrival.promise, waiting: () => waiting, open: opening.resolve };
}
