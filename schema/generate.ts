/** Writes schema/json/*.schema.json anew: `node schema/generate.ts`. Files of schemas that are gone are removed. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { JSON_FOLDER, jsonSchemaFiles } from './json-schemas.ts';

const files = jsonSchemaFiles();
await mkdir(JSON_FOLDER, { recursive: true });
for (const name of await readdir(JSON_FOLDER)) if (!files.has(name)) await rm(`${JSON_FOLDER}${name}`);
for (const [name, text] of files) await writeFile(`${JSON_FOLDER}${name}`, text);
