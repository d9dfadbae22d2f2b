/** Jest reporter: leaves the true counts of a run in the file that FLOWLY_TEST_COUNTS names, for test.mjs. */
const { writeFileSync } = require('node:fs');

module.exports = class TestCounts {
  onRunComplete(_contexts, results) {
    const counts = {
      passed: results.numPassedTests,
      // A file that could not be run has no tests to count and is a failure all the same.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    writeFileSync(process.env.FLOWLY_TEST_COUNTS, JSON.stringify(counts));
  }
};
