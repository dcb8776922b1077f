/** Run as a program: serves a channel to Socket.IO clients in one of several ways, and reports the cost. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Server } from 'socket.io';
import { serve } from '../../backend/api/main.ts';
import { loadSettings } from '../../core/settings/settings.ts';
import { connect, duplicate } from '../../core/redis/connection.ts';
import { answer } from './process.ts';

/** `gateway` is the real API role; the others are the obvious implementation: one emission per event. */
export type Way = 'gateway' | 'emit to each' | 'broadcast';

export type ServerQuestion =
  { start: Way; redisUrl: string; folder: string; channel: string } | { usage: 'cpu' | 'memory' };

/** CPU seconds since the start of the process; memory in bytes after a garbage collection. */
export interface Usage {
  cpuSeconds: number;
  heapBytes: number;
  /** Buffers outside the heap, where data to send are kept. */
  externalBytes: number;
  rssBytes: number;
}

answer<ServerQuestion>(async (question) => {
  if ('start' in question) return start(question);
  if (question.usage === 'memory') await collect();
  const { user, system } = process.cpuUsage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    heapBytes: heapUsed,
    externalBytes: external,
    rssBytes: rss,
  } satisfies Usage;
});

/** The port it listens on. */
async function start({
  start: way,
  redisUrl,
  folder,
  channel,
}: Extract<ServerQuestion, { start: Way }>): Promise<number> {
  if (way === 'gateway') {
    const settings = loadSettings({ redisUrl, port: 0, data: folder, logLevel: 'warn' }, {});
    return Number(new URL((await serve(settings)).url).port);
  }
  const http = createServer();
  const io = new Server(http, { serveClient: false });
  const redis = duplicate(await connect(redisUrl, 'bench'));
  redis.on('message', (_channel, line) => {
    const event: unknown = JSON.parse(line);
    if (way === 'broadcast') io.emit('event', event);
    else for (const socket of io.sockets.sockets.values()) socket.emit('event', event);
  });
  await redis.subscribe(channel);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return (http.address() as AddressInfo).port;
}

async function collect(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await delay(20);
  }
}
