/**
 * Runs every check of `doctor`. Opens the engines by itself and not as other commands do: what they would refuse to work
 * with is what a doctor is asked about. Invariant: nothing is changed but scratch tables, which are gone afterwards.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Config } from '../../runtime/config.ts';
import { type Engines, openEngines } from '../../runtime/sidecars/open-engines.ts';
import { missingMigrations } from '../../schema/migrate.ts';
import { connectClickhouse, connectRedis, databaseOf, disconnectRedis, reachClickhouse } from '../connections.ts';
import { errorLines } from '../errors.ts';
import { type CheckResult, fail, ok, type Patient, result } from './check.ts';
import { clickhouseChecks } from './clickhouse.ts';
import { clockChecks } from './clocks.ts';
import { diskChecks } from './disk.ts';
import { ledgerChecks } from './ledger.ts';
import { mailChecks } from './mail.ts';
import { permissionChecks } from './permissions.ts';
import { queueChecks } from './queues.ts';
import { redisChecks } from './redis.ts';

const CHECKS = [
  ...redisChecks,
  ...clickhouseChecks,
  ...clockChecks,
  ...permissionChecks,
  ...ledgerChecks,
  ...queueChecks,
  ...mailChecks,
  ...diskChecks,
];

/** Every check in order, as it is made. */
export async function* examine(config: Config, log: Logger): AsyncGenerator<CheckResult> {
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const { dataDir, redisUrl, clickhouseUrl } = config;
    const engines = await attempt(() => openEngines({ dataDir, redisUrl, clickhouseUrl, log }));
    if ('error' in engines) {
      yield result('engines', fail(engines.error, 'the embedded engines need what the sentence before says'));
      return;
    }
    closers.push(() => engines.opened.close());
    const redis = await attempt(() => connectRedis(engines.opened, log, { name: 'doctor', patient: false }));
    if ('opened' in redis) closers.push(() => disconnectRedis(redis.opened));
    yield reached('redis', redis, redisUrl === undefined, 'REDIS_URL');
    const clickhouse = await attempt(async () => {
      const client = connectClickhouse(engines.opened, 'writer');
      closers.push(() => client.close());
      await reachClickhouse(client);
      return client;
    });
    yield reached('clickhouse', clickhouse, clickhouseUrl === undefined, 'CLICKHOUSE_URL');
    const patient = await patientOf(config, log, engines.opened, redis, clickhouse, closers);
    for (const check of CHECKS) yield await check.look(patient);
  } finally {
    for (const close of closers.reverse()) {
      try {
        await close();
      } catch (error) {
        // The others must be closed too, and what was found is what counts.
        log.debug({ event: 'close-failed', err: error }, 'something did not close cleanly');
      }
    }
  }
}

type Attempt<T> = { readonly opened: T } | { readonly error: string };

async function attempt<T>(open: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { opened: await open() };
  } catch (error) {
    return { error: errorLines(error, false).join(' ') };
  }
}

function reached(name: string, engine: Attempt<unknown>, isEmbedded: boolean, setting: string): CheckResult {
  if ('error' in engine) return result(name, fail(engine.error, `start it, or correct ${setting}`));
  return result(name, ok(isEmbedded ? 'the embedded one answers' : `the one of ${setting} answers`));
}

async function patientOf(
  config: Config,
  log: Logger,
  engines: Engines,
  redis: Attempt<Redis>,
  clickhouse: Attempt<ClickHouseClient>,
  closers: (() => Promise<void> | void)[],
): Promise<Patient> {
  const database = databaseOf(engines);
  const writer = 'opened' in clickhouse ? clickhouse.opened : undefined;
  // A database that a check will find fault with can be looked into all the same.
  const missing = writer && (await missingMigrations(writer, { database }).catch(() => []));
  const bound = (user: 'writer' | 'reader'): ClickHouseClient => {
    const client = connectClickhouse(engines, user, database);
    closers.push(() => client.close());
    return client;
  };
  const history = missing?.length === 0 ? { writer: bound('writer'), reader: bound('reader') } : undefined;
  return {
    config,
    log,
    engines,
    database,
    redis: 'opened' in redis ? redis.opened : undefined,
    clickhouse: writer,
    history,
  };
}
