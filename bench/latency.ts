import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { channelSpec } from '../core/wire/channels.ts';
import type { CloudEvent } from '../core/wire/event.ts';
import { duplicate } from '../core/redis/connection.ts';
import { ChannelWriter } from '../core/writing/writer.ts';
import { freePort } from '../supervisor/ports.ts';
import { chromiumPath, startBrowser } from '../test/helpers/browser.ts';
import { killRole, startRole } from '../test/helpers/role.ts';
import type { Bench } from './support/bench.ts';
import { withSetting } from './support/setting.ts';

const EVENTS = 300;
const EVERY_MS = 30;

/** Runs in the page: notes at each frame the last painted event. It is text, because the loader rewrites functions. */
const WATCH_FRAMES = `
  window.seen = [];
  (function look(last) {
    const offset = window.reprise.paintedByChannel.gps?.offset ?? 0;
    if (offset > last) window.seen.push([offset, Date.now()]);
    requestAnimationFrame(() => look(Math.max(last, offset)));
  })(0);
`;

export default {
  summary: `From publication to a Redis subscriber (the baseline), the analysis output, a Socket.IO client and the page; ${EVENTS} events, one each ${EVERY_MS} ms.`,
  async run(report) {
    const folder = await mkdtemp(join(tmpdir(), 'reprise-latency-'));
    await withSetting(async ({ server, redis }) => {
      const port = await freePort();
      const env = {
        REDIS_URL: server.url,
        REPRISE_PORT: String(port),
        REPRISE_DATA: folder,
        REPRISE_RECORDINGS: folder,
      };
      const roles = await Promise.all(
        ['backend/analysis/main.ts', 'backend/api/main.ts'].map((main) => startRole(main, env)),
      );
      const arrivals = {
        subscriber: new Map<number, number>(),
        analysis: new Map<number, number>(),
        socket: new Map<number, number>(),
      };
      const hear = (map: Map<number, number>) => (events: CloudEvent[]) => {
        for (const event of events) if (!map.has(event.offset)) map.set(event.offset, Date.now());
      };
      const subscriber = duplicate(redis);
      subscriber.on('message', (channel, text) =>
        hear(channel === 'gps' ? arrivals.subscriber : arrivals.analysis)([JSON.parse(text) as CloudEvent]),
      );
      await subscriber.subscribe('gps', 'gps.movement');
      const writer = new ChannelWriter(redis, channelSpec('gps'), { source: '/bench' });
      const emit = (n: number) => {
        const data = JSON.stringify({ latitude: 38 + n / 1e5, longitude: -8.7, vehicle_id: 'car' });
        return writer.emit([{ timeMs: 1_700_000_000_000 + n * 1000, subject: 'car', data }]);
      };
      await emit(0);
      const socket = io(`http://127.0.0.1:${port}/live`, { transports: ['websocket'] });
      socket.on(
        'batch',
        ({ channel, events }: { channel: string; events: CloudEvent[] }) =>
          channel === 'gps' && hear(arrivals.socket)(events),
      );
      await subscribed(socket);
      const browser = chromiumPath ? await startBrowser({ spares: false }) : null;
      const page = await browser?.newPage({ viewport: { width: 1280, height: 800 } });
      await page?.goto(`http://127.0.0.1:${port}`);
      await page?.waitForSelector('[data-testid=subjects-count][data-count="1"]', { state: 'attached' });
      await page?.evaluate(WATCH_FRAMES);
      const published = new Map<number, number>();
      for (let n = 1; n <= EVENTS; n++) {
        const at = Date.now();
        void emit(n).then(({ offset }) => published.set(offset, at));
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const frames =
        (await page?.evaluate(() => (globalThis as unknown as { seen: [number, number][] }).seen)) ?? [];
      const painted = new Map(
        [...published.keys()].flatMap((offset) => {
          const frame = frames.find(([shown]) => shown >= offset);
          return frame ? [[offset, frame[1]] as const] : [];
        }),
      );
      const baseline = latencies(published, arrivals.subscriber);
      for (const [name, map] of [
        ['a subscriber', arrivals.subscriber],
        ['the analysis output', arrivals.analysis],
        ['a Socket.IO client', arrivals.socket],
        ['the page', painted],
      ] as const) {
        const values = latencies(published, map);
        for (const share of [50, 99])
          report({
            name: `publish to ${name} p${share}`,
            value: at(values, share),
            unit: 'ms',
            baseline: Math.max(0.5, at(baseline, share)),
          });
      }
      await browser?.close();
      socket.disconnect();
      subscriber.disconnect();
      await Promise.all(roles.map(killRole));
    });
    await rm(folder, { recursive: true, force: true });
  },
} satisfies Bench;

function subscribed(socket: Socket): Promise<void> {
  return new Promise((resolve) =>
    socket.emit('subscribe', { channel: 'gps', mode: 'stream' }, () => resolve()),
  );
}

function latencies(published: Map<number, number>, arrived: Map<number, number>): number[] {
  return [...published]
    .flatMap(([offset, atMs]) => (arrived.has(offset) ? [arrived.get(offset)! - atMs] : []))
    .sort((a, b) => a - b);
}

function at(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))] ?? NaN;
}
