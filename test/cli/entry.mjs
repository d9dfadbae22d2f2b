/** Runs the command line from its sources: Node strips the types, so the tests need no build. */
import { main } from '../../cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
