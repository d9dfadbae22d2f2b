/**
 * Data flows from left to right, and nothing imports from its right. This is the table that says so, and the check
 * that every relative import in the sources keeps to it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { filesBelow } from './build.mjs';
import { root } from './common.mjs';

/** What each folder may import from, beside itself. */
const mayImport = {
  core: [],
  schema: ['core'],
  ledger: ['core', 'schema'],
  client: ['core', 'schema', 'ledger'],
  emails: ['core', 'schema', 'ledger'],
  runtime: ['core'],
  workers: ['core', 'schema', 'ledger', 'emails', 'runtime'],
  jobs: ['core', 'schema', 'ledger', 'emails', 'runtime', 'workers'],
  cli: ['core', 'schema', 'ledger', 'emails', 'runtime', 'workers', 'jobs'],
};
const stages = Object.keys(mayImport);
const all = [...stages, 'bench', 'index.ts', 'package.json'];
const rules = { ...mayImport, bench: all, test: all, 'index.ts': stages };

/** Static, side-effect and dynamic imports of a relative path. */
const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*(['"])(\.\.?\/[^'"]*)\1/g;

/** The broken rules, a line each: `cli` imported by `core`, or a folder that no rule knows. */
export function layerFaults() {
  const files = Object.keys(rules).flatMap((part) => (part.includes('.') ? [part] : filesBelow(part)));
  const sources = files.filter((path) => /\.(ts|tsx|mts)$/.test(path) && existsSync(`${root}/${path}`));
  return sources.flatMap((path) => {
    const [part] = path.split('/');
    const allowed = [part, ...rules[part]];
    return [...readFileSync(`${root}/${path}`, 'utf8').matchAll(importPattern)]
      .map(([, , target]) => posix.join(posix.dirname(path), target))
      .filter((target) => !allowed.includes(target.split('/')[0]))
      .map((target) => `${path} imports ${target}: ${part} may import ${allowed.join(', ')}`);
  });
}
