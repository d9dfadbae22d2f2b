/** What a line of `ingest` is; a refusal shows nothing of the line. */
import { describe, expect, test } from '@jest/globals';
import { classify } from '../../cli/ingest/classify.ts';

describe('classify', () => {
  test('an event is sent as it is, whatever is wrong with it', () => {
    expect(classify('{"id":7,"x":[1]}')).toEqual({ kind: 'event', event: { id: 7, x: [1] } });
  });

  test('a command: its type is the job’s name, the rest its data', () => {
    expect(classify('{"type":"account.close","id":"c","at":5}')).toEqual({
      kind: 'command',
      name: 'account.close',
      data: { id: 'c', at: 5 },
    });
  });

  test.each([
    ['{"email": ada@example.com}', 'is not JSON; accepted is one JSON object a line'],
    ['{"email":"ada@example.com"}}', 'is not JSON (column 28); accepted is one JSON object a line'],
    ['{"email":', 'is not JSON (it ends too early); accepted is one JSON object a line'],
    ['"ada@example.com"', 'is a string, but must be a JSON object'],
    ['[{}]', 'is a list, but must be a JSON object'],
    ['null', 'is null, but must be a JSON object'],
    ['12', 'is a number, but must be a JSON object'],
    ['{"type":7}', 'has a type that is a number, but must be the name of an account command'],
    ['{"type":""}', 'has a type that is an empty text, but must be the name of an account command'],
    [`{"type":"${'x'.repeat(200)}"}`, 'has a type that is a long text, but must be the name of an account command'],
  ])('%s', (line, problem) => {
    expect(classify(line)).toEqual({ kind: 'invalid', problem });
  });

  test.each([
    ['nested for ever', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'invalid'],
    ['101 levels', `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`, 'invalid'],
    ['100 levels', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 'event'],
    ['many brackets side by side', `{"a":[${'[],'.repeat(500)}[]]}`, 'event'],
    ['brackets in a text', `{"a":"${'{'.repeat(500)}"}`, 'event'],
  ])('%s', (_, line, kind) => {
    expect(classify(line).kind).toBe(kind);
  });

  test('names that objects have by themselves are no type', () => {
    expect(classify('{"id":"e","constructor":"x"}').kind).toBe('event');
  });
});
