/**
 * One thing that `doctor` looks at: what it needs, what it found, and what to change. Invariant: a check that cannot be
 * made is told as such with the reason; it never keeps the others from being made.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Config } from '../../runtime/config.ts';
import type { Engines } from '../../runtime/sidecars/open-engines.ts';
import { errorLines } from '../errors.ts';

export type Status = 'ok' | 'warn' | 'fail';

/** What a check found. `fix` says what to change, in one sentence or a command. */
export interface Finding {
  readonly status: Status;
  readonly detail: string;
  readonly fix?: string;
}

/** A line of `--json`. */
export interface CheckResult {
  readonly check: string;
  readonly status: Status;
  readonly detail: string;
  readonly fix: string | null;
}

/** What is looked at; an engine that does not answer is undefined. */
export interface Patient {
  readonly config: Config;
  readonly log: Logger;
  readonly engines: Engines;
  readonly redis: Redis | undefined;
  /** As the writer, on no database. */
  readonly clickhouse: ClickHouseClient | undefined;
  readonly database: string;
  /** On the database, once it has the tables of this version; undefined before. */
  readonly history: { readonly writer: ClickHouseClient; readonly reader: ClickHouseClient } | undefined;
}

/** A patient of which the engines that a check needs are there. */
export type Whole<Need extends keyof Patient> = Patient & {
  readonly [Name in Need]-?: NonNullable<Patient[Name]>;
};

export interface Check {
  readonly name: string;
  look(patient: Patient): Promise<CheckResult>;
}

const NEEDED = {
  redis: 'Redis does not answer',
  clickhouse: 'ClickHouse does not answer',
  history: 'ClickHouse does not have the tables of this version',
} as const;

/** A check that needs some of the engines. */
export function check<Need extends keyof typeof NEEDED>(
  name: string,
  needs: readonly Need[],
  look: (patient: Whole<Need>) => Promise<Finding>,
): Check {
  return {
    name,
    async look(patient) {
      const lacking = needs.find((need) => patient[need] === undefined);
      if (lacking !== undefined) {
        return result(name, { status: 'warn', detail: `not looked at: ${NEEDED[lacking]}` });
      }
      try {
        return result(name, await look(patient as Whole<Need>));
      } catch (error) {
        return result(name, {
          status: 'fail',
          detail: `could not be looked at: ${errorLines(error, false).join(' ')}`,
        });
      }
    },
  };
}

export function result(name: string, { status, detail, fix }: Finding): CheckResult {
  return { check: name, status, detail, fix: fix ?? null };
}

export const ok = (detail: string): Finding => ({ status: 'ok', detail });
export const warn = (detail: string, fix: string): Finding => ({ status: 'warn', detail, fix });
export const fail = (detail: string, fix: string): Finding => ({ status: 'fail', detail, fix });
