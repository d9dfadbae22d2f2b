/** Errors as ClickHouse speaks them over HTTP: a status, `Code: N. DB::Exception: …` as text, the code in a header. */

/** An answer that is an error. `code` is ClickHouse's error number. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
  }
}

/** ClickHouse's numbers for what this server refuses by itself. */
export const CODE = {
  badArguments: 36,
  syntaxError: 62,
  unknownSetting: 115,
  readonly: 164,
  tooMany: 202,
  accessDenied: 497,
  authenticationFailed: 516,
  tooLarge: 307,
  notImplemented: 48,
  timeout: 159,
  unknown: 1002,
} as const;

/** Statuses that ClickHouse itself gives for its codes; 500 for the rest. */
const STATUS: ReadonlyMap<number, number> = new Map([
  [CODE.authenticationFailed, 403],
  [CODE.accessDenied, 403],
  [CODE.readonly, 403],
  [CODE.timeout, 408],
  [CODE.tooMany, 503],
  [CODE.tooLarge, 413],
  [CODE.notImplemented, 501],
  ...[6, 26, 27, 36, 38, 41, 42, 43, 44, 46, 47, 50, 53, 62, 63, 69, 70, 72, 73, 117, 456, 457].map(
    (code): [number, number] => [code, 400],
  ),
  ...[16, 60, 81, 111, 115, 107].map((code): [number, number] => [code, 404]),
]);

/**
 * Turns what chDB threw into the words a client knows. The engine doubles the prefix, and names what we added to the
 * statement: our temporary file and our comment. All three are taken out.
 */
export function engineError(message: string): HttpError {
  const codes = [...message.matchAll(/Code: (\d+)\. DB::Exception: /g)];
  const code = Number(codes[0]?.[1] ?? CODE.unknown);
  const text = message
    .replace(/^(Code: \d+\. DB::Exception: )+/, '')
    .replaceAll(/ ?\(in file\/uri [^)]*\)/g, '')
    .replaceAll(/INFILE '[^']*' COMPRESSION 'none'/g, 'INFILE')
    .replaceAll(/'[^']*\/insert-\d+'/g, "'data'")
    .replaceAll(/\n?\/\*[0-9a-f-]{36}\*\//g, '')
    .replace(/(\([A-Z_]+\)) \(version [^)]*\)\. \([A-Z_]+\)\s*$/, '$1')
    .trim();
  return new HttpError(STATUS.get(code) ?? 500, code, text);
}
