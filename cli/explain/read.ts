/** What is known of one event, from ClickHouse: its charge and what that set off, where it waits, why it is dead, who voided it. */
import type { ClickHouseClient } from '@clickhouse/client';
import { formatCredits } from '../../core/money.ts';
import type { TransitionRow } from '../alerts/shape.ts';
import { isoTime } from '../terminal/format.ts';
import { type ChargeRow, type ChargeShape, chargeShape, type Rates } from './charge.ts';
import { type CausedMail, causedMails, type DecidedRow, type FiredShape, firedShapes } from './fired.ts';
import { DECIDED, FIRED, GIVEN_BACK, LETTERS, PARKED, PRICES, RELEASED, ROWS, VOIDS } from './queries.ts';

/** `voided`: it was accepted and costs nothing, before or after it came. `unknown`: no worker has seen it. */
export type ExplainOutcome = 'accepted' | 'voided' | 'parked' | 'dead-letter' | 'unknown';

/** What a charge set off. */
export interface SetOff {
  readonly alerts: readonly FiredShape[];
  /** Those that its own commit decided because of it, of limits too. */
  readonly mails: readonly CausedMail[];
}

/** The JSON of `explain`. */
export interface ExplainShape {
  readonly accountId: string;
  readonly eventId: string;
  readonly outcome: ExplainOutcome;
  readonly charge: (ChargeShape & SetOff) | null;
  readonly parked: { readonly reason: string; readonly at: string; readonly releasedAt: string | null } | null;
  /** Every one that names this id, oldest first: of another body or reason than the charge. */
  readonly deadLetters: readonly LetterShape[];
  /** The commands that named it, oldest first; the first that was applied counts. */
  readonly voids: readonly VoidShape[];
}

export interface LetterShape {
  readonly key: string;
  readonly reason: string;
  readonly field: string;
  readonly detail: string;
  readonly body: string;
  readonly queuedAt: string;
  readonly at: string;
  readonly sequence: number;
}

export interface VoidShape {
  readonly commandId: string;
  readonly outcome: string;
  readonly detail: string;
  readonly reason: string;
  readonly at: string;
  readonly sequence: number;
  /** What came back, and to which cycle; null where nothing was charged. `uncovered`: what is uncovered no more. */
  readonly back: {
    readonly cycle: number;
    readonly monthly: string;
    readonly bonus: string;
    readonly uncovered: string;
  } | null;
}

type Row = Readonly<Record<string, string>>;

/** Reads it. The history must reach as far as the answer is to. */
export async function explainEvent(
  clickhouse: ClickHouseClient,
  accountId: string,
  eventId: string,
): Promise<ExplainShape> {
  const ask = async <T>(query: string, more: Record<string, unknown> = {}): Promise<T[]> => {
    const query_params = { account: accountId, event: eventId, ...more };
    return (await clickhouse.query({ query, query_params, format: 'JSONEachRow' })).json<T>();
  };
  const [rows, parked, released, letters, voids, back, fired, decided] = await Promise.all([
    ask<ChargeRow>(ROWS),
    ask<Row>(PARKED),
    ask<Row>(RELEASED),
    ask<Row>(LETTERS),
    ask<Row>(VOIDS),
    ask<Row>(GIVEN_BACK),
    ask<TransitionRow>(FIRED),
    ask<DecidedRow>(DECIDED),
  ]);
  const row = rows.find((one) => Number(one.events) > 0);
  const price = row === undefined ? [] : await ask<{ content: string }>(PRICES, { version: row.price_version });
  const rates = ratesOf(price[0]?.content, String(row?.model));
  const charge = row && chargeShape(row, rates, isVoidedEarly(row, rows));
  const waits = parkedShape(parked.at(-1), released.at(-1));
  return {
    accountId,
    eventId,
    outcome: outcomeOf({ rows, letters, waits, park: parked.at(-1) }),
    charge:
      charge === undefined
        ? null
        : { ...charge, alerts: firedShapes(fired, decided), mails: causedMails(eventId, decided) },
    parked: waits,
    deadLetters: letters.map(letterShape),
    voids: voids.map((one) => voidShape(one, back)),
  };
}

/** The row of one that was voided before it came is taken back in the same commit. */
const isVoidedEarly = (row: ChargeRow, rows: readonly ChargeRow[]): boolean =>
  rows.some(({ events, sequence }) => Number(events) < 0 && sequence === row.sequence);

function outcomeOf(found: {
  readonly rows: readonly ChargeRow[];
  readonly letters: readonly Row[];
  readonly waits: ExplainShape['parked'];
  readonly park: Row | undefined;
}): ExplainOutcome {
  const { rows, letters, waits, park } = found;
  if (rows.length > 0) return rows.some((one) => Number(one.events) < 0) ? 'voided' : 'accepted';
  // What waited too long left its place as a dead letter of the reason it waited for.
  const gaveUp = letters.some((one) => one.reason === park?.reason && Number(one.sequence) >= Number(park?.sequence));
  if (waits !== null && waits.releasedAt === null && !gaveUp) return 'parked';
  return letters.length > 0 ? 'dead-letter' : 'unknown';
}

function parkedShape(park: Row | undefined, release: Row | undefined): ExplainShape['parked'] {
  if (park === undefined) return null;
  const isReleased = release !== undefined && Number(release.sequence) >= Number(park.sequence);
  return {
    reason: park.reason!,
    at: isoTime(Number(park.at)),
    releasedAt: isReleased ? isoTime(Number(release.at)) : null,
  };
}

function letterShape(row: Row): LetterShape {
  const { key, reason, field, detail, body, queued_at, at, sequence } = row as Record<string, string>;
  return {
    ...{ key: key!, reason: reason!, field: field!, detail: detail!, body: body! },
    queuedAt: isoTime(Number(queued_at)),
    at: isoTime(Number(at)),
    sequence: Number(sequence),
  };
}

function voidShape(row: Row, given: readonly Row[]): VoidShape {
  const { command_id, outcome, detail, reason, at, sequence } = row as Record<string, string>;
  return {
    ...{ commandId: command_id!, outcome: outcome!, detail: detail!, reason: reason! },
    at: isoTime(Number(at)),
    sequence: Number(sequence),
    back: backShape(given.find(({ ref }) => ref === command_id)),
  };
}

function backShape(entry: Row | undefined): VoidShape['back'] {
  if (entry === undefined) return null;
  const credits = (name: string): string => formatCredits(BigInt(entry[name]!));
  return {
    cycle: Number(entry.cycle),
    ...{ monthly: credits('monthly'), bonus: credits('bonus'), uncovered: credits('uncovered') },
  };
}

/** The rates of a model in a recorded version: canonical JSON that this program wrote. */
function ratesOf(content: string | undefined, model: string): Rates {
  if (content === undefined) return undefined;
  const { models } = JSON.parse(content) as {
    models: { model: string; creditsPer1000Tokens: NonNullable<Rates> }[];
  };
  return models.find((one) => one.model === model)?.creditsPer1000Tokens;
}
