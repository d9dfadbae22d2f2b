/** `doctor`: looks at engines, settings, clocks, permissions and what waits, and says what to change. */
import type { CheckResult, Status } from '../doctor/check.ts';
import { examine } from '../doctor/examine.ts';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import type { Invocation, Program } from '../program.ts';
import { cellText, plural } from '../terminal/format.ts';
import { type Style, styled } from '../terminal/table.ts';

const NAME_COLUMNS = 22;
const DETAIL_CHARS_MAX = 400;
const STYLES: Readonly<Record<Status, Style>> = { ok: 'green', warn: 'yellow', fail: 'red' };

export function registerDoctor(program: Program): void {
  const command = program.command('doctor', {
    summary: 'check engines, settings, clocks and permissions, and say what to change',
    details:
      'A line a check: ok, warn or fail, and what to change below it. Changes nothing: its scratch tables are gone ' +
      'afterwards. Exits 1 when a check fails.\n--json prints an array of {"check","status","detail","fix"}.',
    examples: ['doctor', 'doctor --json'],
  });
  program.action(command, doctor);
}

async function doctor({ output, json, config, log }: Invocation): Promise<number> {
  const found = { ok: 0, warn: 0, fail: 0 };
  async function* counted(): AsyncGenerator<CheckResult> {
    for await (const one of examine(config, log)) {
      found[one.status] += 1;
      yield one;
    }
  }
  if (json) await output.jsonArray(counted());
  else {
    for await (const one of counted()) await output.line(lineOf(one));
    await output.line(`\n${found.ok} ok, ${plural(found.warn, 'warning')}, ${found.fail} failed.`);
  }
  return found.fail > 0 ? EXIT_FAILED : EXIT_OK;
}

function lineOf({ check, status, detail, fix }: CheckResult): string {
  const head = `${styled(STYLES[status], status.padEnd(4))}  ${check.padEnd(NAME_COLUMNS)}  ${cellText(detail, DETAIL_CHARS_MAX)}`;
  return fix === null ? head : `${head}\n${' '.repeat(6)}${styled('dim', 'fix:')} ${cellText(fix, DETAIL_CHARS_MAX)}`;
}
