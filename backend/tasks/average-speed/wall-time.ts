import { type CloudEvent, type Position } from '../../../core/wire/event.ts';
import { LogReader } from '../../../core/redis/log-reader.ts';
import { readLog, readSnapshot } from '../../../core/redis/channel-store.ts';
import type { AverageSpeedResult } from '../../../schemas/types.ts';
import { speedOf, type SpeedContext, type Params } from './params.ts';
import { SpeedWindow } from './window.ts';

const PROGRESS_MS = 250;
const PAGE = 1_000;

/** The start of the window, kept so that another worker can continue it. */
interface WindowStart {
  startMs: number;
  position: Position;
  /** The latest speed of each subject at the start. */
  held: [subject: string, value: number][];
}

/**
 * The average over N seconds of wall time from now, beginning with the latest value of each subject. An event counts from when it
 * was sent.
 * @throws whatever aborted the signal
 */
export async function overWallTime(params: Params, context: SpeedContext): Promise<AverageSpeedResult> {
  const { redis, signal, progress } = context;
  const { startMs, position, held } = await windowStart(params, context);
  const speeds = new WallTimeSpeeds(params, startMs, position.epoch, held);
  const { endMs } = speeds.window;
  const reader = new LogReader(redis, { rewound: () => {} });
  const stop = () => reader.close();
  const end = setTimeout(stop, Math.max(0, endMs - Date.now()));
  const tell = setInterval(() => progress((Date.now() - startMs) / (endMs - startMs)), PROGRESS_MS);
  signal.addEventListener('abort', stop);
  try {
    reader.add(params.channel, position);
    for await (const batches of reader.batches()) {
      for (const { events, lost } of batches) {
        speeds.gaps += lost;
        for (const line of events) speeds.take(JSON.parse(line) as CloudEvent);
      }
    }
    signal.throwIfAborted();
    // Events that were sent in time but have not been read yet.
    for (let at = reader.position(params.channel)!; ;) {
      const page = await readLog(redis, params.channel, at, PAGE);
      for (const { event } of page) speeds.take(JSON.parse(event) as CloudEvent);
      if (page.length < PAGE || speeds.late) break;
      at = page.at(-1)!.position;
    }
    return speeds.window.result(speeds.gaps);
  } finally {
    clearTimeout(end);
    clearInterval(tell);
    signal.removeEventListener('abort', stop);
    reader.close();
  }
}

/** Collects speeds by the time they were sent. */
class WallTimeSpeeds {
  readonly window: SpeedWindow;
  readonly #params: Params;
  #epoch: number;
  gaps = 0;
  /** Whether an event after the end of the window has been read. */
  late = false;

  constructor(params: Params, startMs: number, epoch: number, held: [string, number][]) {
    this.#params = params;
    this.#epoch = epoch;
    this.window = new SpeedWindow(startMs, params.time_window_seconds);
    for (const [subject, value] of held) this.window.hold(subject, value);
  }

  take(event: CloudEvent): void {
    const sentMs = Date.parse(event.sent);
    if (sentMs >= this.window.endMs) {
      this.late = true;
      return;
    }
    if (event.epoch !== this.#epoch) this.window.forget(sentMs);
    this.#epoch = event.epoch;
    const speed = speedOf(event, this.#params);
    if (speed !== null) this.window.see(event.subject, speed, sentMs);
  }
}

async function windowStart(params: Params, { redis, recall, keep }: SpeedContext): Promise<WindowStart> {
  const kept = await recall<WindowStart>();
  if (kept) return kept;
  const { epoch, offset, events } = await readSnapshot(redis, params.channel);
  const held: WindowStart['held'] = [];
  for (const line of events) {
    const event = JSON.parse(line) as CloudEvent;
    const speed = speedOf(event, params);
    if (speed !== null) held.push([event.subject, speed]);
  }
  const begun: WindowStart = { startMs: Date.now(), position: { epoch, offset }, held };
  await keep(begun);
  return begun;
}
