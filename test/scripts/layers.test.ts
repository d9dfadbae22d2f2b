/** scripts/lib/layers.mjs, in a folder of its own: what it lets through and what it names. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/flowly-layers-`);
  cpSync('scripts/lib', `${folder}/scripts/lib`, { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function faultsOf(path: string, text: string): string {
  mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
  writeFileSync(`${folder}/${path}`, text);
  const script = 'import { layerFaults } from "./scripts/lib/layers.mjs"; console.log(layerFaults().join("\\n"));';
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    encoding: 'utf8',
  }).trim();
}

test.each([
  ['ledger/door.ts', "import { x } from '../schema/event.ts';\nimport { y } from './keys.ts';"],
  ['workers/usage/worker.ts', "import type { Log } from '../../runtime/log.ts';"],
  ['client/usage-client.ts', "import { x } from '../ledger/keys.ts';"],
  ['emails/low.tsx', "export { x } from '../core/money.ts';"],
  ['test/ledger/door.test.ts', "import { x } from '../../cli/main.ts';"],
  ['index.ts', "export { x } from './ledger/gate.ts';"],
  ['core/money.ts', "import { readFileSync } from 'node:fs';"],
])('%s may hold %j', (path, text) => {
  expect(faultsOf(path, text)).toBe('');
});

test.each([
  [
    'core/money.ts',
    "import { x } from '../ledger/door.ts';",
    'core/money.ts imports ledger/door.ts: core may import core',
  ],
  ['schema/a.ts', "import '../runtime/log.ts';", 'schema/a.ts imports runtime/log.ts: schema may import schema, core'],
  [
    'runtime/a/b.ts',
    "await import('../../schema/c.ts');",
    'runtime/a/b.ts imports schema/c.ts: runtime may import runtime, core',
  ],
  ['client/a.ts', "import '../workers/queues.ts';", expect.stringContaining('client/a.ts imports workers/queues.ts')],
  ['jobs/a.ts', "import {\n  x,\n} from '../cli/b.ts';", expect.stringContaining('jobs/a.ts imports cli/b.ts')],
  ['cli/a.ts', "import { x } from '../test/b.ts';", expect.stringContaining('cli/a.ts imports test/b.ts')],
])('%s may not hold %j', (path, text, fault) => {
  expect(faultsOf(path, text)).toEqual(fault);
});
