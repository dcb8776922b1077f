import { timeMsOf, type CloudEvent } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { LogBatch } from '../../../core/redis/log-batch.ts';
import { LogReader } from '../../../core/redis/log-reader.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { AverageSpeedResult, Replay } from '../../../schemas/types.ts';
import { speedOf, type SpeedContext, type Params } from './params.ts';
import { SpeedWindow } from './window.ts';

const LOOK_MS = 500;
/** A channel without events for this long, and without a replay, is taken to be finished. */
const SILENCE_MS = 10_000;
/** After the end of a replay its last events may still be passing through a service. */
const SETTLE_MS = 2_000;

/**
 * The average over N seconds of event time of the channel, from the first event after the request: the same at any replay rate,
 * and for every worker. A new epoch voids what was collected. Ends early if no more events will come.
 * @throws whatever aborted the signal
 */
export async function overEventTime(params: Params, context: SpeedContext): Promise<AverageSpeedResult> {
  const { redis, prepared, signal, progress } = context;
  const reader = new LogReader(redis, { rewound: () => {} });
  const collected = new EventTimeSpeeds(params);
  let lastMs = performance.now();
  const look = async () => {
    const quietMs = performance.now() - lastMs;
    if (quietMs > SETTLE_MS && (await isOver(redis, params, collected.epoch, quietMs).catch(() => false)))
      reader.close();
  };
  const looking = setInterval(() => void look(), LOOK_MS);
  const stop = () => reader.close();
  signal.addEventListener('abort', stop);
  try {
    reader.add(params.channel, prepared.position);
    for await (const batches of reader.batches()) {
      lastMs = performance.now();
      for (const batch of batches) if (collected.take(batch)) return collected.result();
      progress(collected.share);
    }
    signal.throwIfAborted();
    return collected.result();
  } finally {
    clearInterval(looking);
    signal.removeEventListener('abort', stop);
    reader.close();
  }
}

/** Collects speeds by event time. */
class EventTimeSpeeds {
  readonly #params: Params;
  #window: SpeedWindow | null = null;
  /** The restored speed of each subject. */
  readonly #held = new Map<string, number>();
  #latestMs = -Infinity;
  #gaps = 0;
  #full = false;
  epoch = 0;

  constructor(params: Params) {
    this.#params = params;
  }

  get share(): number {
    return this.#window
      ? (this.#latestMs - this.#window.startMs) / (this.#params.time_window_seconds * 1000)
      : 0;
  }

  /** Adds a batch; true if the window is full. */
  take({ epoch, events, lost }: LogBatch): boolean {
    this.#gaps += lost;
    for (const line of events) {
      const event = JSON.parse(line) as CloudEvent;
      const timeMs = timeMsOf(event.time);
      if (epoch !== this.epoch) {
        this.epoch = epoch;
        this.#window = null;
        this.#held.clear();
        if (lost === 0) this.#gaps = 0;
      }
      if (event.restored) {
        // Restored events are the state at the start of the window, which begins with the first new event.
        const speed = speedOf(event, this.#params);
        if (speed !== null) this.#held.set(event.subject, speed);
        continue;
      }
      if (!this.#window) {
        this.#window = new SpeedWindow(timeMs, this.#params.time_window_seconds);
        this.#latestMs = timeMs;
        for (const [subject, speed] of this.#held) this.#window.hold(subject, speed);
      }
      if (timeMs >= this.#window.endMs) return (this.#full = true);
      this.#latestMs = Math.max(this.#latestMs, timeMs);
      const speed = speedOf(event, this.#params);
      if (speed !== null) this.#window.see(event.subject, speed, timeMs);
    }
    return false;
  }

  result(): AverageSpeedResult {
    if (this.#window) return this.#window.result(this.#gaps, this.#full ? undefined : this.#latestMs);
    return {
      average_speed_mps: null,
      samples: 0,
      subjects: 0,
      seconds: 0,
      from: null,
      to: null,
      gaps: this.#gaps,
    };
  }
}

/** Whether no more events will come: the replay of this epoch has ended, or there is no replay and the channel has been silent for long. */
async function isOver(redis: Redis, params: Params, epoch: number, quietMs: number): Promise<boolean> {
  const all = (await redis.hvals(keys.replays)).map((text) => JSON.parse(text) as Replay);
  const own = all.filter(({ channels }) => channels.includes(params.channel));
  // A derived channel depends on some replay, but only its service knows on which; its epochs are its own.
  const derived = own.length === 0;
  const feeding = derived ? all : own;
  if (feeding.some(({ state }) => state === 'playing' || state === 'paused' || state === 'idle'))
    return false;
  if (feeding.some((replay) => replay.state === 'ended' && epoch > 0 && (derived || replay.epoch === epoch)))
    return true;
  return quietMs > Math.max(SILENCE_MS, params.time_window_seconds * 1000);
}
