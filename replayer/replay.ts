import { randomUUID } from 'node:crypto';
import type { Block } from '../core/block.ts';
import { channelSpec } from '../core/channels.ts';
import { machineTime, type Time } from '../core/clock.ts';
import { isoTime } from '../core/event.ts';
import { refusal } from '../core/errors.ts';
import type { Redis } from '../core/redis.ts';
import { addDeadLetters } from '../core/store.ts';
import { beginEpoch, ChannelWriter, releaseLease, renewLease, type Lease } from '../core/writer.ts';
import type {
  ClockTick,
  Config,
  Replay as ReplayDocument,
  ReplayPatch,
  ReplayRequest,
} from '../schemas/types.ts';
import { Player } from './player.ts';
import { Recording, type OpenOptions, type Refusal } from './recording.ts';
import { timelineOf } from './timeline.ts';

/** A recording to play: where the file is, what REST calls it, and how to read it. */
export interface Source extends OpenOptions {
  id: string;
  path: string;
}

export interface ReplayParts {
  redis: Redis;
  instance: string;
  channels: Config['channels'];
  time?: Time;
}

const LEASE_MS = 5_000;
const RENEW_MS = 1_000;

/** One run of recordings onto channels of a Redis: player, writers and lease put together. */
export class Replay {
  readonly id: string;
  readonly player: Player;
  readonly recordings: Recording[];
  /** The channels it plays on, each once. */
  readonly channels: string[];
  readonly #request: ReplayRequest;
  readonly #parts: ReplayParts;
  readonly #lease: Lease;
  readonly #created = new Date().toISOString();
  readonly #time: Time;
  #sample = { atMs: 0, positionMs: 0, epoch: 0 };
  #achievedRate: number | null = null;
  #changed: () => void = () => {};

  private constructor(request: ReplayRequest, recordings: Recording[], parts: ReplayParts) {
    this.id = request.id ?? `replay-${randomUUID().slice(0, 8)}`;
    this.recordings = recordings;
    this.#request = request;
    this.#parts = parts;
    this.#time = parts.time ?? machineTime;
    this.#lease = { token: `${this.id} ${randomUUID()}`, lifeMs: LEASE_MS };
    const timeline = timelineOf(recordings);
    this.channels = timeline.channels;
    const writers = timeline.channels.map((channel) => this.#writer(channel));
    const output = {
      begin: async (lastEpoch: number) => {
        const epoch = await beginEpoch(parts.redis, this.channels, this.#lease, lastEpoch);
        for (const writer of writers) writer.startEpoch(epoch);
        return epoch;
      },
      emit: (channel: number, block: Block) => writers[channel]!.emit(block),
    };
    const startMs = momentMs(request.start, timeline.startMs, 'start') ?? timeline.startMs;
    const endMs =
      momentMs(request.end, timeline.startMs, 'end') ??
      momentMs(request.duration, startMs, 'duration') ??
      Infinity;
    if (endMs < startMs || startMs > (timeline.endMs ?? Infinity)) {
      throw refusal(
        'range_empty',
        422,
        `Nothing lies between ${isoTime(startMs)} and ${endMs === Infinity ? 'the end' : isoTime(endMs)}.`,
        {
          hint: `The recording goes from ${isoTime(timeline.startMs)}${timeline.endMs === null ? '' : ` to ${isoTime(timeline.endMs)}`}.`,
        },
      );
    }
    this.player = new Player(timeline, output, {
      rate: request.rate ?? 1,
      paused: request.paused ?? false,
      startMs,
      endMs,
      loop: request.loop ?? false,
      time: this.#time,
      changed: () => this.#changed(),
    });
  }

  /**
   * Opens the recordings. Rows that can't be played go to the dead letters.
   * @throws refusal for what is wrong with the request or the files
   */
  static async open(request: ReplayRequest, sources: Source[], parts: ReplayParts): Promise<Replay> {
    const refusals: Promise<void>[] = [];
    const recordings: Recording[] = [];
    for (const source of sources) {
      const refuse = (refused: Refusal[]) => {
        const letters = refused.map(({ file, ...rest }) => ({
          source: file,
          ...rest,
          ...(request.id && { replay: request.id }),
        }));
        refusals.push(addDeadLetters(parts.redis, letters).catch(() => {}));
      };
      recordings.push(await Recording.open(source.path, { ...source, channels: parts.channels, refuse }));
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
    const renewing = setInterval(() => {
      if (this.player.state === 'ended') return;
      renewLease(this.#parts.redis, this.channels, this.#lease).catch(() => {});
    }, RENEW_MS);
    try {
      await this.player.run(stay);
    } finally {
      clearInterval(renewing);
      await releaseLease(this.#parts.redis, this.channels, this.#lease).catch(() => {});
    }
  }

  /** Changes what is asked for, and answers where the replay then stands. @throws refusal for a position it can't read */
  async patch(patch: ReplayPatch): Promise<ReplayDocument> {
    const targetMs = momentMs(patch.position, this.player.startMs, 'position');
    if (patch.rate !== undefined) this.player.setRate(patch.rate);
    if (patch.loop !== undefined) this.player.setLoop(patch.loop);
    if (patch.state === 'paused') this.player.pause();
    if (targetMs !== undefined) await this.player.seek(targetMs);
    if (patch.state === 'playing') this.player.play();
    return { ...this.document(), didSeek: targetMs !== undefined && this.player.state !== 'failed' };
  }

  /** The replay as REST shows it. */
  document(): ReplayDocument {
    const { player } = this;
    const total = (of: (recording: Recording) => number) =>
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
      error: player.error,
      rate: player.clock.rate,
      achievedRate: this.#achievedRate,
      position: isoTime(Math.round(player.positionMs())),
      start: isoTime(player.startMs),
      end: player.endMs === null ? null : isoTime(player.endMs),
      loop: player.loop,
      loopsDone: player.loopsDone,
      epoch: player.epoch,
      instance: this.#parts.instance,
      created: this.#created,
      latenessMs: {
        p50: ms(50),
        p99: ms(99),
        max: player.lateness.count === 0 ? 0 : player.lateness.max / 1000,
      },
      counts: {
        published: player.published,
        refused: total((recording) => recording.refused),
        reordered: total((recording) => recording.disorder.reordered),
        late: total((recording) => recording.disorder.late),
      },
    };
  }

  /** Where it stands; measures the achieved rate since a second ago. */
  tick(): ClockTick {
    const { player } = this;
    const nowMs = this.#time.now();
    const positionMs = player.positionMs();
    const elapsedMs = nowMs - this.#sample.atMs;
    if (player.state !== 'playing') this.#achievedRate = null;
    if (elapsedMs >= 1_000 || player.epoch !== this.#sample.epoch || player.state !== 'playing') {
      if (player.state === 'playing' && player.epoch === this.#sample.epoch && elapsedMs < 3_000) {
        this.#achievedRate = Math.round(((positionMs - this.#sample.positionMs) / elapsedMs) * 100) / 100;
      }
      this.#sample = { atMs: nowMs, positionMs, epoch: player.epoch };
    }
    return {
      replay: this.id,
      epoch: player.epoch,
      time: isoTime(Math.round(positionMs)),
      rate: player.clock.rate,
      achievedRate: this.#achievedRate,
      state: player.state,
    };
  }

  #writer(channel: string): ChannelWriter {
    const { redis, channels } = this.#parts;
    return new ChannelWriter(redis, channelSpec(channel, channels), {
      source: `/replays/${this.id}`,
      replay: this.id,
      lease: this.#lease,
      waits: true,
    });
  }
}

const UNITS_MS: { [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A moment of a recording: an ISO 8601 time, or an offset from its start such as 90s, 1.5h.
 * @throws refusal when it is neither
 */
function momentMs(text: string | undefined, startMs: number, name: string): number | undefined {
  if (text === undefined) return undefined;
  const offset = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (offset) return startMs + Number(offset[1]) * UNITS_MS[offset[2]!]!;
  const zoned = /^\d{4}-\d{2}-\d{2}/.test(text)
    ? /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10)) || text.length === 10
      ? text
      : `${text}Z`
    : '';
  const timeMs = Date.parse(zoned);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw refusal('moment_malformed', 422, `"${text.slice(0, 60)}" is no ${name}.`, {
    hint: 'Write a time such as 2019-12-24T20:30:00Z, or an offset from the start such as 90s.',
  });
}
