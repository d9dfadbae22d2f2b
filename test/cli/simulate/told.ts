/**
 * What is told of an account, in the model and by the program, as it can be compared: where its alerts stand, what fired,
 * the mails that stand, and what the platform hears. Left out is what depends on who first came after a reset (a command
 * that is a duplicate brings an account up to date, too): when it was told, and which mails were taken back since.
 */
import type { AlertsShape, MailShape } from '../../../cli/alerts/shape.ts';
import { formatCredits } from '../../../core/money.ts';
import { type Model, readAlerts } from '../../model/index.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** The answer of the read `alerts`. */
export const toldAlerts = ({ alerts, crossings }: AlertsShape) => ({
  alerts: alerts.map(({ id, builtIn, kind, state, threshold }) => ({ id, builtIn, kind, state, threshold })),
  // The newest first; the model has no place for an alert that is armed again.
  crossings: crossings
    .filter(({ state }) => state === 'fired')
    .reverse()
    .map(({ state: _, at, ...crossing }) => ({ ...crossing, at: crossing.by === 'reset' ? '' : at })),
});

export function expectedAlerts(model: Model, id: string, clock: number): unknown {
  const read = readAlerts(model, id, clock)!;
  return {
    alerts: read.alerts.map(({ threshold, ...alert }) => ({
      ...alert,
      threshold: threshold === undefined ? null : formatCredits(threshold),
    })),
    crossings: read.crossings.map(({ alert, builtIn, at, threshold, remaining, by, ref, silent }) => ({
      ...{ alertId: alert.id, builtIn, at: by === 'reset' ? '' : iso(at), by, ref, silent },
      ...{ threshold: formatCredits(threshold), remaining: formatCredits(remaining) },
    })),
  };
}

const isAlert = (kind: string): boolean => kind === 'low-credits' || kind === 'depleted';

/** The answer of the read `mails`. */
export const toldMails = (mails: readonly MailShape[]) =>
  mails
    .filter(
      ({ kind, by, status }) =>
        status !== 'superseded' && kind !== 'monthly-reset' && !(isAlert(kind) && by === 'reset'),
    )
    .reverse()
    .map(({ kind, about, status }) => ({ kind, about, status }));

export const expectedMails = (model: Model, id: string, clock: number): unknown =>
  readAlerts(model, id, clock)!.mails.flatMap(({ kind, crossing, serverId, status }) => {
    if (status === 'superseded' || kind === 'monthly-reset' || crossing?.by === 'reset') return [];
    const of = crossing && `${crossing.builtIn ? 'built-in' : 'own'}:${crossing.alert.id}`;
    const alertKind = crossing?.threshold === 0n ? 'depleted' : 'low-credits';
    return [{ kind: kind === 'alert' ? alertKind : kind, about: of ?? serverId ?? '', status }];
  });

/** The answer of the read `platform-events`. */
export const toldPlatformEvents = (events: readonly { readonly at: number }[]) =>
  events.map(({ at: _, ...event }) => event);

export const expectedPlatformEvents = (model: Model, id: string, clock: number): unknown => {
  readAlerts(model, id, clock); // brings it up to date
  return model.accounts.get(id)!.platformEvents.map(({ at: _, serverId, ...event }) => ({
    ...event,
    ...(serverId === undefined ? {} : { serverId }),
  }));
};
