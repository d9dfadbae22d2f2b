/**
 * The one gate (rule 10): may this server make a call now? Every check, wherever it is made, ends in this function or
 * in the one script that mirrors it line by line. It decides on facts that were brought up to date to the clock.
 * Invariant: what costs nothing is never blocked, whatever the account's state.
 */
import type { KeySource } from './types.ts';

export type GateReason = 'unknown-account' | 'closed' | 'depleted' | 'daily-limit';

/** The JSON of the `gate` command. */
export type GateAnswer = { readonly allow: true } | { readonly allow: false; readonly reason: GateReason };

export type GateFacts = {
  readonly keySource: KeySource;
  /** Whether every price of the named model is zero; false when no model is named, or it is not known. */
  readonly freeModel: boolean;
  /** `undefined`: not known. `remaining` is monthly plus bonus in µcr; `limited`: this server reached its limit today. */
  readonly account:
    | { readonly closed: boolean; readonly remaining: bigint | number; readonly limited: boolean }
    | undefined;
};

/** Allow, or deny with the first reason that applies, in the contract's order. */
export const gate = ({ keySource, freeModel, account }: GateFacts): GateAnswer => {
  if (keySource === 'byok' || freeModel) return { allow: true };
  if (account === undefined) return { allow: false, reason: 'unknown-account' };
  if (account.closed) return { allow: false, reason: 'closed' };
  if (account.remaining <= 0) return { allow: false, reason: 'depleted' };
  if (account.limited) return { allow: false, reason: 'daily-limit' };
  return { allow: true };
};
