/**
 * Runs the tests with Jest on the project's Node; arguments go to Jest (`npm test -- cycles -t "31 January"`).
 * The last line is `N passed, N failed, N skipped`. A run without a test has failed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { projectNode, root, run, script } from './lib/common.mjs';

/** What is counted when Jest ended before it could say: it crashed, or was told something it does not know. */
const noCounts = { passed: 0, failed: 1, skipped: 0 };

async function test(args) {
  const folder = mkdtempSync(`${tmpdir()}/flowly-test-`);
  const countsFile = `${folder}/counts.json`;
  try {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const reporters = ['--reporters=default', `--reporters=${root}/scripts/lib/test-counts.cjs`];
    const env = {
      ...process.env,
      FLOWLY_TEST_COUNTS: countsFile,
      PATH: `${root}/node_modules/.bin:${process.env.PATH}`,
    };
    const jest = `${root}/node_modules/jest/bin/jest.js`;
    const { code } = await run(projectNode(), [...flags, jest, ...args, ...reporters], { show: true, env });
    const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : noCounts;
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    return code === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await script(test);
