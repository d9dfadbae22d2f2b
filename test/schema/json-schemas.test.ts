/** The committed JSON Schema files are what the zod schemas make, and describe every field. */
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { JSON_FOLDER, jsonSchemaFiles } from '../../schema/json-schemas.ts';

const files = jsonSchemaFiles();
type Json = { readonly [key: string]: unknown };

/** Path and schema of every property, however deep. */
const propertiesOf = (schema: unknown, path: string): [string, Json][] => {
  if (Array.isArray(schema)) return schema.flatMap((part, i) => propertiesOf(part, `${path}[${i}]`));
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
    if (key !== 'properties') return propertiesOf(value, `${path}.${key}`);
    return Object.entries(value as Json).flatMap(([name, property]): [string, Json][] => [
      [`${path}.${name}`, property as Json],
      ...propertiesOf(property, `${path}.${name}`),
    ]);
  });
};

describe('schema/json', () => {
  test('has these files and no others', async () => {
    expect((await readdir(JSON_FOLDER)).sort()).toEqual([...files.keys()].sort());
  });

  test.each([...files])('%s is up to date (node schema/generate.ts)', async (name, text) => {
    expect(await readFile(`${JSON_FOLDER}${name}`, 'utf8')).toBe(text);
  });

  test.each([...files])('%s describes every field and takes no others', (_name, text) => {
    const schema = JSON.parse(text) as Json;
    expect(schema.title).toEqual(expect.any(String));
    expect(schema.additionalProperties).toBe(false);
    const properties = propertiesOf(schema, '');
    expect(properties.length).toBeGreaterThan(0);
    const bare = properties.filter(
      ([, property]) => typeof property.description !== 'string' || property.description === '',
    );
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  test('an event needs what the contract says', () => {
    const schema = JSON.parse(files.get('usage-event.schema.json')!) as Json;
    expect(schema.required).toEqual(['id', 'accountId', 'serverId', 'model', 'occurredAt', 'tokens']);
  });
});
