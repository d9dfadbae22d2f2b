/** Whether Redis keeps what it acknowledges, never evicts, and has room. */
import { MEMORY_SHARE_MAX } from '../../workers/usage/room.ts';
import { showBytes } from '../terminal/format.ts';
import { type Check, check, type Finding, fail, ok, type Whole, warn } from './check.ts';

/** The oldest whose commands the scripts use. */
const VERSION_MIN = [6, 2] as const;
/** Redis for one remembered event id, measured by the bench: what grows for as long as events come. */
const ID_BYTES = 30;
/** Fewer hours than this are a day's notice. */
const HOURS_LEFT_MIN = 24;

type NeedsRedis = Whole<'redis'>;

export const redisChecks: readonly Check[] = [
  check('redis-version', ['redis'], async (patient) => {
    const version = (await info(patient, 'server')).get('redis_version') ?? '';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isOld = major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1]);
    return isOld ? fail(`Redis ${version}`, `use Redis ${VERSION_MIN.join('.')} or newer`) : ok(`Redis ${version}`);
  }),
  check('redis-eviction', ['redis'], async (patient) => {
    const policy = (await info(patient, 'memory')).get('maxmemory_policy') ?? 'unknown';
    if (policy === 'noeviction') return ok('maxmemory-policy noeviction');
    return fail(
      `maxmemory-policy ${policy}: Redis may throw balances and queued jobs away`,
      'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
    );
  }),
  check('redis-durability', ['redis'], durability),
  check('redis-persistence', ['redis'], async (patient) => {
    const found = await info(patient, 'persistence');
    const broken = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'].filter(
      (name) => (found.get(name) ?? 'ok') !== 'ok',
    );
    if (broken.length === 0) return ok('the last writes to disk succeeded');
    return fail(
      `Redis could not write to its disk (${broken.join(', ')})`,
      'look into the log of Redis and free space on its disk',
    );
  }),
  check('redis-memory', ['redis'], memory),
];

async function durability(patient: NeedsRedis): Promise<Finding> {
  if ((await info(patient, 'persistence')).get('aof_enabled') !== '1') {
    return fail(
      'appendonly no: what Redis holds is lost when it ends',
      'CONFIG SET appendonly yes, and the same in redis.conf',
    );
  }
  const fsync = await setting(patient, 'appendfsync');
  if (fsync === 'always') return ok('every write is on disk before it is acknowledged (appendfsync always)');
  const fix = 'CONFIG SET appendfsync always, and the same in redis.conf';
  if (fsync === undefined) {
    return warn('appendonly yes; this Redis does not tell its appendfsync', 'make sure that appendfsync is always');
  }
  const lost =
    fsync === 'everysec'
      ? 'a crash of its machine loses up to a second of acknowledged writes'
      : 'a crash of its machine loses acknowledged writes';
  const detail = `appendfsync ${fsync}: ${lost}; the service then refuses to go on`;
  return fsync === 'everysec' ? warn(detail, fix) : fail(detail, fix);
}

async function memory(patient: NeedsRedis): Promise<Finding> {
  const found = await info(patient, 'memory');
  const used = Number(found.get('used_memory') ?? 0);
  const bound = Number(found.get('maxmemory') ?? 0);
  const total = bound > 0 ? bound : Number(found.get('total_system_memory') ?? 0);
  const pausesAt = total * MEMORY_SHARE_MAX;
  const share = total === 0 ? '' : ` (${Math.round((used / total) * 100)} %)`;
  const bytes = `${showBytes(used)} of ${showBytes(total)}${share}`;
  if (total > 0 && used > pausesAt) {
    return fail(
      `${bytes}: taking usage pauses above ${MEMORY_SHARE_MAX * 100} %`,
      'give Redis more memory (maxmemory)',
    );
  }
  if (bound === 0) {
    return warn(`${bytes}, without a bound`, 'set maxmemory, so that usage pauses before the machine is out of memory');
  }
  const hours = await hoursLeft(patient, pausesAt - used);
  if (hours === undefined) return ok(`${bytes}; no event came in the last hour`);
  const detail = `${bytes}; ${hours < 10_000 ? `${Math.floor(hours)} hours` : 'over a year'} left at the rate of the last hour`;
  return hours < HOURS_LEFT_MIN ? warn(detail, 'give Redis more memory (maxmemory)') : ok(detail);
}

/** How long `bytes` last when as many ids come to be remembered as in the last hour; undefined when none came. */
async function hoursLeft({ history }: NeedsRedis, bytes: number): Promise<number | undefined> {
  if (history === undefined) return undefined;
  const result = await history.reader.query({
    query: `SELECT toString(count()) AS n FROM usage_events WHERE committed_at > now() - INTERVAL 1 HOUR`,
    format: 'JSONEachRow',
  });
  const [row] = await result.json<{ n: string }>();
  const events = Number(row?.n ?? 0);
  return events === 0 ? undefined : bytes / (events * ID_BYTES);
}

/** One section of INFO. */
export async function info({ redis }: NeedsRedis, section: string): Promise<Map<string, string>> {
  const lines = (await redis.info(section)).split(/\r?\n/);
  return new Map(lines.filter((line) => line.includes(':')).map((line) => line.split(/:(.*)/s) as [string, string]));
}

/** A managed Redis may not let its settings be read. */
async function setting({ redis }: NeedsRedis, name: string): Promise<string | undefined> {
  try {
    const [, value] = (await redis.config('GET', name)) as string[];
    return value;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined;
    throw error;
  }
}
