/**
 * What the platform hears, as jobs of the queue `platform-events`: the shape the ledger's scripts write
 * (ledger/lua/platform.lua), for those who read it. A later version may say more.
 */
import { z } from 'zod';
import { id, integer } from './fields.ts';

export const PLATFORM_EVENT_TYPES = [
  'credits.low',
  'credits.depleted',
  'credits.restored',
  'credits.reset',
  'server.limited',
  'server.released',
] as const;

/** The data of a job of the queue `platform-events`; the job's name is its type. */
export interface PlatformEvent {
  /** The same in every delivery: `<account id>:<sequence>`. */
  readonly id: string;
  readonly type: (typeof PLATFORM_EVENT_TYPES)[number];
  readonly accountId: string;
  /** Of `server.limited` and `server.released` alone. */
  readonly serverId?: string | undefined;
  /** Counts up per account. One that is not above the last handled is stale: what it says has been said already. */
  readonly sequence: number;
  /** When it was decided, ms since 1970. */
  readonly at: number;
  /** The account at that moment: whoever missed what came before knows everything from this. */
  readonly state: {
    /** Credits, as decimal strings. */
    readonly monthly: string;
    readonly bonus: string;
    readonly cycle: number;
    readonly closed: boolean;
    /** Servers that have reached their limit of the day, in the order of their ids. */
    readonly limitedServers: readonly string[];
  };
}

const credits = (description: string) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,9})(\.\d{0,5}[1-9])?$/)
    .meta({ description });

export const platformEventSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9._:@/+-]{1,128}:[1-9]\d{0,15}$/)
      .meta({ description: 'The same in every delivery: the account id, a colon, the sequence.' }),
    type: z.enum(PLATFORM_EVENT_TYPES).meta({ description: 'What happened; also the name of the job.' }),
    accountId: id('The account it is about.'),
    serverId: id('The server it is about: of server.limited and server.released alone.').optional(),
    sequence: integer(
      'Counts up per account. One that is not above the last handled is stale.',
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    at: integer('When it was decided, in ms since 1970.', 0, Number.MAX_SAFE_INTEGER),
    state: z
      .strictObject({
        monthly: credits('Monthly credits left, as a decimal string.'),
        bonus: credits('Bonus credits left, as a decimal string.'),
        cycle: integer('The running cycle; 0 before the first one.', 0, Number.MAX_SAFE_INTEGER),
        closed: z.boolean().meta({ description: 'Whether the account is closed.' }),
        limitedServers: z
          .array(id('A server.'))
          .meta({ description: 'Servers that have reached their limit of the day, in the order of their ids.' }),
      })
      .meta({ description: 'The whole state of the account at that moment.' }),
  })
  .meta({
    title: 'PlatformEvent',
    description: 'The data of a job of the queue platform-events.',
  }) satisfies z.ZodType<PlatformEvent>;
