/**
 * The configuration of the embedded Redis. A file of mode 0600, not arguments: those can be read by every user.
 * What money depends on: every write is on the disk before it is acknowledged, and nothing is ever evicted.
 */
import { totalmem } from 'node:os';
import { REDIS_HASH_COMPACT_FIELDS_MAX, REDIS_MEMORY_SHARE, REDIS_REWRITE_SIZE_MIN } from './limits.ts';
import type { SidecarPaths } from './paths.ts';

/** The text of redis.conf for Redis or Valkey `major`.x. */
export function redisConf(paths: SidecarPaths, password: string, major: number): string {
  const compact = major >= 7 ? 'listpack' : 'ziplist';
  const lines: [string, string][] = [
    ['port', '0'],
    ['unixsocket', quoted(paths.redisSocket)],
    ['unixsocketperm', '700'],
    ['requirepass', quoted(password)],
    ['dir', quoted(paths.redisDir)],
    ['daemonize', 'no'],
    ['logfile', '""'],
    ['databases', '1'],
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['no-appendfsync-on-rewrite', 'no'],
    ['aof-load-truncated', 'yes'],
    ['auto-aof-rewrite-min-size', REDIS_REWRITE_SIZE_MIN],
    // The rewritten file holds hashes and ids, which hardly compress, and the processor has better things to do.
    ['rdbcompression', 'no'],
    ['save', '""'],
    ['maxmemory', String(Math.floor(totalmem() * REDIS_MEMORY_SHARE))],
    ['maxmemory-policy', 'noeviction'],
    [`hash-max-${compact}-entries`, String(REDIS_HASH_COMPACT_FIELDS_MAX)],
  ];
  return `${lines.map((line) => line.join(' ')).join('\n')}\n`;
}

/** Redis reads a double-quoted argument with backslash escapes, so a blank or a quote in a path is safe. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
