import { randomUUID } from 'node:crypto';
import { Command } from 'ioredis';
import { failure, invariant } from '../problems/errors.ts';
import { command } from '../wire/resp.ts';
import type { Redis } from './connection.ts';
import { healthOf } from './health.ts';

/** Without an answer for this long, the connection is closed. */
const SILENCE_MS = 1_000;
const TOKENS = `reprise ${randomUUID()} `;
let tokens = 0;

/** The members of ioredis that this needs and does not declare. */
interface Internals {
  commandQueue: { unshift(item: { command: Command; stream: undefined; select: number }): number };
  condition: { select: number } | null;
}

/** Whether this connection may suppress replies, which `sendCommands` needs. Some proxies and access lists forbid it. */
export async function canSuppressReplies(redis: Redis): Promise<boolean> {
  return Promise.all([redis.call('CLIENT', 'REPLY', 'ON'), redis.echo('')]).then(
    () => true,
    () => false,
  );
}

/** What stands before and after the commands. */
export interface Frame {
  opening: string;
  closing: string;
}

const OPENING = command('CLIENT', 'REPLY', 'OFF');
const REPLIES_ON = command('CLIENT', 'REPLY', 'ON');

/**
 * Sends bytes that hold any number of commands, without their replies. The promise settles when Redis has gone through all
 * of them. They are sent again after a lost connection.
 *
 * If Redis refuses to turn the replies off, they all come. So the last command echoes a token, and whatever comes before it
 * belongs to these commands: never to those that were sent after them. If the token does not come, because a command blocks
 * or because Redis refuses to turn the replies on again, the connection is closed, and the promise rejects: the commands
 * after the one that blocks are never executed.
 * @param write returns the bytes within the frame; it is called again if they are sent again
 * @returns the first error reply that came through; null for none
 * @throws failure `redis_unreachable` if Redis did not go through all of them in time: some may have been executed
 */
export function sendCommands(redis: Redis, write: (frame: Frame) => Buffer): Promise<Error | null> {
  const internals = redis as unknown as Internals;
  if (typeof internals.commandQueue?.unshift !== 'function') throw invariant('ioredis has no command queue');
  const sent = new Command('echo', [], { replyEncoding: 'utf8' });
  const { resolve, reject } = sent;
  let firstError: Error | null = null;
  let token = '';
  let silence: NodeJS.Timeout | undefined;
  let isGivenUp = false;
  const giveUp = () => {
    if (redis.status !== 'ready') return; // They are sent again when it is.
    isGivenUp = true;
    reject(failure('redis_unreachable', 'Redis did not go through a batch of commands in time.'));
    healthOf(redis).suspect();
    // It connects anew by itself. A server that does not answer would not end the connection either.
    redis.stream.destroy();
  };
  const waitOn = () =>
    void internals.commandQueue.unshift({
      command: sent,
      stream: undefined,
      select: internals.condition?.select ?? 0,
    });
  sent.toWritable = () => {
    token = TOKENS + ++tokens;
    const closing = command('ECHO', token);
    // The client sends again whatever has no reply.
    if (isGivenUp) return Buffer.from(closing);
    clearTimeout(silence);
    silence = setTimeout(giveUp, SILENCE_MS);
    return write({ opening: OPENING, closing: REPLIES_ON + closing });
  };
  sent.resolve = (reply) => {
    const text = String(reply);
    if (text === token) {
      clearTimeout(silence);
      return resolve('');
    }
    waitOn();
    // The token of later commands: the end of these was lost.
    if (text.startsWith(TOKENS)) giveUp();
  };
  sent.reject = (error) => {
    if (isReplyTo(sent, error)) {
      firstError ??= error;
      return waitOn();
    }
    clearTimeout(silence);
    reject(error);
  };
  return (redis.sendCommand(sent) as Promise<unknown>).then(() => firstError);
}

/** Whether Redis has answered with this error, and the client has not made it up for a lost connection. */
function isReplyTo(sent: Command, error: Error): boolean {
  const { command: answered } = error as Error & { command?: { args: unknown } };
  return error.name === 'ReplyError' && answered?.args === sent.args;
}
