/** Run as a program: many clients in one process. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type Tally } from './client.ts';
import { answer } from './process.ts';

/** Connections opened at a time: the server's accept queue must not overflow. */
const AT_ONCE = 50;
/** One client in this many measures delays. */
const MEASURING = 20;

export type ClientsQuestion =
  | { connect: number; port: number; channel: string | null }
  /** Counts from now on until this many events have arrived, or the time is up. */
  | { untilEvents: number; limitMs: number }
  | { freeze: true };

const clients: Client[] = [];
const tally = fresh();

answer<ClientsQuestion>(async (question) => {
  if ('freeze' in question) return clients.forEach((client) => client.freeze());
  if ('untilEvents' in question) return count(question.untilEvents, question.limitMs);
  const { connect, port, channel } = question;
  while (clients.length < connect) {
    const more = Array.from(
      { length: Math.min(AT_ONCE, connect - clients.length) },
      (_, i) => new Client(port, channel, tally, (clients.length + i) % MEASURING === 0),
    );
    await Promise.all(more.map(({ ready }) => ready));
    clients.push(...more);
  }
});

async function count(untilEvents: number, limitMs: number): Promise<Tally> {
  Object.assign(tally, fresh());
  const endMs = performance.now() + limitMs;
  while (tally.events + tally.conflated + tally.lost < untilEvents && performance.now() < endMs)
    await delay(20);
  return tally;
}

function fresh(): Tally {
  return { events: 0, bytes: 0, conflated: 0, lost: 0, latenciesMs: [] };
}
