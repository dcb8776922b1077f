import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { machineTime, type Time } from '../../core/time/clock.ts';
import { isoTime } from '../../core/wire/event.ts';
import { isProblem, refusal, sentence } from '../../core/problems/errors.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { addDeadLetters } from '../../core/redis/channel-store.ts';
import type {
  ClockTick,
  Config,
  Replay as ReplayDocument,
  ReplayPatch,
  ReplayRequest,
} from '../../schemas/types.ts';
import { shareOf } from '../reading/record-filter.ts';
import { Emission } from './emission.ts';
import { Gauge } from './rate-meter.ts';
import { spanMs } from '../../core/time/duration.ts';
import { recordingTimeMs, recordingRangeMs } from '../reading/recording-time.ts';
import { Player } from './player.ts';
import { openRecording, type AnyRecording } from './playable.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';
import { TextRecording } from '../reading/text-recording.ts';
import type { Step } from './steps.ts';
import { timelineOf } from './timeline.ts';

/** A recording to play: where the file is, what REST calls it, and how to read it. */
export interface Source extends OpenOptions {
  id: string;
  path: string;
  /** How far to shift it on the timeline, for instance 10s. */
  offset?: string;
}

export interface ReplayParts {
  redis: Redis;
  instance: string;
  channels: Config['channels'];
  time?: Time;
}

/** Shorter, and another process is at it sooner when this one is gone; longer, and this one may pause longer. */
const LEASE_MS = 1_000;
const RENEW_MS = 250;
const LAG_MS = 500;
const SUBSCRIBERS_MS = 50;

/** One run of recordings onto channels of a Redis: player and emission put together. */
export class Replay {
  readonly id: string;
  readonly player: Player;
  readonly recordings: AnyRecording[];
  /** The channels it plays on, each once. */
  readonly channels: string[];
  readonly #request: ReplayRequest;
  readonly #instance: string;
  readonly #emission: Emission;
  readonly #gauge: Gauge;
  /** How long it may rest before it is removed. */
  readonly #idleTimeoutMs: number;
  readonly #created = new Date().toISOString();
  readonly #time: Time;
  #ab: { startMs: number; endMs: number } | null = null;
  #lag: ReplayDocument['lag'] = null;
  #waiting: string | null = null;
  #restSinceMs: number | null = null;
  #changed: () => void = () => {};

  private constructor(
    request: ReplayRequest & { id: string },
    recordings: AnyRecording[],
    parts: ReplayParts,
  ) {
    this.id = request.id;
    this.recordings = recordings;
    this.#request = request;
    this.#instance = parts.instance;
    this.#time = parts.time ?? machineTime;
    const timeline = timelineOf(recordings);
    this.channels = timeline.channels;
    this.#emission = new Emission({
      redis: parts.redis,
      replay: this.id,
      channels: this.channels,
      config: parts.channels,
      lease: { token: `${this.id} ${randomUUID()}`, lifeMs: LEASE_MS },
      restamp: request.restamp === 'now',
      traceShare: request.trace === undefined ? 0 : shareOf(request.trace),
    });
    const range = rangeOf(request, timeline);
    if (request.ab !== undefined) this.#ab = recordingRangeMs(request.ab, timeline.startMs);
    this.player = new Player(timeline, this.#emission, {
      rate: request.rate ?? 1,
      paused: request.paused ?? false,
      ...(this.#ab ?? range),
      loop: this.#ab !== null || (request.loop ?? false),
      late: request.late,
      skipIdleMs: request.skipIdle === undefined ? 0 : spanMs(request.skipIdle, 'idle time'),
      lockstep: request.lockstep,
      time: this.#time,
      changed: () => this.#changed(),
    });
    this.#emission.clock = this.player.clock;
    this.#emission.loopsDone = () => this.player.loopsDone;
    this.#idleTimeoutMs =
      request.idleTimeout === undefined ? Infinity : spanMs(request.idleTimeout, 'idle timeout');
    this.#gauge = new Gauge(this.player, this.#time);
  }

  /**
   * Opens the recordings. Rows that can't be played go to the dead letters.
   * @throws refusal for what is wrong with the request or the files
   */
  static async open(given: ReplayRequest, sources: Source[], parts: ReplayParts): Promise<Replay> {
    const request = { ...given, id: given.id ?? `replay-${randomUUID().slice(0, 8)}` };
    /** Those of the first look are there before the replay is. */
    const refusals = new Set<Promise<void>>();
    const recordings: AnyRecording[] = [];
    for (const source of sources) {
      const refuse = (refused: RefusedRecord[]) => {
        const letters = refused.map(({ file, ...rest }) => ({ source: file, ...rest, replay: request.id }));
        const written = addDeadLetters(parts.redis, letters).catch(() => {});
        refusals.add(written);
        void written.finally(() => refusals.delete(written));
      };
      const offsetMs =
        source.offset === undefined ? 0 : spanMs(source.offset, 'offset', { mayBeNegative: true });
      const options = { ...source, offsetMs, channels: parts.channels, refuse };
      recordings.push(await openRecording(source.path, options));
    }
    await Promise.all(refusals);
    return new Replay(request, recordings, parts);
  }

  /** Called at every change. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Plays; the lease is kept meanwhile and given back afterwards. Settles as Player.run does. */
  async run(stay: boolean): Promise<void> {
    await this.#subscribers();
    await this.#owning(() => this.player.run(stay));
  }

  /**
   * Resumes where a process that is gone left off: in its epoch after its last event; where Redis does not know that, in a
   * new epoch at the position. @throws refusal `channel_owned` while the lease of that process lasts
   */
  async resume({ epoch, positionMs }: { epoch: number; positionMs: number }): Promise<void> {
    const left = await this.#emission.resume();
    const from = left
      ? {
          ...left,
          there: left.channels.map(({ own }) => own),
          // A position of an earlier epoch says nothing about this one.
          reachedMs: left.epoch === epoch ? positionMs : left.fromMs,
        }
      : { fromMs: positionMs };
    await this.#owning(() => this.player.run(true, from));
  }

  /** Whether another process plays it now: what this one knows of it is of no use any more. */
  get taken(): boolean {
    return isProblem(this.player.failure, 'replay_taken');
  }

  get waiting(): boolean {
    return this.#waiting !== null;
  }

  /** Stops; what is on its way arrives. */
  stop(): void {
    this.#waiting = null;
    this.player.stop();
  }

  /**
   * Changes what is asked for, all of it or nothing, and answers where the replay then stands.
   * @throws refusal for what it can't read
   */
  async patch(patch: ReplayPatch): Promise<ReplayDocument> {
    const { player } = this;
    const targetMs = recordingTimeMs(patch.position, player.startMs, 'position');
    const ab = typeof patch.ab === 'string' ? recordingRangeMs(patch.ab, player.startMs) : null;
    const step = patch.step === undefined ? null : stepOf(patch.step);
    const goesBack = targetMs !== undefined || ab !== null || (step && 'back' in step) || patch.loop;
    if (goesBack) this.#checkOnce();
    if (patch.rate !== undefined) player.setRate(patch.rate);
    if (patch.loop !== undefined) player.setLoop(patch.loop);
    if (patch.late !== undefined) player.setLate(patch.late);
    if (patch.state === 'paused') player.pause();
    if (patch.ab !== undefined) await player.setRange((this.#ab = ab));
    if (targetMs !== undefined) await player.seek(targetMs);
    if (step && 'back' in step) await player.stepBack(step.back);
    else if (step) await player.step(step);
    if (patch.state === 'playing') player.play();
    const didSeek =
      (targetMs !== undefined || (step !== null && 'back' in step)) && player.state !== 'failed';
    return { ...this.document(), didSeek };
  }

  /** What comes through a pipe comes once. */
  #checkOnce(): void {
    const pipe = this.recordings.find((recording) => recording instanceof TextRecording && recording.once);
    if (pipe)
      throw refusal('recording_passed', `${pipe.file} can be read once only: no seek, no loop.`, {
        hint: 'Write it to a file first and play that.',
      });
  }

  /** Whether it has rested for as long as it may. */
  get overdue(): boolean {
    const rests = this.player.state === 'paused' || this.player.state === 'ended';
    this.#restSinceMs = rests ? (this.#restSinceMs ?? this.#time.now()) : null;
    if (this.#restSinceMs === null) return false;
    return this.#time.now() - this.#restSinceMs > this.#idleTimeoutMs;
  }

  /** The replay as REST shows it. */
  document(): ReplayDocument {
    const { player } = this;
    const total = (of: (recording: AnyRecording) => number) =>
      this.recordings.reduce((sum, recording) => sum + of(recording), 0);
    const ms = (percentile: number) =>
      player.lateness.count === 0 ? 0 : player.lateness.percentile(percentile) / 1000;
    return {
      id: this.id,
      recordings: this.#request.recordings.map((recording) =>
        typeof recording === 'string' ? recording : recording.id,
      ),
      channels: this.channels,
      state: player.state,
      error: player.failure && sentence(player.failure),
      rate: player.clock.rate,
      achievedRate: this.#gauge.achievedRate,
      eventsPerSecond: this.#gauge.eventsPerSecond,
      position: isoTime(Math.round(player.positionMs())),
      start: isoTime(player.startMs),
      end: player.endMs === null ? null : isoTime(player.endMs),
      loop: player.loop,
      loopsDone: player.loopsDone,
      ab: this.#ab && [isoTime(this.#ab.startMs), isoTime(this.#ab.endMs)],
      late: player.late,
      lockstep: this.#request.lockstep ?? false,
      waiting: this.#waiting,
      epoch: player.epoch,
      instance: this.#instance,
      created: this.#created,
      latenessMs: {
        p50: ms(50),
        p99: ms(99),
        max: player.lateness.count === 0 ? 0 : player.lateness.max / 1000,
      },
      slippedMs: Math.round(player.slippedMs),
      lag: this.#lag,
      counts: {
        ...player.counts,
        refused: total((recording) => recording.refused),
        reordered: total((recording) => recording.disorder.reordered),
        late: total((recording) => recording.disorder.late),
        filtered: total((recording) => recording.filtered),
        outliers: total((recording) => recording.disorder.outliers),
      },
    };
  }

  /** Where it stands. */
  tick(): ClockTick {
    const { player } = this;
    this.#gauge.look();
    return {
      replay: this.id,
      epoch: player.epoch,
      time: isoTime(Math.round(player.positionMs())),
      rate: player.clock.rate,
      achievedRate: this.#gauge.achievedRate,
      latenessMs: this.#gauge.latenessMs,
      lag: this.#lag?.events ?? null,
      state: player.state,
    };
  }

  async #subscribers(): Promise<void> {
    const { waitForSubscribers } = this.#request;
    if (waitForSubscribers === undefined) return;
    this.#waiting = `for ${waitForSubscribers} subscribers of ${this.channels.join(', ')}`;
    while (this.#waiting && !(await this.#emission.hasSubscribers(waitForSubscribers)))
      await delay(SUBSCRIBERS_MS);
    this.#waiting = null;
  }

  async #owning(run: () => Promise<void>): Promise<void> {
    const renewing = setInterval(() => void this.#renew(), RENEW_MS);
    const looking = setInterval(() => {
      void this.#lookAtLag();
      // One that fails, fails the pass too, or is made up for by the next.
      this.player.mark().catch(() => {});
    }, LAG_MS);
    try {
      await run();
    } finally {
      clearInterval(renewing);
      clearInterval(looking);
      await this.#emission.release().catch(() => {});
    }
  }

  /** A replay that stands sends nothing, and would not notice that its channels are another's. */
  async #renew(): Promise<void> {
    if (this.player.state === 'ended') return;
    const lost = await this.#emission.renew().catch(() => null);
    if (lost) this.player.fail(lost);
  }

  async #lookAtLag(): Promise<void> {
    const slowest = await this.#emission.slowest().catch(() => null);
    this.#lag = slowest && { consumer: slowest.consumer, channel: slowest.channel, events: slowest.events };
  }
}

/** @throws refusal where nothing lies in the range */
function rangeOf(
  { start, end, duration }: ReplayRequest,
  timeline: { startMs: number; endMs: number | null },
): { startMs: number; endMs: number } {
  const startMs = recordingTimeMs(start, timeline.startMs, 'start') ?? timeline.startMs;
  const endMs =
    recordingTimeMs(end, timeline.startMs, 'end') ??
    recordingTimeMs(duration, startMs, 'duration') ??
    Infinity;
  if (endMs >= startMs && startMs <= (timeline.endMs ?? Infinity)) return { startMs, endMs };
  throw refusal(
    'range_empty',
    `Nothing lies between ${isoTime(startMs)} and ${endMs === Infinity ? 'the end' : isoTime(endMs)}.`,
    {
      hint: `The recording goes from ${isoTime(timeline.startMs)}${timeline.endMs === null ? '' : ` to ${isoTime(timeline.endMs)}`}.`,
    },
  );
}

/** What a step of REST means: forward, or back by so many times of records. */
function stepOf(step: number | string): Step | { back: number } {
  if (typeof step === 'number') return step > 0 ? { records: step } : { back: -step };
  if (step === 'time') return { times: 1 };
  if (step === '-time') return { back: 1 };
  return { spanMs: spanMs(step, 'step') };
}
