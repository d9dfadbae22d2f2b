/**
 * Whether Redis has room for more usage: few enough rows wait for ClickHouse, and enough of its memory is free.
 * Owns the decision to pause and to go on. Completing jobs, commands and flushing are never held back here: they make
 * room, or need little.
 */
import type { Logger } from 'pino';
import type { LedgerContext } from '../../ledger/context.ts';

/** Usage rows that may wait in the outbox before taking pauses: at 230 bytes a row some 460 MB of Redis. */
export const OUTBOX_ROWS_MAX = 2_000_000;
/** Share of its `maxmemory` that Redis may use before taking pauses: the rest is for queues, commands and flushing. */
export const MEMORY_SHARE_MAX = 0.6;
/** Taking goes on below these shares of the bounds, so that it does not stop again at once. */
const ROWS_GO_ON_SHARE = 0.75;
const MEMORY_GO_ON_SHARE = 0.95;
/** How often Redis is asked; a full ingest fills 20 MB in this time. */
const CHECK_MS = 500;

export interface RoomOptions {
  readonly context: LedgerContext;
  readonly log: Logger;
  readonly outboxRowsMax: number;
  /** Called when taking is to pause (true) or to go on (false). */
  readonly onPause: (paused: boolean) => void;
}

export class Room {
  private readonly options: RoomOptions;
  private readonly timer: NodeJS.Timeout;
  private full = false;
  private closed = false;

  constructor(options: RoomOptions) {
    this.options = options;
    this.timer = setInterval(() => this.check(), CHECK_MS);
  }

  /** Whether taking is paused now. */
  get isFull(): boolean {
    return this.full;
  }

  /** Notes the rows that wait after a commit; pauses at once when they are too many. */
  sawWaiting(rows: number): void {
    if (rows > this.options.outboxRowsMax) this.pause(`${rows} rows wait for ClickHouse`);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.timer);
  }

  private check(): void {
    this.measure().then(
      ({ rows, memory }) => {
        if (this.closed) return;
        const { outboxRowsMax } = this.options;
        if (rows > outboxRowsMax) this.pause(`${rows} rows wait for ClickHouse`);
        else if (memory > MEMORY_SHARE_MAX) this.pause(`Redis uses ${Math.round(memory * 100)} % of its memory`);
        else if (rows <= outboxRowsMax * ROWS_GO_ON_SHARE && memory <= MEMORY_SHARE_MAX * MEMORY_GO_ON_SHARE)
          this.goOn();
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown';
        this.options.log.warn({ event: 'room-unknown', reason }, 'Redis did not say how much room it has');
      },
    );
  }

  private async measure(): Promise<{ rows: number; memory: number }> {
    const { redis, keys } = this.options.context;
    const [counts, info] = await Promise.all([redis.hmget(keys.meta, 'rows', 'flushedRows'), redis.info('memory')]);
    const number = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const max = number('maxmemory');
    // Without a bound of its own Redis takes what the machine has: nothing to compare with.
    return { rows: Number(counts[0]) - Number(counts[1]), memory: max === 0 ? 0 : number('used_memory') / max };
  }

  private pause(why: string): void {
    if (this.full) return;
    this.full = true;
    this.options.log.warn({ event: 'usage-paused', why }, 'taking usage pauses; the queue holds what comes');
    this.options.onPause(true);
  }

  private goOn(): void {
    if (!this.full) return;
    this.full = false;
    this.options.log.info({ event: 'usage-resumed' }, 'Redis has room again: taking usage goes on');
    this.options.onPause(false);
  }
}
