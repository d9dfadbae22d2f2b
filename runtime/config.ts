/**
 * The settings: every environment variable the program reads, what each accepts, and its default, in one schema.
 * Owns the words of a refusal: all that is wrong at once, a line each, with the variable, its value's problem and what
 * is accepted. Invariant: a URL may hold a password, so no part of one is ever shown.
 */
import { z } from 'zod';
import { PermanentError } from '../core/errors.ts';
import { ACCEPT_DAYS_DEFAULT } from '../core/limits.ts';
import { quotedCut } from '../core/quoted.ts';
import { type MailConfig, mailConfig, mailSettings, missingBeside } from './mail-config.ts';
import { integer, path, type SettingWords, url } from './setting.ts';

/** Log levels of pino. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Cycle segments of accounts are kept for a year, so no event may be older than that. */
const ACCEPT_DAYS_MAX = 366;
/** Above this the worker holds hundreds of megabytes of jobs in memory at once. */
const USAGE_CONCURRENCY_MAX = 1_000;
/** A minute of rows that analysts cannot see yet is the most that anybody would want. */
const FLUSH_INTERVAL_MS_MAX = 60_000;
/** Rows of 230 bytes: 23 GB of Redis. */
const OUTBOX_ROWS_MAX_MAX = 100_000_000;

/** An option in a query would be ignored, such as one that asks not to verify certificates. */
const isMailServer = ({ hostname, pathname, search, hash }: URL): boolean =>
  hostname !== '' && (pathname === '' || pathname === '/') && search === '' && hash === '';

/** Every variable the program reads. One that is set to the empty text counts as unset. */
export const environment = z.object({
  REDIS_URL: url(['redis:', 'rediss:'], {
    description: 'The Redis that holds queues and balances; it must not evict (maxmemory-policy noeviction).',
    accepted: 'a URL such as redis://user:password@host:6379/0 (or rediss:// for TLS)',
    unset: 'the embedded Redis under FLOWLY_DATA_DIR',
  }),
  CLICKHOUSE_URL: url(['http:', 'https:'], {
    description: 'The ClickHouse that holds the history; its path names the database, `flowly` when it has none.',
    accepted: 'a URL such as https://user:password@host:8443/flowly',
    unset: 'the embedded ClickHouse under FLOWLY_DATA_DIR',
  }),
  SMTP_URL: url(
    ['smtp:', 'smtps:'],
    {
      description:
        'The mail server that mails are sent by; its port is 465 for smtps:// and 587 for smtp:// when it names none.',
      accepted: 'a URL such as smtps://user:password@host:465, without path and query',
      unset: 'e-mails are written under FLOWLY_DATA_DIR, in the folder `mails`',
    },
    isMailServer,
  ),
  ...mailSettings,
  FLOWLY_DATA_DIR: path().default('.flowly').meta({
    description: 'Folder of the embedded engines and their data; made when it is missing, readable by its owner only.',
    accepted: 'the path of a folder',
    unset: '.flowly',
  }),
  PRICE_BOOK: path().optional().meta({
    description: 'The price book, a JSON file.',
    accepted: 'the path of a file',
    unset: 'the price book in the package',
  }),
  ACCEPT_DAYS: integer(1, ACCEPT_DAYS_MAX, ACCEPT_DAYS_DEFAULT, {
    description: 'Days an event may be old when it first arrives; older ones become dead letters `too-late`.',
  }),
  PARTITIONS: z.literal('1').transform(Number).default(1).meta({
    description: 'Partitions of the ledger. This version runs one.',
    accepted: '1: this version runs one partition',
    unset: '1',
  }),
  LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .optional()
    .meta({
      description: 'Least severe log line that is written (to standard error).',
      accepted: `one of ${LOG_LEVELS.join(', ')}`,
      unset: 'info for `start`, warn for every other command',
    }),
  USAGE_CONCURRENCY: integer(1, USAGE_CONCURRENCY_MAX, 100, {
    description: 'Jobs of the queue `usage` worked on at once.',
  }),
  FLUSH_INTERVAL_MS: integer(10, FLUSH_INTERVAL_MS_MAX, 1_000, {
    description: 'Longest wait of a committed row before it is written to ClickHouse.',
  }),
  OUTBOX_ROWS_MAX: integer(1_000, OUTBOX_ROWS_MAX_MAX, 2_000_000, {
    description: 'Rows that may wait in Redis for ClickHouse (about 230 bytes each) before taking usage pauses.',
  }),
  FLOWLY_DEBUG: z.enum(['0', '1']).optional().meta({
    description: 'With 1, errors are printed with their stack trace, as with --debug.',
    accepted: '0 or 1',
    unset: '0',
  }),
});

/** The settings as the program uses them; an URL that is undefined means the embedded engine. */
export interface Config {
  readonly redisUrl: string | undefined;
  readonly clickhouseUrl: string | undefined;
  /** undefined: mails are written as files. */
  readonly smtpUrl: string | undefined;
  readonly mail: MailConfig;
  readonly dataDir: string;
  /** undefined: the book in the package. */
  readonly priceBookPath: string | undefined;
  readonly acceptDays: number;
  readonly partitions: number;
  /** undefined: what the command prefers. */
  readonly logLevel: LogLevel | undefined;
  readonly usageConcurrency: number;
  readonly flushIntervalMs: number;
  readonly outboxRowsMax: number;
}

/** Settings that cannot be used; `lines` says what is wrong with each, one sentence a line. */
export class SettingsError extends PermanentError {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super('settings-invalid', lines.join('\n'));
    this.lines = lines;
  }
}

/** Reads the settings from environment variables. Throws SettingsError with everything that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => value !== '' && Object.hasOwn(environment.shape, name)),
  );
  const parsed = environment.safeParse(given);
  const refused = new Set((parsed.error?.issues ?? []).map((issue) => String(issue.path[0])));
  const lines = [...refused].map((name) => refusal(name, given[name] ?? ''));
  lines.push(...missingBeside(given, refused));
  if (!parsed.success || lines.length > 0) throw new SettingsError(lines);
  const { data } = parsed;
  return {
    redisUrl: data.REDIS_URL,
    clickhouseUrl: data.CLICKHOUSE_URL,
    smtpUrl: data.SMTP_URL,
    mail: mailConfig(data),
    dataDir: data.FLOWLY_DATA_DIR,
    priceBookPath: data.PRICE_BOOK,
    acceptDays: data.ACCEPT_DAYS,
    partitions: data.PARTITIONS,
    logLevel: data.LOG_LEVEL,
    usageConcurrency: data.USAGE_CONCURRENCY,
    flushIntervalMs: data.FLUSH_INTERVAL_MS,
    outboxRowsMax: data.OUTBOX_ROWS_MAX,
  };
}

/** Name and words of every setting, in the order of the README's table. */
export function settings(): readonly (SettingWords & { readonly name: string })[] {
  return Object.entries(environment.shape).map(([name, schema]) => ({
    name,
    ...(schema.meta() as unknown as SettingWords),
  }));
}

function refusal(name: string, value: string): string {
  const { accepted, secret } = settings().find((one) => one.name === name)!;
  const what =
    secret === true ? 'has a value that cannot be used (not shown: it may hold a password)' : `is ${quotedCut(value)}`;
  return `${name} ${what}, but must be ${accepted}.`;
}
