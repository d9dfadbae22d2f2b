/** Who may speak to the embedded ClickHouse, and what the reader may say: passwords, web pages, files, personal data. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Engines } from '../../runtime/sidecars/open-engines.ts';
import { freshDatabase, sharedEngines } from '../support/engines.ts';
import { ask, type SqlOptions, sql } from './support/clients.ts';

let engines: Engines;
let database: string;

beforeAll(async () => {
  engines = await sharedEngines();
  database = (await freshDatabase()).database;
  await sql(engines, `CREATE TABLE ${database}.open (a UInt8) ENGINE = MergeTree ORDER BY a`);
  await sql(engines, `INSERT INTO ${database}.open VALUES (1)`);
  await sql(
    engines,
    `CREATE TABLE ${database}.account_contacts (email String, name String) ENGINE = MergeTree ORDER BY email`,
  );
  await sql(engines, `INSERT INTO ${database}.account_contacts VALUES ('someone@example.com', 'Some One')`);
  await sql(engines, `ALTER TABLE ${database}.account_contacts UPDATE name = '' WHERE email = 'someone@example.com'`);
  await sql(engines, `CREATE VIEW ${database}.window AS SELECT * FROM ${database}.account_contacts`);
});

/** Node's fetch sets Host and Origin by itself; this sends what it is told. */
function rawRequest(headers: Record<string, string>): Promise<{ status: number | undefined; text: string }> {
  const { url, username, password } = engines.clickhouse;
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password, ...headers },
    };
    const sent = request(`${url}/?query=SELECT+1`, options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text: text.trim() }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('at the door', () => {
  test.each<[string, SqlOptions, number]>([
    ['the right password', {}, 200],
    ['a wrong password', { password: 'guess' }, 403],
    ['an empty password', { password: '' }, 403],
    ['the password of another user', { user: 'reader', password: 'WRITER' }, 403],
    ['no password', { headers: { authorization: '' } }, 401],
    ['an unknown user', { headers: { authorization: `Basic ${Buffer.from('default:').toString('base64')}` } }, 403],
  ])('%s: %j → %i', async (_, options, status) => {
    const password = options.password === 'WRITER' ? engines.clickhouse.password : options.password;
    const answer = await ask(engines, 'SELECT 1', { ...options, ...(password !== undefined && { password }) });
    expect(answer.status).toBe(status);
    if (status !== 200) {
      expect(answer.text).toMatch(/^Code: 516\. DB::Exception: /);
      expect(answer.headers.get('x-clickhouse-exception-code')).toBe('516');
    }
  });

  test('takes user and password in the URL and in headers too', async () => {
    const { url, username, password } = engines.clickhouse;
    const inUrl = await fetch(`${url}/?user=${username}&password=${password}&query=SELECT+1`);
    expect(await inUrl.text()).toBe('1\n');
    expect(await rawRequest({})).toEqual({ status: 200, text: '1' });
  });

  test.each([
    [{ Origin: 'https://example.com' }],
    [{ Origin: 'null' }],
    [{ Origin: 'http://localhost:3000' }],
    [{ Host: 'rebound.example.com' }],
    [{ Host: '127.0.0.1.example.com:8123' }],
    [{ Host: '192.168.1.2:8123' }],
  ])('refuses what a web page could send, also with the right password: %j', async (headers) => {
    expect((await rawRequest(headers)).status).toBe(403);
  });

  test.each(['localhost', '127.0.0.1:1', '[::1]:8123'])('takes Host: %s', async (host) => {
    expect((await rawRequest({ Host: host })).status).toBe(200);
  });

  test('answers /ping to anyone on this machine, and nothing else', async () => {
    const { url } = engines.clickhouse;
    expect(await (await fetch(`${url}/ping`)).text()).toBe('Ok.\n');
    expect((await fetch(`${url}/play`)).status).toBe(404);
  });
});

describe('a reader', () => {
  const read = (statement: string, query: Record<string, string> = {}) =>
    ask(engines, statement, { user: 'reader', query: { database, ...query } });

  test.each([
    'SELECT a FROM open',
    '-- a comment first\nSELECT a FROM open;',
    'WITH 1 AS x SELECT a FROM open WHERE a = x',
    '(SELECT a FROM open)',
  ])('reads: %s', async (statement) => {
    expect(await read(statement)).toMatchObject({ status: 200, text: '1' });
  });

  test.each([
    ['INSERT INTO open VALUES (2)'],
    ['INSERT INTO open FORMAT TSV\n2\n'],
    ['/* SELECT */ INSERT INTO open SELECT 2'],
    ['CREATE TABLE mine (a UInt8) ENGINE = Memory'],
    ['DROP TABLE open'],
    ['ALTER TABLE open DELETE WHERE 1'],
    ['OPTIMIZE TABLE open'],
    ['TRUNCATE TABLE open'],
    ['KILL QUERY WHERE 1'],
    ['SYSTEM STOP MERGES'],
    ['SELECT 1; DROP TABLE open'],
    ["SELECT ';'; DROP TABLE open"],
    ['SET readonly = 0'],
    ['SELECT 1 SETTINGS readonly = 0'],
    ['SELECT a FROM open SETTINGS max_threads = 8'],
    ['SELECT 1 SETTINGS additional_table_filters = {}'],
  ])('cannot change anything, nor its own limits: %s', async (statement) => {
    expect((await read(statement)).status).toBe(403);
    expect(await read('SELECT count() FROM open')).toMatchObject({ status: 200, text: '1' });
  });

  test.each([
    'readonly',
    'max_threads',
    'additional_table_filters',
    'max_execution_time',
    'dialect',
    'use_query_cache',
  ])('cannot choose %s in the URL', async (name) => {
    expect(await read('SELECT 1', { [name]: '0' })).toMatchObject({
      status: 403,
      text: expect.stringMatching(/READONLY/),
    });
  });

  test('has one thread and readonly, and may choose how a result looks', async () => {
    const statement = "SELECT getSetting('readonly') AS r, getSetting('max_threads') AS t, toInt64(5) AS n";
    const answer = await read(statement, {
      default_format: 'JSONEachRow',
      output_format_json_quote_64bit_integers: '1',
    });
    expect(JSON.parse(answer.text)).toEqual({ r: 1, t: 1, n: '5' });
  });

  test.each([
    ["SELECT file('/etc/hostname')"],
    ["SELECT * FROM file('/etc/hostname', 'TSVRaw', 'l String')"],
    ["SELECT `file`('/etc/hostname')"],
    ["SELECT `fi\\x6ce`('/etc/hostname')"],
    ["SELECT `fi\\Nle`('/etc/hostname')"],
    ["SELECT fi/* */le('/etc/hostname')"],
    ["SELECT FILE/**/('/etc/hostname')"],
    ["SELECT * FROM eval('SELECT 1')"],
    ["SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')"],
    ["SELECT * FROM s3('http://bucket.s3.amazonaws.com/x', 'TSV', 'a String')"],
    ["SELECT * FROM remote('127.0.0.1', 'system', 'one')"],
    ["SELECT * FROM executable('id', 'TSV', 'a String')"],
    ["SELECT * FROM sqlite('/etc/hostname', 't')"],
    ['SELECT * FROM `/etc/hostname`'],
    ["DESCRIBE TABLE file('/etc/hostname')"],
  ])('cannot reach a file or another machine: %s', async (statement) => {
    const answer = await read(statement);
    expect(answer.status).not.toBe(200);
    expect(answer.text).toMatch(/^Code: \d+\. DB::Exception: /);
  });

  test.each(['INTO OUTFILE', 'into /* x */ outfile', 'INTO\nOUTFILE'])('cannot write a file: %s', async (into) => {
    const path = join(tmpdir(), `${database}-outfile`);
    expect((await read(`SELECT 1 ${into} '${path}'`)).status).toBe(403);
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    ['SELECT * FROM account_contacts'],
    ['SELECT * FROM `account_contacts`'],
    ['SELECT * FROM "account\\x5fcontacts"'],
    ['SELECT * FROM account/**/_contacts'],
    ['SELECT * FROM window'],
    ['SELECT count() FROM window HAVING count() > 0'],
    ["SELECT * FROM merge('.*')"],
    ["SELECT * FROM merge(currentDatabase(), 'account.*')"],
    ["SELECT * FROM mergeTreeIndex(currentDatabase(), 'account_' || 'contacts')"],
    ["SELECT query FROM system.processes WHERE query LIKE '%example.com%'"],
    ['SELECT last_error_message FROM system.errors'],
    ['SELECT command FROM system.mutations'],
    ["SELECT * FROM system.parts_columns WHERE column = 'email'"],
  ])('does not see personal data: %s', async (statement) => {
    const answer = await read(statement);
    expect(answer.text).not.toContain('example.com');
    if (answer.status === 200) expect(answer.text).toBe('');
  });

  test.each([
    'SELECT * FROM window',
    "SELECT * FROM merge(currentDatabase(), 'account.*')",
    'SELECT command FROM system.mutations',
  ])('but the writer does, so that the table above says something: %s', async (statement) => {
    expect((await ask(engines, statement, { query: { database } })).text).toContain('example.com');
  });

  test('of what was set aside it sees events, and no command, which may hold an address', async () => {
    await sql(
      engines,
      `CREATE TABLE ${database}.dead_letters (kind String, body String) ENGINE = MergeTree ORDER BY kind`,
    );
    await sql(
      engines,
      `INSERT INTO ${database}.dead_letters VALUES ('event', 'e'), ('command', 'someone@example.com'), ('job', 'j')`,
    );
    expect((await read('SELECT body FROM dead_letters')).text.trim()).toBe('e');
    expect((await read("SELECT count() FROM merge(currentDatabase(), '^dead')")).text).not.toContain('3');
  });

  test('does not see them through a parameter, in a database made a moment ago, or after a rename', async () => {
    const byName = await read('SELECT * FROM {t:Identifier}', { param_t: 'account_contacts' });
    expect(byName.status).toBe(403);
    const other = (await freshDatabase()).database;
    await sql(engines, `CREATE TABLE ${other}.account_contacts (email String) ENGINE = MergeTree ORDER BY email`);
    await sql(engines, `INSERT INTO ${other}.account_contacts VALUES ('other@example.com')`);
    await sql(engines, `CREATE VIEW ${other}.w AS SELECT * FROM ${other}.account_contacts`);
    expect(await read(`SELECT * FROM ${other}.w`)).toMatchObject({ status: 200, text: '' });
    await sql(engines, `RENAME DATABASE ${other} TO ${other}_renamed`);
    await sql(engines, `CREATE OR REPLACE VIEW ${other}_renamed.w AS SELECT * FROM ${other}_renamed.account_contacts`);
    expect(await read(`SELECT * FROM ${other}_renamed.w`)).toMatchObject({ status: 200, text: '' });
    await sql(engines, `DROP DATABASE ${other}_renamed SYNC`);
  });
});

describe('even the writer', () => {
  test.each([
    ["SELECT file('/etc/hostname')"],
    ["SELECT `file` ('/etc/hostname')"],
    ["SELECT * FROM file('/etc/hostname', 'TSVRaw', 'l String')"],
    ["INSERT INTO FUNCTION file('/tmp/never', 'TSV', 'a UInt8') VALUES (1)"],
    ["INSERT INTO x FROM INFILE '/etc/hostname' FORMAT TSV"],
    ["SELECT 1 INTO OUTFILE '/tmp/never'"],
    ["SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')"],
    ["CREATE TABLE f (l String) ENGINE = File(TSV, '/etc/hostname')"],
    ['SYSTEM SHUTDOWN'],
    ["CREATE USER somebody IDENTIFIED BY 'x'"],
  ])('cannot reach a file through SQL, nor stop the engine: %s', async (statement) => {
    expect((await ask(engines, statement)).status).toBe(403);
  });

  test('changes nothing with GET', async () => {
    const answer = await ask(engines, '', {
      method: 'GET',
      query: { query: `CREATE TABLE ${database}.x (a UInt8) ENGINE = Memory` },
    });
    expect(answer).toMatchObject({ status: 403, text: expect.stringMatching(/^Code: 164\./) });
    expect(await ask(engines, '', { method: 'GET', query: { query: 'SELECT 2' } })).toMatchObject({
      status: 200,
      text: '2',
    });
  });
});
