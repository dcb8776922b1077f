import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isProblem, refusal } from '../../core/problems/errors.ts';
import { waitingText } from '../../core/problems/passing.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { machineTime, type Time } from '../../core/time/clock.ts';
import { durationMs } from '../../core/time/duration.ts';
import { isoTime } from '../../core/wire/event.ts';
import type {
  ClockTick,
  Config,
  Replay as ReplayDocument,
  ReplayPatch,
  ReplayRequest,
} from '../../schemas/types.ts';
import { shareOf } from '../reading/record-filter.ts';
import { commonZone, recordingRangeMs, recordingTimeMs } from '../reading/recording-time.ts';
import { TextRecording } from '../reading/text-recording.ts';
import { Emission } from './emission.ts';
import { LEASE_MS, Ownership } from './ownership.ts';
import type { AnyRecording } from './playable.ts';
import { Player } from './player.ts';
import { RateMeter } from './rate-meter.ts';
import { openRecordings, type OpenedRecordings, type ReplaySource } from './recordings.ts';
import { documentOf } from './replay-document.ts';
import { rangeOf, stepOf, type PlayedRange } from './replay-request.ts';
import { timelineOf } from './timeline.ts';

export interface ReplayParts {
  redis: Redis;
  instance: string;
  channels: Config['channels'];
  time?: Time;
  /** When it was created, for one that another process began (ISO 8601). Default: now. */
  created?: string | undefined;
}

const SUBSCRIBERS_MS = 50;

/** One run of recordings onto channels of a Redis: a player and an emission put together. */
export class Replay {
  readonly id: string;
  readonly player: Player;
  readonly recordings: AnyRecording[];
  /** The channels it plays on, each once. */
  readonly channels: string[];
  readonly #notes: ReadonlySet<string>;
  readonly #request: ReplayRequest;
  readonly #instance: string;
  readonly #emission: Emission;
  readonly #ownership: Ownership;
  readonly #rateMeter: RateMeter;
  /** How long it may be paused or ended before it is removed. */
  readonly #idleTimeoutMs: number;
  readonly #created: string;
  readonly #time: Time;
  /** The zone of times that name none, in requests; null where the recordings have different ones. */
  readonly #zone: string | null;
  #ab: PlayedRange | null = null;
  /** What it waits for before it begins. */
  #waiting: string | null = null;
  #restSinceMs: number | null = null;
  #changed: () => void = () => {};

  private constructor(
    request: ReplayRequest & { id: string },
    { recordings, notes }: OpenedRecordings,
    parts: ReplayParts,
  ) {
    this.id = request.id;
    this.recordings = recordings;
    this.#notes = notes;
    this.#request = request;
    this.#instance = parts.instance;
    this.#created = parts.created ?? new Date().toISOString();
    this.#time = parts.time ?? machineTime;
    const timeline = timelineOf(recordings);
    this.#zone = commonZone(recordings.map(({ zone }) => zone));
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
    const range = rangeOf(request, timeline, this.#zone);
    if (request.ab !== undefined) this.#ab = recordingRangeMs(request.ab, timeline.startMs, this.#zone);
    this.player = new Player(timeline, this.#emission, {
      rate: request.rate ?? 1,
      paused: request.paused ?? false,
      ...(this.#ab ?? range),
      loop: this.#ab !== null || (request.loop ?? false),
      late: request.late,
      skipIdleMs: request.skipIdle === undefined ? 0 : durationMs(request.skipIdle, 'idle time'),
      lockstep: request.lockstep,
      time: this.#time,
      changed: () => this.#changed(),
    });
    this.#emission.clock = this.player.clock;
    this.#emission.changed = () => this.#changed();
    this.#emission.loopsDone = () => this.player.loopsDone;
    this.#idleTimeoutMs =
      request.idleTimeout === undefined ? Infinity : durationMs(request.idleTimeout, 'idle timeout');
    this.#ownership = new Ownership(this.#emission, this.player);
    this.#rateMeter = new RateMeter(this.player, this.#time);
  }

  /** Opens the recordings. @throws refusal for what is wrong with the request or the files */
  static async open(given: ReplayRequest, sources: ReplaySource[], parts: ReplayParts): Promise<Replay> {
    const request = { ...given, id: given.id ?? `replay-${randomUUID().slice(0, 8)}` };
    const { redis, channels } = parts;
    return new Replay(request, await openRecordings(sources, { redis, channels, replay: request.id }), parts);
  }

  /** Calls `listener` at every change. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Plays, and gives its channels up afterwards. Settles as Player.run does. */
  async run(stay: boolean): Promise<void> {
    await this.#subscribers();
    await this.#ownership.during(() => this.player.run(stay));
  }

  /**
   * Resumes where a process that is gone stopped: in its epoch after its last event; where Redis does not know that, in a
   * new epoch at the position. @throws refusal `channel_owned` while the lease of that process lasts
   */
  async resume({ epoch, positionMs }: { epoch: number; positionMs: number }): Promise<void> {
    const left = await this.#emission.resume();
    const start = left
      ? {
          epoch: left.epoch,
          fromMs: left.fromMs,
          loopsDone: left.loopsDone,
          published: left.channels.map(({ own }) => own),
          // A position of an earlier epoch says nothing about this one.
          positionMs: left.epoch === epoch ? positionMs : left.fromMs,
        }
      : { fromMs: positionMs };
    await this.#ownership.during(() => this.player.run(true, start));
  }

  /** Whether another process plays it now: what this one knows of it is out of date. */
  get taken(): boolean {
    return isProblem(this.player.failure, 'replay_taken');
  }

  /** What it waits for: before it begins, or because Redis refuses for a reason that passes. */
  get waiting(): string | null {
    const { refusal } = this.#emission;
    return this.#waiting ?? (refusal && waitingText(refusal));
  }

  /** Stops; what is on its way arrives. */
  stop(): void {
    this.#waiting = null;
    this.#emission.stopWaiting();
    this.player.stop();
  }

  /**
   * Changes what is asked for, all of it or nothing, and answers where the replay then stands.
   * @throws refusal for what it can't read
   */
  async patch(patch: ReplayPatch): Promise<ReplayDocument> {
    const { player } = this;
    const targetMs = recordingTimeMs(patch.position, player.startMs, 'position', this.#zone);
    const ab = typeof patch.ab === 'string' ? recordingRangeMs(patch.ab, player.startMs, this.#zone) : null;
    const step = patch.step === undefined ? null : stepOf(patch.step);
    const stepsBack = step !== null && 'back' in step;
    if (targetMs !== undefined || ab !== null || stepsBack || patch.loop) this.#refuseForPipes();
    if (patch.rate !== undefined) player.setRate(patch.rate);
    if (patch.loop !== undefined) player.setLoop(patch.loop);
    if (patch.late !== undefined) player.setLate(patch.late);
    if (patch.state === 'paused') player.pause();
    if (patch.ab !== undefined) await player.setRange((this.#ab = ab));
    if (targetMs !== undefined) await player.seek(targetMs);
    if (stepsBack) await player.stepBack(step.back);
    else if (step) await player.step(step);
    if (patch.state === 'playing') player.play();
    const didSeek = (targetMs !== undefined || stepsBack) && player.state !== 'failed';
    return { ...this.document(), didSeek };
  }

  /** @throws refusal where a recording comes through a pipe: its records come once */
  #refuseForPipes(): void {
    const pipe = this.recordings.find((recording) => recording instanceof TextRecording && recording.once);
    if (pipe)
      throw refusal('recording_passed', `${pipe.file} can be read only once: no seek, no loop.`, {
        hint: 'Write it to a file first and play that.',
      });
  }

  /** Whether it has been paused or ended for longer than its idle timeout. */
  get overdue(): boolean {
    const rests = this.player.state === 'paused' || this.player.state === 'ended';
    this.#restSinceMs = rests ? (this.#restSinceMs ?? this.#time.now()) : null;
    if (this.#restSinceMs === null) return false;
    return this.#time.now() - this.#restSinceMs > this.#idleTimeoutMs;
  }

  /** The replay as REST shows it. */
  document(): ReplayDocument {
    return documentOf({
      id: this.id,
      instance: this.#instance,
      created: this.#created,
      request: this.#request,
      channels: this.channels,
      recordings: this.recordings,
      notes: this.#notes,
      player: this.player,
      rateMeter: this.#rateMeter,
      ab: this.#ab,
      lag: this.#ownership.lag,
      waiting: this.waiting,
    });
  }

  /** Where it stands. */
  tick(): ClockTick {
    const { player } = this;
    const rateMeter = this.#rateMeter;
    rateMeter.sample();
    return {
      replay: this.id,
      epoch: player.epoch,
      time: isoTime(Math.round(player.positionMs())),
      rate: player.clock.rate,
      achievedRate: rateMeter.achievedRate,
      latenessMs: rateMeter.latenessMs,
      lag: this.#ownership.lag?.events ?? null,
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
}
