/** The data directory of one test run: where it is, and what a run that was killed left behind. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryKeeperLock } from '../../runtime/sidecars/keeper-lock.ts';
import { sidecarPaths } from '../../runtime/sidecars/paths.ts';

export const TEST_DATA_DIR_VARIABLE = 'FLOWLY_TEST_DATA_DIR';
/** Longer than any test file that does not use the engines takes, so that they are started once a run. */
export const TEST_LINGER_MS = 30_000;

const PREFIX = 'flowly-test-';

/** A new directory, named in the environment that the test workers inherit. */
export function makeTestDirectory(): void {
  process.env[TEST_DATA_DIR_VARIABLE] = mkdtempSync(join(tmpdir(), PREFIX));
}

/** Removes a test directory once no keeper owns it; false while one does. */
export function removeTestDirectory(dataDir: string): boolean {
  const lock = tryKeeperLock(sidecarPaths(dataDir).keeperLock);
  if (!lock) return false;
  rmSync(dataDir, { recursive: true, force: true });
  lock.release();
  return true;
}

/** Removes directories of runs that were killed; those of runs still going on are locked. */
export function sweepTestDirectories(olderThanMs: number): void {
  for (const entry of readdirSync(tmpdir(), { withFileTypes: true })) {
    if (!entry.isDirectory() || !entry.name.startsWith(PREFIX)) continue;
    removeOld(join(tmpdir(), entry.name), olderThanMs);
  }
}

/** Another run may sweep at the same time, so the directory may be gone by now; one of another user is not ours to remove. */
function removeOld(path: string, olderThanMs: number): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.uid !== process.getuid?.()) return;
  if (Date.now() - stat.mtimeMs > olderThanMs) removeTestDirectory(path);
}
