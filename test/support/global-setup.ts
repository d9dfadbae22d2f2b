/** Before all tests: names a data directory for the shared engines. The first test file that needs them starts them. */
import { makeTestDirectory, sweepTestDirectories } from './shared-directory.ts';

/** A run that is older than this has ended, or its engines are locked. */
const OLD_RUN_MS = 60 * 60 * 1000;

export default function globalSetup(): void {
  sweepTestDirectories(OLD_RUN_MS);
  makeTestDirectory();
}
