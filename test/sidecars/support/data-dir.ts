/** Data directories of tests that start and kill keepers of their own; each is stopped and removed after its test file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { type Engines, openEngines } from '../../../runtime/sidecars/open-engines.ts';
import { sidecarPaths } from '../../../runtime/sidecars/paths.ts';
import { stopKeeper } from '../../../runtime/sidecars/stop-keeper.ts';

/** Short, so that "stops after the last client" does not cost ten seconds a test. */
export const SHORT_LINGER_MS = 300;

const roots: string[] = [];
const directories: string[] = [];
const opened: Engines[] = [];

afterAll(async () => {
  for (const engines of opened) await engines.close();
  for (const directory of directories) {
    await stopKeeper(directory);
    const sockets = dirname(sidecarPaths(directory).keeperSocket); // outside a directory that is too deep
    rmSync(sockets, { recursive: true, force: true });
  }
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

export function freshDataDir(under = ''): string {
  const root = mkdtempSync(join(tmpdir(), 'flowly-sidecars-'));
  roots.push(root);
  const directory = under === '' ? root : join(root, under);
  directories.push(directory);
  return directory;
}

/** Opens engines that are closed after the test file at the latest. */
export async function open(dataDir: string, lingerMs = SHORT_LINGER_MS): Promise<Engines> {
  const engines = await openEngines({ dataDir, lingerMs });
  opened.push(engines);
  return engines;
}
