/**
 * Loaded before a program that would listen on every address: a port without a host becomes one of 127.0.0.1.
 * React Email's preview server has no flag for it.
 */
import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function onLoopback(port, ...rest) {
  const hostless = typeof port === 'number' && typeof rest[0] !== 'string';
  return hostless ? listen.call(this, port, '127.0.0.1', ...rest) : listen.call(this, port, ...rest);
};
