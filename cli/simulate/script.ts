/**
 * A script as steps on one clock that only moves forward. Owns when the clock starts: at the first `now`; lines before
 * it happen at the latest time that they name (`occurredAt`, `at`), where that is earlier. Where a read or a job or the
 * end comes before any `now`, the present stands in for it.
 * Invariant: the first step is the start of the clock, and none moves it back. Steps come as soon as they can be told.
 */
import type { Readable } from 'node:stream';
import { parseIsoTime } from '../../schema/times.ts';
import { type Line, LineReader } from '../ingest/lines.ts';
import { ScriptError, type Step, stepOf } from './steps.ts';

/** Lines before the first `now` or read that are kept to see when the clock starts; more than these start it. */
const PREFACE_LINES_MAX = 10_000;

/** The steps of each chunk of input. Throws ScriptError at the first line that is wrong, after the steps before it. */
export async function* readScript(input: Readable, presentMs: number): AsyncGenerator<readonly Step[]> {
  const reader = new LineReader();
  const clock = new ScriptClock(presentMs);
  for await (const chunk of input) yield* tell(clock, reader.push(chunk as Buffer));
  yield* tell(clock, reader.end());
  yield clock.end();
}

function* tell(clock: ScriptClock, lines: readonly Line[]): Generator<readonly Step[]> {
  const steps: Step[] = [];
  try {
    for (const line of lines) steps.push(...clock.take(stepOf(line)));
  } catch (error) {
    yield steps; // what stands before the wrong line has happened
    throw error;
  }
  yield steps;
}

/** Puts steps on the clock. */
export class ScriptClock {
  private readonly presentMs: number;
  private nowMs: number | undefined;
  private preface: Step[] = [];

  constructor(presentMs: number) {
    this.presentMs = presentMs;
  }

  /** The steps that can be told now that this one has come. Throws ScriptError for a clock that would go back. */
  take(step: Step): readonly Step[] {
    if (this.nowMs === undefined) return this.begin(step);
    if (step.kind === 'now') {
      if (step.ms < this.nowMs) {
        const [to, from] = [step.ms, this.nowMs].map((ms) => new Date(ms).toISOString());
        throw new ScriptError(
          step.line,
          `now is ${to}, but the clock stands at ${from} and only moves forward.`,
          'now',
        );
      }
      this.nowMs = step.ms;
    }
    return [step];
  }

  /** At the end of the script: what has not been told yet. */
  end(): readonly Step[] {
    return this.nowMs === undefined ? this.start(this.presentMs) : [];
  }

  private begin(step: Step): readonly Step[] {
    const waits = (step.kind === 'event' || step.kind === 'command') && this.preface.length < PREFACE_LINES_MAX;
    if (waits) {
      this.preface.push(step);
      return [];
    }
    const told = this.start(step.kind === 'now' ? step.ms : this.presentMs);
    return [...told, ...this.take(step)];
  }

  private start(boundMs: number): readonly Step[] {
    const named = this.preface.flatMap(timeNamedBy).filter((ms) => ms <= boundMs);
    this.nowMs = named.reduce<number | undefined>((latest, ms) => Math.max(latest ?? ms, ms), undefined) ?? boundMs;
    const told: Step[] = [{ line: 0, kind: 'now', ms: this.nowMs }, ...this.preface];
    this.preface = [];
    return told;
  }
}

/** `occurredAt` of an event, `at` of a command, where it is a time. */
function timeNamedBy(step: Step): number[] {
  const value: unknown =
    step.kind === 'event'
      ? (step.event as { occurredAt?: unknown }).occurredAt
      : step.kind === 'command' && (step.data as { at?: unknown }).at;
  const ms = typeof value === 'string' ? parseIsoTime(value) : value;
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0 ? [ms] : [];
}
