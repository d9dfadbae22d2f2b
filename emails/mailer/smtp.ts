/**
 * The mailer that talks to a mail server, over a pool of connections that outlive a mail. Certificates are always
 * verified. Invariant: it is known of every mail whether the connection was handed all of it, for from then on only the
 * server's reply tells whether it was taken.
 */
import { createTransport, type NodemailerError, type SMTPPoolOptions, type SMTPPoolSentMessageInfo } from 'nodemailer';
import { TransientError } from '../../core/errors.ts';
import type { Delivery, Mailer, OutgoingMail } from '../mailer.ts';
import { fateOf, type Transit, troubleOf } from './fate.ts';
import { compose, distinct, type Letterhead } from './letterhead.ts';
import { type ServerOptions, secretsOf, transportOptions } from './server.ts';
import { createTurns } from './turns.ts';
import { plainWords } from './words.ts';

/** Few, for providers count a sender's connections; with replies that take 60 ms in all they carry 50 mails a second. */
const CONNECTIONS_MAX = 3;
/** Of these a connection is replaced, so that a provider that moves its servers is followed. */
const MESSAGES_PER_CONNECTION_MAX = 100;
/** How often nodemailer turns to another connection when one was gone before it had a byte of the mail. */
const REQUEUES_MAX = 2;
/** Below the minutes after which servers and firewalls end an idle connection. */
const IDLE_MS_MAX = 30_000;
/** For `verify`, which a person waits for. */
const VERIFY_REPLY_MS_MAX = 10_000;

export interface SmtpMailerOptions extends ServerOptions {
  readonly letterhead: Letterhead;
  readonly mailsPerSecond: number;
}

/** Opens nothing yet: the first delivery connects. */
export function createMailer(options: SmtpMailerOptions): Mailer {
  const { letterhead, mailsPerSecond } = options;
  const secrets = secretsOf(options.url);
  const server = transportOptions(options);
  const pool = createTransport({
    ...server,
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    maxMessages: MESSAGES_PER_CONNECTION_MAX,
    maxRequeues: REQUEUES_MAX,
    idleTimeout: IDLE_MS_MAX,
  } satisfies SMTPPoolOptions & { pool: true });
  pool.use('stream', ({ data, message }, done) => {
    // Handed through as a field of the mail that nodemailer does not know.
    const { transit } = data as { readonly transit?: Transit };
    const read = message!.createReadStream.bind(message!);
    message!.createReadStream = (how) => {
      // It is made when a connection takes the mail on, and read once the server has asked for the data; its end is
      // followed by the final dot.
      const stream = read(how);
      if (transit !== undefined) {
        transit.begun = true;
        stream.once('end', () => {
          transit.handedOver = true;
        });
      }
      return stream;
    };
    done();
  });
  const turns = createTurns(CONNECTIONS_MAX, mailsPerSecond);
  const closing = new AbortController();
  const running = new Set<Promise<Delivery>>();

  const deliver = async (mail: OutgoingMail, signal: AbortSignal): Promise<Delivery> => {
    const composed = compose(letterhead, mail);
    if ('refused' in composed) return { status: 'permanent', words: composed.refused };
    const addresses = distinct(mail.to).map(({ address }) => address);
    const plain = (text: string): string => plainWords(text, { secrets, addresses });
    let release: () => void;
    try {
      release = await turns.take(AbortSignal.any([signal, closing.signal]));
    } catch (error) {
      if (!signal.aborted && !closing.signal.aborted) throw error;
      return { status: 'transient', words: 'the delivery was stopped', unusable: false };
    }
    const transit: Transit = { begun: false, handedOver: false };
    try {
      return {
        status: 'sent',
        words: plain(accepted(await pool.sendMail({ ...composed, signal, ...{ transit } }), addresses)),
      };
    } catch (error) {
      return fateOf(error as NodemailerError, transit, plain);
    } finally {
      release();
    }
  };

  return {
    deliver(mail, signal) {
      const delivery = deliver(mail, signal);
      running.add(delivery);
      return delivery.finally(() => running.delete(delivery));
    },
    async verify() {
      const probe = createTransport({ ...server, pool: true, socketTimeout: VERIFY_REPLY_MS_MAX });
      try {
        await probe.verify();
      } catch (error) {
        const words = plainWords(troubleOf(error as NodemailerError), { secrets });
        throw new TransientError('mail-server-unusable', `The mail server cannot be used: ${words}.`);
      } finally {
        probe.close();
      }
    },
    async close() {
      closing.abort();
      pool.close();
      await Promise.allSettled(running);
    },
  };
}

/** The reply, and before it what was said of the recipients that were refused, by their place in the mail. */
function accepted({ response, rejectedErrors = [] }: SMTPPoolSentMessageInfo, addresses: readonly string[]): string {
  if (rejectedErrors.length === 0) return response;
  const refused = rejectedErrors.map(({ recipient, response: reply }) => {
    const index = addresses.findIndex((one) => one.toLowerCase() === recipient?.toLowerCase());
    return `number ${index + 1} refused: ${reply}`;
  });
  return `${addresses.length - refused.length} of ${addresses.length} recipients accepted; ${refused.join('; ')}; ${response}`;
}
