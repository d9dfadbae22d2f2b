/**
 * A client in a process of its own: `node client-program DATA_DIR LINGER_MS`. Opens the engines, prints their pids as a
 * line of JSON, and lets go when its standard input ends.
 */
import { openEngines } from '../../../runtime/sidecars/open-engines.ts';

const engines = await openEngines({ dataDir: process.argv[2] ?? '', lingerMs: Number(process.argv[3]) });
process.stdout.write(`${JSON.stringify(engines.pids)}\n`);
process.stdin.resume();
process.stdin.once('end', () => void engines.close());
