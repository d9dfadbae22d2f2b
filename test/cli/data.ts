/** Data directories, files and expected totals for tests of whole commands. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type LedgerKeys, ledgerKeys, partitionTag } from '../../ledger/keys.ts';
import { type Engines, openEngines } from '../../runtime/sidecars/open-engines.ts';
import { stopKeeper } from '../../runtime/sidecars/stop-keeper.ts';

/** A folder with engines of its own; the commands under test are given `env`. */
export interface TestFolder {
  readonly path: string;
  readonly env: Record<string, string>;
  /** Writes a file of JSON lines; strings are written as they are. Returns its path. */
  file(name: string, lines: readonly (object | string)[]): string;
  /** The engines themselves, and a connection to Redis; held until `remove`. */
  open(): Promise<{ engines: Engines; redis: Redis; keys: LedgerKeys }>;
  remove(): Promise<void>;
}

export function makeTestFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'flowly-cli-'));
  const dataDir = join(path, 'data');
  const closers: (() => Promise<unknown>)[] = [];
  return {
    path,
    env: { FLOWLY_DATA_DIR: dataDir },
    file(name, lines) {
      const full = join(path, name);
      writeFileSync(full, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
      return full;
    },
    async open() {
      const engines = await openEngines({ dataDir });
      if ('url' in engines.redis) throw new Error('The embedded Redis was expected.');
      const redis = new Redis({ ...engines.redis, maxRetriesPerRequest: null });
      closers.push(
        () => redis.quit(),
        () => engines.close(),
      );
      return { engines, redis, keys: ledgerKeys(partitionTag(0)) };
    },
    async remove() {
      for (const close of closers.splice(0)) await close();
      await stopKeeper(dataDir);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

const DAY_MS = 86_400_000;

/** An upsert whose first cycle began days ago in UTC. */
export function upsert(accountId: string, monthlyCredits: number): object {
  const anchor = `${new Date(Date.now() - 9 * DAY_MS).toISOString().slice(0, 10)}T00:00:00`;
  const plan = { id: 'p', monthlyCredits: String(monthlyCredits) };
  return {
    type: 'account.upsert',
    id: `${accountId}-up`,
    accountId,
    email: 'owner@example.com',
    timeZone: 'UTC',
    anchor,
    plan,
  };
}

/** A call of 1,000 input tokens of a model that costs 1 credit for them. */
export function call(id: string, accountId: string, more: object = {}): object {
  return {
    id,
    accountId,
    serverId: `${accountId}-srv`,
    model: 'claude-haiku-4.5',
    occurredAt: Date.now() - 60_000,
    tokens: { input: 1_000 },
    ...more,
  };
}
