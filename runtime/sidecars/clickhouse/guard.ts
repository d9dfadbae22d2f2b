/**
 * Who may speak to the server at all. A web page can send a request to loopback but cannot hide its `Origin`, and a
 * rebound DNS name shows in `Host`; both are refused before anything is looked at. Then the password, in every form
 * ClickHouse takes.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Credentials } from '../credentials.ts';
import { CODE, HttpError } from './http-error.ts';

export type User = 'writer' | 'reader';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** Throws 403 for a request that a web page, or a name that is not loopback, could have made. */
export function refuseStrangers(headers: IncomingHttpHeaders): void {
  if (headers.origin !== undefined)
    throw new HttpError(403, CODE.accessDenied, 'Requests of web pages are not answered.');
  if (!LOOPBACK.test(headers.host ?? '')) {
    throw new HttpError(403, CODE.accessDenied, 'The Host of a request must be localhost, 127.0.0.1 or [::1].');
  }
}

/** The user whose password is right. Throws 401 when none was given, 403 when it is wrong. */
export function authenticate(headers: IncomingHttpHeaders, query: URLSearchParams, secrets: Credentials): User {
  const given = credentialsOf(headers, query);
  if (given === undefined) {
    throw new HttpError(401, CODE.authenticationFailed, 'Authentication failed: a user and a password are needed.');
  }
  const right: Record<User, string> = { writer: secrets.writerPassword, reader: secrets.readerPassword };
  // Both are compared, whatever the name, so that the time taken tells nothing.
  const matches = (Object.keys(right) as User[]).filter((user) => {
    const sameName = same(given.user, user);
    return same(given.password, right[user]) && sameName;
  });
  if (matches[0] === undefined) {
    throw new HttpError(
      403,
      CODE.authenticationFailed,
      'Authentication failed: password is incorrect, or there is no such user.',
    );
  }
  return matches[0];
}

function credentialsOf(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): { user: string; password: string } | undefined {
  const basic = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const [user = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return { user, password: rest.join(':') };
  }
  const headerUser = headers['x-clickhouse-user'];
  const headerKey = headers['x-clickhouse-key'];
  if (typeof headerUser === 'string' || typeof headerKey === 'string') {
    return { user: String(headerUser ?? ''), password: String(headerKey ?? '') };
  }
  if (query.has('user') || query.has('password')) {
    return { user: query.get('user') ?? '', password: query.get('password') ?? '' };
  }
  return undefined;
}

/** Constant time: digests of equal length are compared. */
function same(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}
