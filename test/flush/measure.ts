/**
 * What flushing costs, on engines of its own: ns a row of the encoding alone, and rows a second of the whole path
 * (outbox → sealed → every table → trimmed) by the size of the blocks. Not a test:
 *   node test/flush/measure.ts [rows, default 400000] [block rows, default 50000]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { Redis } from 'ioredis';
import { ledgerKeys } from '../../ledger/keys.ts';
import { hashEntries, readEntries } from '../../ledger/outbox.ts';
import { openEngines } from '../../runtime/sidecars/open-engines.ts';
import { stopKeeper } from '../../runtime/sidecars/stop-keeper.ts';
import { migrate } from '../../schema/migrate.ts';
import { createFlusher } from '../../workers/flush/flusher.ts';
import { encodeUsage } from '../../workers/flush/usage-rows.ts';
import { appendCommit } from '../support/outbox.ts';

const [rowsTotal = 400_000, blockRowsMax = 50_000] = process.argv.slice(2).map(Number);
const COMMIT_ROWS = 500;
const ACCOUNTS = 2_000;

const dataDir = mkdtempSync(join(tmpdir(), 'flowly-measure-'));
const engines = await openEngines({ dataDir, lingerMs: 1_000 });
if ('url' in engines.redis) throw new Error('The measurement needs the embedded Redis.');
const redis = new Redis({ ...engines.redis, maxRetriesPerRequest: null });
const { url, username, password } = engines.clickhouse;
const clickhouse = createClient({ url, username, password, database: 'flowly', request_timeout: 120_000 });
const admin = createClient({ url, username, password });
await migrate(admin, { database: 'flowly' });
await admin.close();
const keys = ledgerKeys('{measure-0}');
await redis.hset(keys.meta, 'id', 'measure');

const at = Date.UTC(2026, 10, 15);
for (let sequence = 1; sequence <= rowsTotal / COMMIT_ROWS; sequence += 1) {
  const usage = Array.from({ length: COMMIT_ROWS }, (_, i) => {
    const n = sequence * COMMIT_ROWS + i;
    return {
      id: `msg_01${n.toString(36).padStart(20, 'x')}`,
      accountId: `account-${(n * 7919) % ACCOUNTS}`,
      serverId: `server-${(n * 7919) % (3 * ACCOUNTS)}`,
      model: n % 3 === 0 ? 'claude-sonnet-4.5' : 'claude-haiku-4.5',
      occurredAt: at + n * 20,
      cost: 1_000 + (n % 5_000),
    };
  });
  await appendCommit(redis, keys, sequence, { at: at + sequence, usage });
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, ${rowsTotal} rows, ${blockRowsMax} a block`,
);
const entries = await readEntries(redis, keys, 1, Math.min(100, rowsTotal / COMMIT_ROWS));
const rows = entries.length * COMMIT_ROWS;
const timed = (name: string, work: () => unknown): void => {
  const bestMs = Math.min(
    ...Array.from({ length: 9 }, () => {
      const startMs = performance.now();
      work();
      return performance.now() - startMs;
    }),
  );
  console.log(`${name}: ${((bestMs * 1e6) / rows).toFixed(0)} ns a row (best of 9, ${rows} rows)`);
};
timed('encode', () => encodeUsage(entries, 1));
timed('sha256', () => hashEntries(entries));

const blockMs: number[] = [];
let sealedMs = 0;
const flusher = createFlusher({
  ...{ redis, clickhouse, keys, ledgerId: 'measure', partition: 0, limits: { blockRowsMax, blockBytesMax: 2 ** 27 } },
  log: { info: () => undefined, warn: console.warn, error: console.error },
  signals: (point) => {
    if (point === 'sealed') sealedMs = performance.now();
    if (point === 'trimmed') blockMs.push(performance.now() - sealedMs);
  },
});
const cpuBefore = process.cpuUsage();
const startMs = performance.now();
flusher.start();
await flusher.flushed();
const tookMs = performance.now() - startMs;
const cpu = process.cpuUsage(cpuBefore);
await flusher.stop();
const median = blockMs.sort((a, b) => a - b)[blockMs.length >>> 1]!;
console.log(
  `flushed: ${Math.round(rowsTotal / (tookMs / 1000))} rows/s in all, a block from seal to trim ${median.toFixed(0)} ms (median of ${blockMs.length}), that is ${Math.round(blockRowsMax / (median / 1000))} rows/s`,
);
console.log(`this process: ${((cpu.user + cpu.system) / rowsTotal).toFixed(2)} µs CPU a row`);
redis.disconnect();
await clickhouse.close();
await engines.close();
await stopKeeper(dataDir);
rmSync(dataDir, { recursive: true, force: true });
