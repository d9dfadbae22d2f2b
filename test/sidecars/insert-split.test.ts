/** Where an INSERT's data begin, piece by piece: the same answer however the text arrives. */
import { describe, expect, test } from '@jest/globals';
import { splitInsert } from '../../runtime/sidecars/clickhouse/insert-split.ts';

describe('splitInsert', () => {
  test.each<[string, { target: string; settings?: string; format: string; data: string }]>([
    ['INSERT INTO t FORMAT TSV\n1\n', { target: 'INSERT INTO t', format: 'TSV', data: '1\n' }],
    ['INSERT INTO t FORMAT TSV\r\n1', { target: 'INSERT INTO t', format: 'TSV', data: '1' }],
    ['INSERT INTO t FORMAT TSV \n\n1', { target: 'INSERT INTO t', format: 'TSV', data: '\n1' }],
    ['INSERT INTO t FORMAT JSONEachRow {"a":1}', { target: 'INSERT INTO t', format: 'JSONEachRow', data: '{"a":1}' }],
    ['insert into t values (1)', { target: 'insert into t', format: 'Values', data: ' (1)' }],
    ['INSERT INTO t(a)VALUES(1)', { target: 'INSERT INTO t(a)', format: 'Values', data: '(1)' }],
    [
      'INSERT INTO t (`format`, "values") VALUES (1)',
      { target: 'INSERT INTO t (`format`, "values")', format: 'Values', data: ' (1)' },
    ],
    [
      'INSERT INTO t (format, values) VALUES (1)',
      { target: 'INSERT INTO t (format, values)', format: 'Values', data: ' (1)' },
    ],
    [
      "INSERT INTO t SETTINGS a = 1, b = 'FORMAT x' FORMAT TSV\n1",
      { target: 'INSERT INTO t', settings: "a = 1, b = 'FORMAT x'", format: 'TSV', data: '1' },
    ],
    [
      'INSERT /* FORMAT a */ INTO t -- VALUES\n FORMAT TSV\n1',
      { target: 'INSERT /* FORMAT a */ INTO t', format: 'TSV', data: '1' },
    ],
    [
      "INSERT INTO FUNCTION null('format String') FORMAT TSV\n1",
      { target: "INSERT INTO FUNCTION null('format String')", format: 'TSV', data: '1' },
    ],
    ['INSERT INTO `a\\`b` FORMAT TSV\n1', { target: 'INSERT INTO `a\\`b`', format: 'TSV', data: '1' }],
    ['INSERT INTO t', { target: 'INSERT INTO t', format: 'Values', data: '' }],
  ])('%j', (text, { data, settings = '', ...expected }) => {
    const head = splitInsert(text, true);
    expect(head).toMatchObject({ ...expected, settings });
    expect(text.slice((head as { dataStart: number }).dataStart)).toBe(data);
  });

  test.each([
    'SELECT 1',
    'INSERT INTO t SELECT 1',
    'INSERT INTO t (a) WITH 1 AS x SELECT x',
    '-- INSERT\nSELECT 1',
    'CREATE TABLE insert (a UInt8)',
    'INSERTS',
  ])('is no insert with data: %s', (text) => {
    expect(splitInsert(text, true)).toBeUndefined();
  });

  test('asks for more until the answer cannot change any more', () => {
    const text = "/* c */ INSERT INTO t (a, s) SETTINGS x = 'FORMAT' FORMAT RowBinary\n";
    const whole = splitInsert(`${text}DATA`, true);
    for (let length = 0; length < text.length; length += 1) {
      const head = splitInsert(text.slice(0, length), false);
      if (head !== 'more') expect({ length, head }).toEqual({ length, head: whole });
    }
    expect(splitInsert(text, false)).toEqual(whole);
  });
});
