/** After all tests, failed ones too: stops the shared engines and removes their directory. */
import { stopKeeper } from '../../runtime/sidecars/stop-keeper.ts';
import { removeTestDirectory, TEST_DATA_DIR_VARIABLE } from './shared-directory.ts';

export default async function globalTeardown(): Promise<void> {
  const dataDir = process.env[TEST_DATA_DIR_VARIABLE];
  if (dataDir === undefined) return;
  await stopKeeper(dataDir);
  if (!removeTestDirectory(dataDir)) throw new Error(`A keeper still owns ${dataDir}.`);
}
