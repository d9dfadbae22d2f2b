/**
 * The mailer of an installation without a mail server: a file a mail, in a folder that only its owner can look into.
 * Owns the folder: names, permissions, how many are kept. Invariant: a file has its name only once it is whole, and an
 * intent has one file however often it is written.
 */
import { randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { TransientError } from '../../core/errors.ts';
import type { Delivery, Mailer, OutgoingMail } from '../mailer.ts';
import { compose, type Letterhead } from './letterhead.ts';
import { intentHash } from './message-id.ts';

/** Some 200 MB of mails; a folder for looking at them, not an archive. */
export const MAIL_FILES_MAX = 10_000;
/** Enough of an account's id to find its mails by eye. */
const SLUG_CHARS_MAX = 40;
/** Files of ours, also one that a crash left half written; nothing else in the folder is touched. */
const OURS = /^\d{8}T\d{9}Z-[A-Za-z0-9_-]*-[0-9a-f]{32}\.eml(?:\.[0-9a-f-]{36}\.tmp)?$/;

export interface FileMailerOptions {
  readonly letterhead: Letterhead;
  /** Made when it is missing. */
  readonly folder: string;
  /** Newest files that are kept; left out: MAIL_FILES_MAX. */
  readonly filesMax?: number;
}

export function createFileMailer({ letterhead, folder, filesMax = MAIL_FILES_MAX }: FileMailerOptions): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

  const write = async (name: string, content: Buffer): Promise<void> => {
    await prepare(folder);
    const path = join(folder, name);
    const unfinished = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(unfinished, content, { mode: 0o600, flag: 'wx', flush: true });
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  };

  return {
    async deliver(mail, signal) {
      const composed = compose(letterhead, mail);
      if ('refused' in composed) return { status: 'permanent', words: composed.refused };
      if (signal.aborted) return { status: 'transient', words: 'the delivery was stopped', unusable: false };
      const hash = intentHash(letterhead.ledgerId, mail.intentId);
      const name = fileName(mail, hash);
      try {
        const { message } = await transport.sendMail(composed);
        await write(name, message as Buffer);
        await prune(folder, name, hash, filesMax);
        return { status: 'sent', words: `written as ${name}` };
      } catch (error) {
        return unwritten(error);
      }
    },
    async verify() {
      try {
        await prepare(folder);
        await access(folder, constants.W_OK);
      } catch (error) {
        throw new TransientError('mail-folder-unusable', `Mails cannot be written as files: ${reason(error)}.`);
      }
    },
    async close() {},
  };
}

/** The folder is there, and others cannot look into it. */
async function prepare(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

/** When it was decided, whose it is, which it is: sorts by time, and no part of it is a path. */
function fileName({ at, accountId }: OutgoingMail, hash: string): string {
  const time = new Date(at).toISOString().replace(/[-:.]/g, '');
  return `${time}-${accountId.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, SLUG_CHARS_MAX)}-${hash}.eml`;
}

/** Takes away other files of the same intent, and the oldest beyond the bound. */
async function prune(folder: string, name: string, hash: string, filesMax: number): Promise<void> {
  const ours = (await readdir(folder)).filter((one) => OURS.test(one));
  const stale = ours.filter((one) => one !== name && one.endsWith(`-${hash}.eml`));
  const kept = ours.filter((one) => !stale.includes(one)).sort();
  const beyond = kept.slice(0, Math.max(0, kept.length - filesMax));
  for (const one of [...stale, ...beyond]) await rm(join(folder, one), { force: true });
}

function unwritten(error: unknown): Delivery {
  return { status: 'transient', words: `not written as a file: ${reason(error)}`, unusable: true };
}

/** Only the code, such as ENOSPC: the message has the path, and with it the account. */
const reason = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'it could not be put together';
