/** Cutting SQL files into statements: quotes and comments end nothing. */
import { describe, expect, test } from '@jest/globals';
import { sqlStatements } from '../../schema/sql-statements.ts';

describe('sqlStatements', () => {
  test.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['comments alone', '-- a;\n/* b; */ ;\n', []],
    ['two', 'SELECT 1;\nSELECT 2;\n', ['SELECT 1', 'SELECT 2']],
    ['no last mark', 'SELECT 1', ['SELECT 1']],
    ['a mark in a text', "SELECT ';\n', 'it''s;'; SELECT 2", ["SELECT ';\n', 'it''s;'", 'SELECT 2']],
    ['a mark after a backslash', "SELECT '\\';'; SELECT 2", ["SELECT '\\';'", 'SELECT 2']],
    ['a mark in names', 'SELECT `a;b`, "c;d"; SELECT 2', ['SELECT `a;b`, "c;d"', 'SELECT 2']],
    ['a mark in a comment', 'SELECT 1 -- one;\n, 2; SELECT 3', ['SELECT 1 -- one;\n, 2', 'SELECT 3']],
    ['a quote in a comment', "-- it's\nSELECT 1; -- don't\nSELECT 2;", ["-- it's\nSELECT 1", "-- don't\nSELECT 2"]],
    ['a block comment', 'SELECT /* ; -- */ 1; SELECT 2', ['SELECT /* ; -- */ 1', 'SELECT 2']],
    ['an open comment', 'SELECT 1; /* left open', ['SELECT 1']],
  ])('%s', (_name, sql, statements) => {
    expect(sqlStatements(sql)).toEqual(statements);
  });
});
