/** `npm run bench -- NAME [--json]`: runs a bench on embedded engines in a folder of its own and prints its figures. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { type System, withSystem } from '../cli/system.ts';
import { readConfig } from '../runtime/config.ts';
import { createLog } from '../runtime/log.ts';
import { benchAlerts } from './alerts.ts';
import { benchGate } from './gate.ts';
import { benchIngest } from './ingest.ts';
import { machine } from './machine.ts';
import { benchMailKills } from './mail-kills.ts';
import { benchReset } from './reset.ts';

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

program
  .command('alerts')
  .description('how long from the event that crosses a threshold to its mail, at half of the full rate')
  .addOption(
    new Option('--events <events>', 'events that the full rate is measured with').default(300_000).argParser(Number),
  )
  .addOption(new Option('--mails <mails>', 'mails that are waited for').default(300).argParser(Number))
  .option('--json', 'print JSON alone')
  .action(({ json, ...options }: { events: number; mails: number; json?: boolean }) =>
    report('alerts', json, (system) => benchAlerts(system, options)),
  );

program
  .command('mail-kills')
  .description('whether every mail comes, and none twice unsaid, while the service is killed -9 again and again')
  .addOption(
    new Option('--accounts <accounts>', 'accounts that cross two thresholds').default(10_000).argParser(Number),
  )
  .addOption(new Option('--kills <kills>', 'times that the service is killed').default(5).argParser(Number))
  .addOption(new Option('--seed <seed>', 'what the moments of the kills go by').default(1).argParser(Number))
  .option('--json', 'print JSON alone')
  .action(({ json, ...options }: { accounts: number; kills: number; seed: number; json?: boolean }) =>
    report('mail-kills', json, (system) => benchMailKills(system, options)),
  );

program
  .command('reset')
  .description('how long it takes to reset very many accounts whose cycle ends at once, while others are debited')
  .addOption(new Option('--accounts <accounts>', 'accounts that are reset').default(1_000_000).argParser(Number))
  .option('--json', 'print JSON alone')
  .action(({ accounts, json }: { accounts: number; json?: boolean }) =>
    report('reset', json, (system) => benchReset(system, { accounts })),
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
    if ('ok' in figures && figures.ok === false) process.exitCode = 1;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
