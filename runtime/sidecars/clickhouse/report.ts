/** What the ClickHouse child tells its keeper over IPC, once, when it answers. */
import type { ClickhouseCoordinates } from '../protocol.ts';

export type EngineReport = { readonly coordinates: ClickhouseCoordinates };
