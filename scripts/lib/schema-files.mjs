/** Prints each file of schema/json that is not what the zod schemas make. Runs on the project's Node, after set-up. */
import { readdirSync, readFileSync } from 'node:fs';
import { JSON_FOLDER, jsonSchemaFiles } from '../../schema/json-schemas.ts';

const wanted = jsonSchemaFiles();
const found = new Map(readdirSync(JSON_FOLDER).map((name) => [name, readFileSync(`${JSON_FOLDER}${name}`, 'utf8')]));
const differing = [...new Set([...wanted.keys(), ...found.keys()])].filter(
  (name) => wanted.get(name) !== found.get(name),
);
for (const name of differing) console.log(`schema/json/${name} is not what the schemas make: run npm run generate`);
if (differing.length > 0) process.exitCode = 1;
