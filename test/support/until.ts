/** Waiting in tests: for what must come, never for a time. */

/**
 * The longest wait for anything. No test fails because a machine is slow: this only ends a wait for what never comes,
 * and says for what.
 */
const WAIT_MS_MAX = 120_000;
const LOOK_MS = 10;

/** Looks until the condition holds; throws, naming it, when it does not for two minutes. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited ${WAIT_MS_MAX / 1_000} s in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
