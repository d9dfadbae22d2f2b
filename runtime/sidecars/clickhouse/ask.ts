/** What a request asks for, read from its URL and headers: the names ClickHouse gives to these things over HTTP. */
import type { IncomingMessage } from 'node:http';
import type { User } from './guard.ts';
import { CODE, HttpError } from './http-error.ts';
import { checkReaderSetting } from './reader-rules.ts';

export type Ask = {
  readonly user: User;
  /** SQL in the URL, or ''. The body is its continuation. */
  readonly urlSql: string;
  readonly database: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}`, escaped as ClickHouse wants them. */
  readonly params: ReadonlyMap<string, string>;
  /** Output format when the SQL names none. */
  readonly format: string;
  readonly queryId: string | undefined;
  /** GET and HEAD change nothing, as in ClickHouse. */
  readonly readOnly: boolean;
};

/** Parameters of the URL that are not settings of the engine: of HTTP itself, or of things that one engine has no use for. */
const NOT_SETTINGS = new Set(
  (
    'query database user password default_format query_id session_id session_timeout session_check compress decompress ' +
    'buffer_size wait_end_of_query quota_key stacktrace role client_protocol_version enable_http_compression ' +
    'http_zlib_compression_level send_progress_in_http_headers http_headers_progress_interval_ms ' +
    'http_response_buffer_size http_wait_end_of_query http_write_exception_in_output_format http_make_head_request ' +
    'http_skip_not_found_url_for_globs cancel_http_readonly_queries_on_client_close add_http_cors_header'
  ).split(' '),
);
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads a request. Throws `HttpError` for what this server does not speak or the user may not choose. */
export function readAsk(request: IncomingMessage, url: URL, user: User): Ask {
  const query = url.searchParams;
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  for (const [name, value] of query) {
    if (name.startsWith('param_')) params.set(named(name.slice('param_'.length)), value);
    else if (!NOT_SETTINGS.has(name)) settings.set(named(name), value);
  }
  if (user === 'reader') for (const name of settings.keys()) checkReaderSetting(name);
  for (const flag of ['compress', 'decompress']) {
    if (query.get(flag) === '1') {
      throw new HttpError(
        501,
        CODE.notImplemented,
        `ClickHouse's own compression (${flag}=1) is not spoken here; use gzip or none.`,
      );
    }
  }
  return {
    user,
    urlSql: query.get('query') ?? '',
    database: query.get('database') || header(request, 'x-clickhouse-database') || 'default',
    settings,
    params,
    format: query.get('default_format') || header(request, 'x-clickhouse-format') || 'TabSeparated',
    queryId: query.get('query_id') || undefined,
    readOnly: request.method !== 'POST',
  };
}

function named(name: string): string {
  if (!NAME.test(name))
    throw new HttpError(400, CODE.badArguments, 'A parameter in the URL has a name that no setting has.');
  return name;
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
