import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import { failure, refusal, sentence } from '../../core/problems/errors.ts';
import { keys } from '../../core/wire/keys.ts';
import type { Logger } from '../../core/logging/log.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type {
  Config,
  RecordingDescription,
  Replay as ReplayDocument,
  ReplayPatch,
  ReplayRequest,
} from '../../schemas/types.ts';
import { describe } from '../files/describe.ts';
import { isActive, isWaiting } from './unfinished.ts';
import { Replay, type Source } from '../playing/replay.ts';

const TICK_MS = 100;
const TICKS_PER_DOCUMENT = 5;
const REPLAYS_MAX = 100;

/** Runs the replays of one process and tells Redis where they stand. */
export class ReplayHost {
  readonly instance: string;
  readonly #redis: Redis;
  readonly #channels: Config['channels'];
  readonly #folder: string;
  readonly #log: Logger;
  readonly #replays = new Map<string, Replay>();
  /** Ids of replays that are being opened. */
  readonly #beginning = new Set<string>();
  readonly #launching = new Set<Promise<Replay>>();
  #closing = false;
  readonly #runs = new Map<string, Promise<void>>();
  /** Of those that another process is to go on with when this one is gone. */
  readonly #requests = new Map<string, ReplayRequest>();
  readonly #descriptions = new Map<string, Promise<RecordingDescription>>();
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;

  constructor(parts: {
    redis: Redis;
    instance: string;
    channels: Config['channels'];
    folder: string;
    log: Logger;
  }) {
    this.#redis = parts.redis;
    this.instance = parts.instance;
    this.#channels = parts.channels;
    this.#folder = parts.folder;
    this.#log = parts.log;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  has(id: string): boolean {
    return this.#replays.has(id);
  }

  /** The verbs of this host for core/requests: what REST, Socket.IO and the supervisor ask of a replayer. */
  get verbs() {
    return {
      create: (request: ReplayRequest) => this.create(request),
      describe: ({ id }: { id: string }) => this.describe(id),
      patch: ({ id, patch }: { id: string; patch: ReplayPatch }) => this.patch(id, patch),
      remove: ({ id }: { id: string }) => this.remove(id),
    };
  }

  /** Opens the recordings of the folder and plays them. @throws refusal for what can't be played as asked */
  async create(request: ReplayRequest): Promise<ReplayDocument> {
    const replay = await this.#launch(request, this.#sources(request), (opened) => opened.run(true), request);
    return replay.document();
  }

  /**
   * Plays files from anywhere, for the command line; `stay` keeps the replay after its end.
   * @throws refusal when it can't begin: then there is no such replay
   */
  start(request: ReplayRequest, sources: Source[], stay: boolean): Promise<Replay> {
    return this.#launch(request, sources, (replay) => replay.run(stay));
  }

  /**
   * Resumes a replay whose process is gone, from its last document.
   * @throws refusal `channel_owned` while that process may still write
   */
  async adopt(request: ReplayRequest, { state, position, epoch }: ReplayDocument): Promise<void> {
    const asked = { ...request, paused: state === 'paused', waitForSubscribers: undefined };
    const stood = { epoch, positionMs: Date.parse(position) };
    await this.#launch(asked, this.#sources(request), (replay) => replay.resume(stood), request);
  }

  /** Changes a replay; all that steer one come here. @throws refusal for an unknown one, or what can't be read */
  async patch(id: string, patch: ReplayPatch): Promise<ReplayDocument> {
    const document = await this.#find(id).patch(patch);
    const request = this.#requests.get(id);
    if (request) {
      // Whoever has to go on with it one day is to know.
      const { rate = request.rate, loop = request.loop, late = request.late } = patch;
      const ab = patch.ab === undefined ? request.ab : (patch.ab ?? undefined);
      await this.#keep({ ...request, rate, loop, late, ab });
    }
    if (this.#replays.has(id)) await this.#write(document);
    return document;
  }

  /** `kept`: the request that another process is to resume the replay with; none: it ends with this process. */
  #launch(
    request: ReplayRequest,
    sources: Source[],
    run: (replay: Replay) => Promise<void>,
    kept?: ReplayRequest,
  ): Promise<Replay> {
    const launching = this.#open(request, sources, run, kept);
    this.#launching.add(launching);
    const settled = () => this.#launching.delete(launching);
    launching.then(settled, settled);
    return launching;
  }

  async #open(
    request: ReplayRequest,
    sources: Source[],
    run: (replay: Replay) => Promise<void>,
    kept?: ReplayRequest,
  ): Promise<Replay> {
    const { id = '' } = request;
    if (this.#replays.has(id) || this.#beginning.has(id)) {
      throw refusal('replay_exists', `There is a replay "${id}" already.`, {
        hint: 'Remove it first, or choose another id.',
      });
    }
    if (this.#replays.size >= REPLAYS_MAX) {
      throw refusal('replays_too_many', `${REPLAYS_MAX} replays run here already.`, {
        hint: 'Remove one.',
      });
    }
    if (id) this.#beginning.add(id);
    try {
      const replay = await Replay.open(request, sources, {
        redis: this.#redis,
        instance: this.instance,
        channels: this.#channels,
      });
      if (this.#closing) throw failure('no_answer', 'This replayer is stopping.');
      const begun = new Promise<void>((resolve) =>
        replay.onChange(() => replay.player.state !== 'idle' && resolve()),
      );
      const running = run(replay);
      running.catch(() => {}); // What ends it at its very start is thrown below.
      if (!replay.waiting) await Promise.race([begun, running]);
      if (replay.player.state === 'failed') await running;
      running.catch((error: unknown) =>
        this.#log[replay.taken ? 'warn' : 'error']({ replay: replay.id }, sentence(error)),
      );
      this.#replays.set(replay.id, replay);
      if (kept) this.#requests.set(replay.id, { ...kept, id: replay.id });
      this.#runs.set(replay.id, running);
      replay.onChange(() => void this.#publish(replay));
      await this.#publish(replay);
      this.#log.info(
        { replay: replay.id, channels: replay.channels, rate: request.rate ?? 1 },
        'replay begins',
      );
      return replay;
    } finally {
      this.#beginning.delete(id);
    }
  }

  #sources(request: ReplayRequest): Source[] {
    return request.recordings.map((recording) => {
      const options = typeof recording === 'string' ? { id: recording } : recording;
      return { ...options, path: this.path(options.id) };
    });
  }

  async #keep(request: ReplayRequest): Promise<void> {
    this.#requests.set(request.id!, request);
    await this.#redis.hset(keys.replayRequests, request.id!, JSON.stringify(request));
  }

  /** Settles when the replay's run is over; throws what ended it. */
  async finished(id: string): Promise<void> {
    await this.#runs.get(id);
  }

  async remove(id: string): Promise<void> {
    const replay = this.#find(id);
    replay.stop();
    await this.#runs.get(id)?.catch(() => {});
    this.#drop(id);
    await forget(this.#redis, [id]);
    await this.#redis.publish(keys.clock, JSON.stringify({ ...replay.tick(), state: 'idle' }));
  }

  /** Has nothing to do with a replay any more; what Redis knows of it stands. */
  #drop(id: string): void {
    this.#replays.delete(id);
    this.#runs.delete(id);
    this.#requests.delete(id);
  }

  /** What one reading of the whole recording finds; remembered until the file changes. */
  async describe(id: string): Promise<RecordingDescription> {
    const path = this.path(id);
    const info = await stat(path).catch(() => null);
    if (!info) throw unknownRecording(id);
    const key = `${path} ${info.size} ${info.mtimeMs}`;
    let description = this.#descriptions.get(key);
    if (!description) {
      description = describe(path, { channels: this.#channels });
      description.catch(() => this.#descriptions.delete(key));
      this.#descriptions.set(key, description);
    }
    return description;
  }

  /** Ends all replays; Redis forgets them. */
  async close(): Promise<void> {
    await this.#settle();
    await this.#end([...this.#replays.values()]);
  }

  /**
   * Stops here and leaves the unfinished replays to another replayer: their channels are free when this settles, and
   * everything sent has arrived. Replays that have ended or failed are forgotten.
   */
  async handOver(): Promise<void> {
    await this.#settle();
    const replays = [...this.#replays.values()];
    const handed = replays.filter(({ id }) => this.#requests.has(id)).filter(isUnfinished);
    await Promise.all(handed.map((replay) => this.#write(replay.document())));
    const runs = handed.flatMap(({ id }) => this.#runs.get(id) ?? []);
    // From here on this process writes nothing about them: the next owner does.
    for (const replay of handed) {
      this.#drop(replay.id);
      replay.stop();
    }
    await Promise.allSettled(runs);
    await this.#end(replays.filter((replay) => !handed.includes(replay)));
  }

  /** Opens no more replays; settles when those that were being opened have begun or been refused. */
  async #settle(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    await Promise.allSettled(this.#launching);
  }

  async #end(replays: Replay[]): Promise<void> {
    for (const replay of replays) replay.stop();
    const ids = replays.map(({ id }) => id);
    await Promise.allSettled(ids.flatMap((id) => this.#runs.get(id) ?? []));
    if (ids.length > 0 && this.#redis.status === 'ready') await forget(this.#redis, ids);
  }

  /** The file of a recording: a plain name in the folder, nothing outside it. */
  path(id: string): string {
    if (!/^[^/\\\0]+$/.test(id) || id.startsWith('.')) {
      throw refusal('recording_name', `"${id.slice(0, 100)}" is no recording's name.`, {
        hint: 'It is a file name without folders.',
      });
    }
    return join(this.#folder, id);
  }

  #find(id: string): Replay {
    const replay = this.#replays.get(id);
    if (!replay)
      throw refusal('replay_unknown', `No replay "${id}".`, { hint: 'GET /api/v1/replays lists them.' });
    return replay;
  }

  #tick(): void {
    this.#ticks++;
    for (const replay of this.#replays.values()) {
      if (replay.overdue) void this.remove(replay.id).catch(() => {});
      const tick = replay.tick();
      // Those that stand, too: a Redis that was flushed has forgotten them.
      if (this.#ticks % TICKS_PER_DOCUMENT === 0 && this.#redis.status === 'ready')
        void this.#write(replay.document());
      if (tick.state === 'playing') this.#redis.publish(keys.clock, JSON.stringify(tick)).catch(() => {});
    }
  }

  async #publish(replay: Replay): Promise<void> {
    if (replay.taken) return this.#drop(replay.id);
    await this.#redis.publish(keys.clock, JSON.stringify(replay.tick())).catch(() => {});
    await this.#write(replay.document());
  }

  async #write(document: ReplayDocument): Promise<void> {
    if (!this.#replays.has(document.id)) return;
    const request = this.#requests.get(document.id);
    const told = this.#redis.multi().hset(keys.replays, document.id, JSON.stringify(document));
    if (request) told.hset(keys.replayRequests, document.id, JSON.stringify(request));
    await told.exec().catch(() => {});
  }
}

/** Whether there is something to resume: it plays, is paused, or waits for subscribers. */
function isUnfinished(replay: Replay): boolean {
  const document = replay.document();
  return isActive(document) || isWaiting(document);
}

/** Takes replays off all lists. */
export async function forget(redis: Redis, ids: string[]): Promise<void> {
  const lists = [keys.replays, keys.replayRequests, keys.replayStarts];
  await Promise.all(lists.map((list) => redis.hdel(list, ...ids)));
}

function unknownRecording(id: string): Error {
  return refusal('recording_unknown', `No recording "${id}".`, {
    hint: 'GET /api/v1/recordings lists them.',
  });
}
