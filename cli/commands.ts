/** Every command, in the order in which `--help` lists them. */
import { registerAlerts } from './commands/alerts.ts';
import { registerBalance } from './commands/balance.ts';
import { registerCycles } from './commands/cycles.ts';
import { registerDeadLetters } from './commands/dead-letters.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerDrain } from './commands/drain.ts';
import { registerEmails } from './commands/emails.ts';
import { registerExplain } from './commands/explain.ts';
import { registerGate } from './commands/gate.ts';
import { registerIngest } from './commands/ingest.ts';
import { registerJobs } from './commands/jobs.ts';
import { registerLedger } from './commands/ledger.ts';
import { registerReconcile } from './commands/reconcile.ts';
import { registerSimulate } from './commands/simulate.ts';
import { registerStart } from './commands/start.ts';
import { registerStatement } from './commands/statement.ts';
import { registerUsage } from './commands/usage.ts';
import type { Program } from './program.ts';

export function registerCommands(program: Program): void {
  registerStart(program);
  registerDemo(program);
  registerIngest(program);
  registerDrain(program);
  registerBalance(program);
  registerUsage(program);
  registerLedger(program);
  registerStatement(program);
  registerExplain(program);
  registerAlerts(program);
  registerGate(program);
  registerReconcile(program);
  registerJobs(program);
  registerEmails(program);
  registerDeadLetters(program);
  registerSimulate(program);
  registerCycles(program);
  registerDoctor(program);
}
