import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RedisAddress } from './place.ts';

const LIMIT_MS = 2_000;

/** What a server did when it was spoken to: the code of the error, or the first bytes of its answer. */
export interface Heard {
  /** The code of the error that ended the connection, such as ECONNREFUSED; null if there was none. */
  error: string | null;
  /** Whether the connection came about; with TLS, whether the certificate was accepted. */
  isOpen: boolean;
  /** The answer to PING, as text. */
  answer: string;
}

/** Connects to a server, sends PING, and hears what comes. */
export async function probe(
  { host, port }: RedisAddress,
  how: { isTls: boolean; isTrusting?: boolean },
): Promise<Heard> {
  const heard: Heard = { error: null, isOpen: false, answer: '' };
  const socket: Socket = how.isTls
    ? connectTls({
        host,
        port,
        servername: /^[\d.:]+$/.test(host) ? '' : host,
        rejectUnauthorized: !how.isTrusting,
      })
    : connectTcp(port, host);
  const open = () => {
    heard.isOpen = true;
    socket.write('PING\r\n');
  };
  socket.once(how.isTls ? 'secureConnect' : 'connect', open);
  socket.on('error', (error: NodeJS.ErrnoException) => (heard.error ??= error.code ?? error.message));
  socket.once('data', (bytes: Buffer) => {
    heard.answer = bytes.toString('latin1');
    socket.destroy();
  });
  const timer = setTimeout(() => socket.destroy(), LIMIT_MS);
  await once(socket, 'close').catch(() => {});
  clearTimeout(timer);
  return heard;
}

/** Whether an answer to PING is one of Redis. */
export const isRedisAnswer = (answer: string): boolean =>
  /^(\+PONG|-(NOAUTH|DENIED|ERR|LOADING|MISCONF|MASTERDOWN|NOPERM|BUSY|READONLY)\b)/.test(answer);
