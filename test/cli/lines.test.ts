/** Lines of `ingest`: the same whatever the chunks, bounded, and one that cannot be used costs itself alone. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Line, LineReader } from '../../cli/ingest/lines.ts';

function read(chunks: readonly Buffer[], bytesMax?: number): Line[] {
  const reader = new LineReader(bytesMax);
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
}

const texts = (lines: readonly Line[]): [number, string][] => lines.map(({ number, text }) => [number, text]);

describe('lines', () => {
  test.each<[string, string, [number, string][]]>([
    [
      'LF',
      'a\nb\n',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'CRLF',
      'a\r\nb\r\n',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'no line break at the end',
      'a\nb',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'a byte order mark',
      '\ufeffa\n\ufeffb\n',
      [
        [1, 'a'],
        [2, '\ufeffb'],
      ],
    ],
    ['blank lines are counted and left out', '\n \t\r\na\n\n', [[3, 'a']]],
    ['nothing', '', []],
  ])('%s', (_, input, expected) => {
    expect(texts(read([Buffer.from(input)]))).toEqual(expected);
  });

  test('a line that is too long is skipped whole, and named; the next one is read', () => {
    const lines = read([Buffer.from('1234'), Buffer.from('5678'), Buffer.from('9\nok\n12345678\n')], 8);
    expect(lines.map(({ number, problem }) => [number, problem])).toEqual([
      [1, 'is 9 bytes long, but must be at most 8'],
      [2, undefined],
      [3, undefined],
    ]);
  });

  test('what is not UTF-8 is refused, not repaired', () => {
    const [line] = read([Buffer.from([0x7b, 0xff, 0x7d, 0x0a])]);
    expect(line).toMatchObject({ number: 1, text: '', problem: 'is not UTF-8' });
  });

  test('the chunks make no difference', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '🙂', '\r', '\n', ' ', '{', '\ufeff'), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(80), { maxLength: 6 }), (input, cuts) => {
        const bytes = Buffer.from(input);
        const places = [0, ...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((place, i) => bytes.subarray(places[i], place));
        expect(read(chunks, 20)).toEqual(read([bytes], 20));
      }),
    );
  });
});
