/** `npm run bench -- NAME [--json]`: runs a bench on embedded engines in a folder of its own and prints its figures. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { type System, withSystem } from '../cli/system.ts';
import { readConfig } from '../runtime/config.ts';
import { createLog } from '../runtime/log.ts';
import { benchGate } from './gate.ts';
import { benchIngest } from './ingest.ts';
import { machine } from './machine.ts';

const program = new Command('bench').description('Measures the system on this machine, in a folder of its own.');

program
  .command('ingest')
  .description('events per second from the queue to the rollups, and what the engines do alone')
  .addOption(new Option('--batched <events>', 'events in jobs of 500').default(400_000).argParser(Number))
  .addOption(new Option('--single <events>', 'events in jobs of one').default(30_000).argParser(Number))
  .option('--json', 'print JSON alone')
  .action(({ batched, single, json }: { batched: number; single: number; json?: boolean }) =>
    report('ingest', json, (system) => benchIngest(system, { batched, single })),
  );

program
  .command('gate')
  .description('how long a gate check takes beside a bare GET')
  .addOption(new Option('--checks <calls>', 'calls of each').default(50_000).argParser(Number))
  .option('--json', 'print JSON alone')
  .action(({ checks, json }: { checks: number; json?: boolean }) =>
    report('gate', json, (system) => benchGate(system, { checks })),
  );

await program.parseAsync();

async function report(bench: string, json: boolean | undefined, run: (system: System) => Promise<object>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'flowly-bench-'));
  try {
    const config = readConfig({ FLOWLY_DATA_DIR: dataDir });
    const log = createLog({ level: 'warn' });
    const figures = { bench, machine: machine(), ...(await withSystem({ config, log }, run)) };
    if (json === true) console.log(JSON.stringify(figures));
    else console.dir(figures, { depth: null });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
