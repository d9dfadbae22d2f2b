/** Who may do what: the reader may only read, and no personal data; secrets and data belong to their owner alone. */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { type Check, check, type Finding, fail, ok, type Patient, type Whole, warn } from './check.ts';

/** Folders of the embedded engines, and of mails that became files, below the data folder. */
const FOLDERS = ['run', 'logs', 'redis', 'clickhouse', 'tmp', 'mails'];
const OTHERS = 0o077;

export const permissionChecks: readonly Check[] = [
  check('reader', ['history'], reader),
  check('data-folder', [], folder),
];

async function reader({ history, config }: Whole<'history'>): Promise<Finding> {
  if (config.clickhouseUrl !== undefined) {
    return warn(
      'CLICKHOUSE_URL names one user, who reads and writes',
      'give analysts a user of their own: GRANT SELECT on every table but account_contacts and dead_letters',
    );
  }
  const mayRead = await isAllowed(history.reader, 'SELECT count() FROM account_contacts');
  const scratch = `doctor_${randomBytes(6).toString('hex')}_open`;
  await history.writer.command({ query: `CREATE TABLE ${scratch} (a UInt8) ENGINE = Memory` });
  try {
    const mayWrite = await isAllowed(history.reader, `INSERT INTO ${scratch} VALUES (1)`);
    if (!mayRead && !mayWrite) return ok('the reader can neither write nor see account_contacts');
    const may = [...(mayWrite ? ['write'] : []), ...(mayRead ? ['read account_contacts'] : [])].join(' and ');
    return fail(`the reader can ${may}`, 'stop every command on this data folder and start again with this version');
  } finally {
    await history.writer.command({ query: `DROP TABLE IF EXISTS ${scratch} SYNC` });
  }
}

async function isAllowed(clickhouse: ClickHouseClient, query: string): Promise<boolean> {
  try {
    await clickhouse.command({ query });
    return true;
  } catch (error) {
    // 164 READONLY, 497 ACCESS_DENIED; anything else is no answer.
    if (/^(164|497)$/.test(String((error as { code?: unknown }).code))) return false;
    throw error;
  }
}

async function folder({ config }: Patient): Promise<Finding> {
  const { dataDir, redisUrl, clickhouseUrl } = config;
  if (redisUrl !== undefined && clickhouseUrl !== undefined)
    return ok('both engines are given: nothing lies in a folder');
  const open: string[] = [];
  for (const path of ['', ...FOLDERS, 'credentials.json']) {
    const full = join(dataDir, path);
    const found = await stat(full).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found !== undefined && (found.mode & OTHERS) !== 0) open.push(full);
  }
  if (open.length === 0) return ok(`${dataDir} and its secrets belong to their owner alone`);
  const fix = `chmod -R go-rwx ${dataDir}`;
  const detail = `other users may enter or read ${open.join(', ')}`;
  // What matters lies in folders of their own below it.
  return open.length === 1 && open[0] === join(dataDir) ? warn(detail, fix) : fail(detail, fix);
}
