/**
 * The package for platforms: `import { createGate, createUsageClient } from 'flowly-credits'`. What is exported here is
 * public; everything else may change without notice.
 */

export type { UsageClientOptions } from './client/options.ts';
export type { EventOutcome, UsageJobResult } from './client/outcome.ts';
export {
  createUsageClient,
  type RecordedEvent,
  type UsageClient,
  type UsageEventInput,
} from './client/usage-client.ts';
export { FlowlyError, PermanentError, TransientError } from './core/errors.ts';
export type { GateAnswer, GateReason } from './core/gate.ts';
export type { PriceBook } from './core/price.ts';
export type { KeySource } from './core/types.ts';
export { createGate, type Gate, type GateCall, type GateOptions } from './ledger/gate.ts';
export type { PlatformEvent } from './schema/platform-event.ts';
export { loadPriceBook } from './schema/price-book.ts';
