/** A data directory of one command's own: made for it, and taken away when its engines have stopped. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopKeeper } from '../runtime/sidecars/stop-keeper.ts';

/** `word` tells people whose folder it is. */
export function makeFolder(word: string): string {
  return mkdtempSync(join(tmpdir(), `flowly-${word}-`));
}

/** Stops what runs in the folder and removes it. */
export async function removeFolder(path: string): Promise<void> {
  await stopKeeper(path);
  await rm(path, { recursive: true, force: true });
}
