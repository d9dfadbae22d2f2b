/**
 * Data of inserts on their way into the engine: a file each, in a folder of mode 0700 on the same disk. Whatever lies
 * there when the engine starts is from a crash and was never acknowledged, so it is removed.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Chunks are handed to the disk together from this size on: one trip to a thread instead of sixteen. */
const WRITE_BYTES_MIN = 1024 * 1024;

/** Nothing else is ever removed: the folder's name is a common one, and somebody may point us at a home directory. */
const OURS = /^insert-\d+$/;

export type Spool = {
  /** Writes the data to a file (0600), hands its path to `use`, removes it. */
  with<T>(data: AsyncIterable<Buffer>, use: (path: string) => Promise<T>): Promise<T>;
};

export function openSpool(folder: string): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) if (OURS.test(name)) rmSync(join(folder, name));
  let count = 0;
  return {
    async with(data, use) {
      count += 1;
      const path = join(folder, `insert-${count}`);
      try {
        await write(path, data);
        return await use(path);
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}

async function write(path: string, data: AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let batch: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of data) {
      batch.push(chunk);
      bytes += chunk.length;
      if (bytes < WRITE_BYTES_MIN) continue;
      await file.appendFile(Buffer.concat(batch));
      batch = [];
      bytes = 0;
    }
    if (bytes > 0) await file.appendFile(Buffer.concat(batch));
  } finally {
    await file.close();
  }
}
