/** `cycles`: when the first cycles of an anchor start and end, by rule 1. Needs no engine. */
import { boundaries } from '../../core/cycles.ts';
import { anchorFlag, integerFlag, zoneFlag } from '../flags.ts';
import type { Program } from '../program.ts';
import { isoTime, localTime } from '../terminal/format.ts';
import { table } from '../terminal/table.ts';

/** A hundred years of months. */
const CYCLES_MAX = 1_200;

interface Flags {
  readonly anchor: string;
  readonly timeZone: string;
  readonly count: number;
}

export function registerCycles(program: Program): void {
  const command = program
    .command('cycles', {
      summary: 'print when the cycles of an anchor start and end',
      details:
        'Every boundary is the anchor plus n months in the time zone: the day is cut to the month’s last, a local time ' +
        'that daylight saving skips moves forward by the gap, one that occurs twice is the first.\n' +
        '--json prints the N+1 boundaries in UTC.',
      examples: ['cycles --anchor 2026-01-31T00:00:00 --time-zone Europe/Berlin --count 14'],
    })
    .requiredOption(
      '--anchor <T>',
      'local date-time of the first boundary, such as 2026-01-31T00:00:00',
      anchorFlag('--anchor'),
    )
    .requiredOption('--time-zone <Z>', 'IANA time zone, such as Europe/Berlin', zoneFlag('--time-zone'))
    .requiredOption('--count <N>', `number of cycles, 1 to ${CYCLES_MAX}`, integerFlag('--count', 1, CYCLES_MAX));
  program.action<Flags>(command, async ({ output, json }, { anchor, timeZone, count }) => {
    const instants = boundaries(anchor, timeZone, count);
    if (json) return output.json(instants.map(isoTime));
    const cycles = Array.from({ length: count }, (_, i) => ({
      number: i + 1,
      start: instants[i]!,
      end: instants[i + 1]!,
    }));
    await output.line(
      table(
        [
          { title: 'CYCLE', align: 'right', cell: (one) => String(one.number) },
          { title: 'START (UTC)', cell: (one) => isoTime(one.start) },
          { title: 'END (UTC)', cell: (one) => isoTime(one.end) },
          { title: `START (${timeZone})`, cell: (one) => localTime(one.start, timeZone) },
          { title: `END (${timeZone})`, cell: (one) => localTime(one.end, timeZone) },
        ],
        cycles,
      ),
    );
  });
}
