import { setTimeout as delay } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { channelSpec } from '../core/wire/channels.ts';
import type { Redis } from '../core/redis/connection.ts';
import { ChannelWriter } from '../core/writing/writer.ts';
import { freePort } from '../supervisor/ports.ts';
import { startBrowser } from '../test/helpers/browser.ts';
import { killRole, startRole } from '../test/helpers/role.ts';
import { percentile } from './fanout/process.ts';
import type { Bench, Figure } from './support/bench.ts';
import { withSetting } from './support/setting.ts';

const SUBJECTS = 5_000;
const RATES = [5_000, 10_000];
/** From this second on the heap must stay flat. */
const WARM_SECONDS = 20;
const LONG_FRAME_MS = 100;
const MB = 1e6;

/** Runs in the page: counts frames, notes long ones, and when each event was painted. It is text, because the loader rewrites functions. */
const WATCH = `
  window.watched = { frames: 0, long: [], painted: [] };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) if (duration > ${LONG_FRAME_MS}) watched.long.push(duration);
  }).observe({ type: 'long-animation-frame' });
  (function look(last) {
    watched.frames++;
    const mark = window.reprise.paintedByChannel.gps;
    if (mark && mark.offset > last) watched.painted.push([mark.offset, mark.atMs]);
    requestAnimationFrame(() => look(Math.max(last, mark?.offset ?? 0)));
  })(0);
`;

/** A page that only clears a canvas of a map's size: the frame rate that this machine can reach. */
const BLANK = `
  <canvas width="1280" height="600"></canvas>
  <script>
    const gl = document.querySelector('canvas').getContext('webgl2', { antialias: false });
    window.frames = 0;
    (function wipe() {
      gl.clearColor(0, 0, (window.frames++ % 2) / 2, 0.5);
      gl.clear(gl.COLOR_BUFFER_BIT);
      requestAnimationFrame(wipe);
    })();
  </script>`;

interface Watched {
  frames: number;
  long: number[];
  painted: [offset: number, atMs: number][];
}

/** Wall time at which events up to an offset were sent, ms. */
type Sent = { offset: number; atMs: number }[];

export default {
  summary: `The page in headless Chromium (drawn by the CPU, which it shares with all else): ${RATES.join(' and ')} events/s of ${SUBJECTS} subjects. Options: seconds (60).`,
  async run(report, [seconds = '60']) {
    const browser = await startBrowser({ spares: false });
    for (const rate of RATES) {
      await withSetting(async ({ server, redis, folder }) => {
        const port = await freePort();
        const env = { REPRISE_PORT: String(port), REPRISE_DATA: folder, REPRISE_RECORDINGS: folder };
        const api = await startRole('backend/api/main.ts', { REDIS_URL: server.url, ...env });
        const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
        try {
          await measure(page, `http://127.0.0.1:${port}`, redis, rate, Number(seconds), report);
        } finally {
          await page.close();
          await killRole(api);
        }
      });
    }
    await browser.close();
  },
} satisfies Bench;

/** Measures one rate. */
async function measure(
  page: Page,
  url: string,
  redis: Redis,
  rate: number,
  seconds: number,
  report: (figure: Figure) => void,
): Promise<void> {
  const figure = (name: string, value: number, unit: string, baseline?: number) =>
    report({ name: `${rate} events/s: ${name}`, value, unit, ...(baseline !== undefined && { baseline }) });
  const publisher = new Publisher(redis);
  await publisher.publish(SUBJECTS, 1);
  // The browser's own start-up work is not part of the measurement.
  const warming = await page.context().browser()!.newPage();
  await warming.goto(url);
  const blankFrames = await blankFramesPerSecond(warming);
  await warming.close();
  await page.goto(url);
  await page.waitForSelector(`[data-testid=subjects-count][data-count="${SUBJECTS}"]`, {
    ...{ state: 'attached', timeout: 60_000 },
  });
  const paint = 'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN';
  figure('first paint', await page.evaluate<number>(paint), 'ms');
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.evaluate(WATCH);
  const before = await metrics(cdp);
  const warm = Math.min(WARM_SECONDS, seconds / 3);
  publisher.sent.length = 0;
  await publisher.publish(rate * warm, rate);
  const warmHeap = await heapOf(cdp);
  await publisher.publish(rate * (seconds - warm), rate);
  const after = await metrics(cdp);
  const watched = await page.evaluate<Watched>('watched');
  const per = (name: 'ScriptDuration' | 'TaskDuration') =>
    ((after[name] ?? 0) - (before[name] ?? 0)) / seconds;
  figure('frames per second', watched.frames / seconds, 'frames/s', blankFrames);
  figure(`animation frames over ${LONG_FRAME_MS} ms`, watched.long.length / seconds, '1/s');
  figure('script time', per('ScriptDuration') * 100, '% of a core');
  figure('main thread, with what is drawn on it', per('TaskDuration') * 100, '% of a core');
  figure('heap at the end', (await heapOf(cdp)) / MB, 'MB', warmHeap / MB);
  await delay(2_000);
  const { painted } = await page.evaluate<Watched>('watched');
  const latenciesMs = latencies(publisher.sent, painted);
  figure('publish to pixel p50', percentile(latenciesMs, 50), 'ms');
  figure('publish to pixel p99', percentile(latenciesMs, 99), 'ms');
  const { lost = NaN, conflated = NaN } = await page.evaluate<{ lost?: number; conflated?: number }>(
    'window.reprise.snapshot().channels.gps',
  );
  figure('lost', lost, 'events');
  figure('conflated', conflated, 'events');
}

/** The frame rate of `BLANK` on an idle machine. */
async function blankFramesPerSecond(page: Page): Promise<number> {
  await page.goto('about:blank');
  await page.setContent(BLANK);
  await delay(1_000);
  const before = await page.evaluate<number>('window.frames');
  await delay(2_000);
  return ((await page.evaluate<number>('window.frames')) - before) / 2;
}

const metrics = async (cdp: CDPSession): Promise<{ [name: string]: number }> =>
  Object.fromEntries(
    (await cdp.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]),
  );

/** Heap after a garbage collection, bytes. */
async function heapOf(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  return (await metrics(cdp))['JSHeapUsedSize'] ?? NaN;
}

/** Time from sending a batch to the first frame that shows all of it, sorted. */
function latencies(sent: Sent, painted: Watched['painted']): number[] {
  let at = 0;
  const found = sent.flatMap(({ offset, atMs }) => {
    while (at < painted.length && painted[at]![0] < offset) at++;
    const frame = painted[at];
    return frame ? [frame[1] - atMs] : [];
  });
  return found.sort((a, b) => a - b);
}

/** Writes a fleet's fixes in batches of due events, as a replay does. */
class Publisher {
  readonly sent: Sent = [];
  readonly #writer: ChannelWriter;
  #count = 0;

  constructor(redis: Redis) {
    this.#writer = new ChannelWriter(redis, channelSpec('gps'), { source: '/bench' });
  }

  async publish(count: number, perSecond: number): Promise<void> {
    const startMs = performance.now();
    for (let done = 0; done < count;) {
      const due = perSecond === 1 ? count : Math.ceil(((performance.now() - startMs) * perSecond) / 1_000);
      const next = Math.min(count, due) - done;
      if (next > 0) {
        const atMs = Date.now();
        const { offset } = await this.#writer.emit(Array.from({ length: next }, () => this.#fix()));
        this.sent.push({ offset, atMs });
      }
      done += Math.max(0, next);
      await delay(10);
    }
  }

  /** Each subject drives around its own circle. */
  #fix(): { timeMs: number; subject: string; data: string } {
    const i = this.#count++;
    const [n, round] = [i % SUBJECTS, Math.floor(i / SUBJECTS)];
    const angle = round / 10 + n;
    const latitude = (38 + Math.floor(n / 70) / 200 + Math.sin(angle) / 500).toFixed(6);
    const longitude = (-9 + (n % 70) / 150 + Math.cos(angle) / 400).toFixed(6);
    const bearing = (((angle * 180) / Math.PI) % 360).toFixed(1);
    const data = `{"vehicle_id":"car-${n}","latitude":${latitude},"longitude":${longitude},"bearing":${bearing},"speed_meters_per_second":${(8 + (n % 9)).toFixed(1)},"elevation":${20 + (n % 50)}}`;
    return { timeMs: 1_700_000_000_000 + i, subject: `car-${n}`, data };
  }
}
