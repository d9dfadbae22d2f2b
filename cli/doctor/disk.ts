/** Room on the disks that the history and the embedded Redis are written to. */
import { statfs } from 'node:fs/promises';
import { showBytes } from '../terminal/format.ts';
import { type Check, check, type Finding, fail, ok, warn } from './check.ts';

/** Below these shares of a disk, or this many bytes of it, writing will soon fail. */
const FREE_SHARE_WARN = 0.1;
const FREE_SHARE_FAIL = 0.02;
const FREE_BYTES_FAIL = 256 * 1024 * 1024;

export const diskChecks: readonly Check[] = [
  check('disk', [], async ({ config }) => {
    const { dataDir, redisUrl, clickhouseUrl } = config;
    if (redisUrl !== undefined && clickhouseUrl !== undefined)
      return ok('both engines are given: nothing is written here');
    const { bavail, blocks, bsize } = await statfs(dataDir);
    return judged(`the disk of ${dataDir}`, bavail * bsize, blocks * bsize);
  }),
  check('disk-clickhouse', ['clickhouse'], async ({ clickhouse }) => {
    const query = 'SELECT name, toString(free_space) AS free, toString(total_space) AS total FROM system.disks';
    const result = await clickhouse.query({ query, format: 'JSONEachRow' });
    const rows = await result.json<{ name: string; free: string; total: string }>();
    // Object stores tell no end.
    const found = rows
      .filter(({ total }) => Number(total) > 0 && Number(total) < 2 ** 62)
      .map(({ name, free, total }) => judged(`disk ${name} of ClickHouse`, Number(free), Number(total)));
    return (
      found.find(({ status }) => status === 'fail') ??
      found.find(({ status }) => status === 'warn') ??
      found[0] ??
      ok('its disks have no end')
    );
  }),
];

function judged(what: string, free: number, total: number): Finding {
  const detail = `${what} has ${showBytes(free)} of ${showBytes(total)} free`;
  const fix = 'free space on it, or move the data to a larger one';
  if (free < FREE_BYTES_FAIL || free < total * FREE_SHARE_FAIL) return fail(detail, fix);
  return free < total * FREE_SHARE_WARN ? warn(detail, fix) : ok(detail);
}
