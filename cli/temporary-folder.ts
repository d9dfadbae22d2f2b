/** The demo's own data directory: made for it, and taken away when its engines have stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopKeeper } from '../../runtime/sidecars/stop-keeper.ts';

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'flowly-demo-'));
}

/** Stops what runs in the folder and removes it. */
export async function removeFolder(path: string): Promise<void> {
  await stopKeeper(path);
  rmSync(path, { recursive: true, force: true });
}
