/**
 * The life of one claimed mail: message, rendering, mark, delivery, conclusion. Every way out of it ends the claim; what
 * cannot be written down stays claimed, and whoever has the lease next finds it.
 * Invariant: nothing is handed to the mailer that is not marked, and what is known of a delivery is never forgotten for
 * a Redis that is away for a moment.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PermanentError, TransientError } from '../../core/errors.ts';
import type { MailKind } from '../../core/mail-kinds.ts';
import type { Delivery, Mailer, OutgoingMail } from '../../emails/mailer.ts';
import type { RenderedMail } from '../../emails/message.ts';
import type { Renderer } from '../../emails/renderer.ts';
import type { ClaimedMail, MailOutbox, MailOutcome } from '../../ledger/mail-outbox.ts';
import { FenceError } from '../../ledger/scripts.ts';
import type { FlushLog } from '../flush/log.ts';
import type { Used } from './breakdown.ts';
import { CONCLUDE_MS_MAX, DELIVERY_MS_MAX, type NotifyLimits } from './limits.ts';
import { messageOf } from './message.ts';
import { backoffMs, GIVE_UP_MS, retryWaitMs } from './retry.ts';
import type { Slots } from './slots.ts';
import { readSnapshot } from './snapshot.ts';
import type { Trouble } from './trouble.ts';

/** How mails leave; without it nothing is sent. */
export interface MailSending {
  readonly mailer: Pick<Mailer, 'deliver'>;
  readonly renderer: Pick<Renderer, 'render'>;
  /** Kinds that are sent. */
  readonly kinds: ReadonlySet<MailKind>;
}

/** Why a mail of a day ago fails. */
export const NOT_SENT = 'not sent within a day';
export const unusableFor = ({ words }: Trouble): string => `${NOT_SENT}: the mail server could not be used: ${words}`;

/** Moments in the life of a mail, for tests. */
export type NotifyPoint = 'claimed' | 'rendered' | 'marked' | 'delivered' | 'concluded' | 'added' | 'trimmed';

export interface SendOptions {
  readonly outbox: MailOutbox;
  readonly sending: MailSending;
  /** Whether a mail is sent again of which it is not known that it was taken. */
  readonly resendsUnknown: boolean;
  readonly trouble: Trouble;
  readonly slots: Slots;
  readonly limits: NotifyLimits;
  readonly log: FlushLog;
  readonly passed: (point: NotifyPoint) => Promise<void>;
}

/** One term of the lease, as a mail sees it. */
export interface Term {
  readonly token: string;
  /** Throws LeaseLostError unless the lease has been held without a gap. */
  readonly assertHeld: () => void;
  /** Aborts when nothing new may be begun. */
  readonly until: AbortSignal;
  /** Aborts when what is under way has to be let go of. */
  readonly abandon: AbortSignal;
}

/** Rejects with what concerns every mail: a lost lease, the fence, a Redis that stays away. */
export async function sendMail(
  options: SendOptions,
  term: Term,
  {
    mail,
    clock,
    used,
  }: { readonly mail: ClaimedMail; readonly clock: number; readonly used: Promise<Used | undefined> },
): Promise<void> {
  const { log, passed } = options;
  const done = async (outcome: MailOutcome): Promise<void> => {
    await conclude(options, term, mail, outcome);
    tell(log, mail, outcome);
    await passed('concluded');
  };
  if (!options.sending.kinds.has(mail.kind)) {
    return done({ outcome: 'suppressed', words: 'mails of this kind are switched off' });
  }
  // After days without a service: what was to be said then says nothing of use now, save what was paid.
  if (clock - mail.decidedAt > GIVE_UP_MS && mail.kind !== 'receipt') {
    return done({ outcome: 'failed', words: options.trouble.isOn ? unusableFor(options.trouble) : NOT_SENT });
  }
  const rendered = await render(options, term, mail, clock, used);
  if ('outcome' in rendered) return done(rendered);
  await passed('rendered');
  const release = await options.slots.take(term.until);
  if (release === undefined) return done({ outcome: 'release', waitMs: undefined });
  const delivery = await deliver(options, term, mail, rendered).finally(release);
  // Superseded, or resolved by another: the claim is over, and this says so.
  if (delivery === undefined) return done({ outcome: 'release', waitMs: undefined });
  await done(outcomeOf(mail, clock, delivery, options.resendsUnknown));
}

/** Marks it and hands it over; undefined when it is not ours to send any more. */
async function deliver(
  options: SendOptions,
  term: Term,
  mail: ClaimedMail,
  rendered: RenderedMail,
): Promise<Delivery | undefined> {
  if (!(await mark(options, term, mail))) return undefined;
  const signal = AbortSignal.any([term.abandon, AbortSignal.timeout(DELIVERY_MS_MAX)]);
  const delivery = await options.sending.mailer.deliver(outgoing(mail, rendered), signal);
  await options.passed('delivered');
  if (!term.abandon.aborted) heard(options.trouble, delivery);
  return delivery;
}

/** One line an outcome; who was written to is in none of them. */
export function tell(log: FlushLog, { intentId, kind }: ClaimedMail, what: MailOutcome): void {
  const { outcome } = what;
  if (outcome === 'release') return;
  const level = outcome === 'failed' || outcome === 'unknown' ? 'warn' : 'info';
  const fields = { event: 'mail', intent: intentId, kind, outcome, ...('words' in what ? { words: what.words } : {}) };
  log[level](fields, 'a mail was taken care of');
}

/** Whether the mail may be handed over now. Where that cannot be known it is let go of: it was not handed over. */
async function mark(options: SendOptions, term: Term, mail: ClaimedMail): Promise<boolean> {
  try {
    term.assertHeld();
    if (!(await options.outbox.mark(term.token, mail))) return false;
    await options.passed('marked');
    term.assertHeld();
    return true;
  } catch (error) {
    await conclude(options, term, mail, { outcome: 'release', waitMs: undefined });
    throw error;
  }
}

const outgoing = ({ intentId, accountId, profile, decidedAt }: ClaimedMail, rendered: RenderedMail): OutgoingMail => ({
  ...{ intentId, accountId, rendered, at: decidedAt },
  to: [{ name: profile.name, address: profile.email }, ...(profile.recipients ?? []).map((address) => ({ address }))],
});

/** The rendered mail, or what becomes of one that cannot be rendered. */
async function render(
  { sending, log }: SendOptions,
  { abandon }: Term,
  mail: ClaimedMail,
  clock: number,
  used: Promise<Used | undefined>,
): Promise<RenderedMail | MailOutcome> {
  const later = (words: string): MailOutcome => {
    const waitMs = retryWaitMs(mail, clock);
    return waitMs === undefined ? { outcome: 'failed', words } : { outcome: 'retry', waitMs };
  };
  try {
    const known = await used;
    if (mail.kind === 'digest' && known?.week === undefined) return later('the usage of the week could not be read');
    const message = messageOf(mail, readSnapshot(mail.snapshot), known);
    const rendered = await orAborted(sending.renderer.render(message), abandon);
    return rendered ?? { outcome: 'release', waitMs: undefined };
  } catch (error) {
    log.error({ event: 'mail-not-rendered', intent: mail.intentId, kind: mail.kind, err: error }, 'a mail failed');
    if (error instanceof PermanentError && error.code === 'mail-unreadable') {
      return { outcome: 'failed', words: error.message };
    }
    // A fault of ours: a day is enough to mend it.
    return later('it could not be rendered');
  }
}

/** What a delivery means for its mail. */
export function outcomeOf(mail: ClaimedMail, clock: number, delivery: Delivery, resendsUnknown: boolean): MailOutcome {
  const { words } = delivery;
  switch (delivery.status) {
    case 'sent':
      return { outcome: 'sent', words };
    case 'permanent':
      return { outcome: 'failed', words };
    case 'unknown':
      return { outcome: 'unknown', words, waitMs: resendsUnknown ? retryWaitMs(mail, clock) : undefined };
    case 'transient': {
      const tooLate: MailOutcome = { outcome: 'failed', words: `not taken within a day: ${words}` };
      // Behind the others: should it be this mail that the server cannot stand, they are not to wait for it.
      if (delivery.unusable) return clock - mail.decidedAt > GIVE_UP_MS ? tooLate : { outcome: 'release', waitMs: 0 };
      const waitMs = retryWaitMs(mail, clock);
      return waitMs === undefined ? tooLate : { outcome: 'retry', waitMs };
    }
  }
}

/** What a delivery says of the mail server. One that takes mails and never answers is no better than one that is away. */
function heard(trouble: Trouble, delivery: Delivery): void {
  if (delivery.status === 'unknown' || (delivery.status === 'transient' && delivery.unusable))
    trouble.met(delivery.words);
  else trouble.over();
}

/** Writes down what became of a mail, for as long as Redis may need to come back; the claim is enough, without a lease. */
async function conclude(
  { outbox, limits }: SendOptions,
  { token, abandon }: Term,
  mail: ClaimedMail,
  outcome: MailOutcome,
): Promise<void> {
  const deadline = performance.now() + CONCLUDE_MS_MAX;
  for (let tries = 0; ; tries += 1) {
    try {
      await outbox.conclude(token, mail, outcome);
      return;
    } catch (error) {
      const mayPass = error instanceof TransientError && !(error instanceof FenceError);
      if (!mayPass || performance.now() > deadline || (abandon.aborted && tries > 0)) throw error;
      await delay(backoffMs(tries, limits.backoffFirstMs, limits.backoffLastMs));
    }
  }
}

/** Undefined once the signal has aborted. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const leave = (): void => resolve(undefined);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave);
  try {
    work.catch(() => undefined);
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
