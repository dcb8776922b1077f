import { failure, refusal, sentence } from '../../core/problems/errors.ts';
import { channelMatcher } from '../../core/wire/channels.ts';
import { passingReasonOf } from '../../core/problems/passing.ts';
import { settingTable } from '../../core/settings/setting-table.ts';
import type { Quotas } from '../../core/settings/settings.ts';
import type { Logger } from '../../core/logging/log.ts';
import { RoleCounters } from '../../core/figures/role-counters.ts';
import { LATENESS_BOUNDS } from '../playing/lateness.ts';
import { ChannelQuota } from '../../core/channels/quota.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { Config, Replay as ReplayDocument, ReplayPatch, ReplayRequest } from '../../schemas/types.ts';
import type { ReplaySource } from '../playing/recordings.ts';
import { Replay } from '../playing/replay.ts';
import { Readings } from './readings.ts';
import { RecordingsFolder, type PreviewRequest } from './recordings-folder.ts';
import { ReplayStore } from './replay-store.ts';
import { isUnfinished } from './unfinished.ts';

const TICK_MS = 100;
const TICKS_PER_DOCUMENT = 5;

/** What one replayer does at most; see the settings of these names. */
export type HostLimits = Pick<
  Quotas,
  'replays' | 'unpackedBytes' | 'readingSeconds' | 'channels' | 'logBytes'
>;

const DEFAULT_LIMITS: HostLimits = {
  replays: settingTable.maxReplays.default,
  unpackedBytes: settingTable.maxUnpackedBytes.default,
  readingSeconds: settingTable.maxReadingSeconds.default,
  channels: settingTable.maxChannels.default,
  logBytes: settingTable.maxLogBytes.default,
};

/** A replay of this process. */
interface Hosted {
  replay: Replay;
  /** Settles when its run is over; rejects with what ended it. */
  run: Promise<void>;
  /** The request that another process resumes it with; undefined: it ends with this process. */
  request: ReplayRequest | undefined;
}

/** What is to be launched. */
interface Launch {
  request: ReplayRequest;
  sources: ReplaySource[];
  run: (replay: Replay) => Promise<void>;
  /** See `Hosted`. */
  resumedWith?: ReplayRequest;
  /** When the process that it is taken over from created it. */
  created?: string | undefined;
  /** Lists of patterns; each channel must match one of each list. */
  limits?: string[][];
  /** Whether it goes on with a replay that has its channels already. */
  continues?: true;
}

/** What REST asks a replayer to create. */
interface CreateMessage extends ReplayRequest {
  limits?: string[][];
}

/** Runs the replays of one process and tells Redis where they stand. */
export class ReplayHost {
  readonly instance: string;
  readonly folder: RecordingsFolder;
  readonly #redis: Redis;
  readonly #store: ReplayStore;
  readonly #channels: Config['channels'];
  readonly #replaysMax: number;
  readonly #quota: ChannelQuota;
  readonly #counters: RoleCounters;
  readonly #readings: Readings;
  readonly #log: Logger;
  readonly #hosted = new Map<string, Hosted>();
  /** Ids of replays that are being opened, and the openings. */
  readonly #opening = new Set<string>();
  readonly #launches = new Set<Promise<Replay>>();
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #closing = false;

  constructor(parts: {
    redis: Redis;
    instance: string;
    channels: Config['channels'];
    folder: string;
    log: Logger;
    /** Default: those of the settings. */
    limits?: HostLimits;
    /** The plugins whose formats are read. */
    plugins?: string[];
  }) {
    this.#redis = parts.redis;
    this.#store = new ReplayStore(parts.redis);
    this.instance = parts.instance;
    this.#channels = parts.channels;
    const limits = parts.limits ?? DEFAULT_LIMITS;
    this.#replaysMax = limits.replays;
    this.#counters = new RoleCounters(parts.redis, 'replayer');
    this.#quota = new ChannelQuota(parts.redis, Object.keys(parts.channels ?? {}), limits);
    this.#readings = new Readings(parts.plugins ?? [], { seconds: limits.readingSeconds });
    this.folder = new RecordingsFolder(parts.folder, {
      channels: parts.channels,
      unpackedMaxBytes: limits.unpackedBytes,
      instance: parts.instance,
      readings: this.#readings,
    });
    this.#log = parts.log;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  has(id: string): boolean {
    return this.#hosted.has(id);
  }

  /** The verbs of this host for core/requests: what REST, Socket.IO and the supervisor ask of a replayer. */
  get verbs() {
    return {
      create: ({ limits, ...request }: CreateMessage) => this.create(request, limits),
      describe: (request: { id: string; arriving?: string }) => this.folder.describe(request),
      preview: (request: PreviewRequest) => this.folder.preview(request),
      patch: ({ id, patch }: { id: string; patch: ReplayPatch }) => this.patch(id, patch),
      remove: ({ id }: { id: string }) => this.remove(id),
    };
  }

  /** Opens recordings of the folder and plays them. @throws refusal for what can't be played as asked */
  async create(request: ReplayRequest, limits: string[][] = []): Promise<ReplayDocument> {
    const sources = this.folder.sources(request);
    const run = (replay: Replay) => replay.run(true);
    return (await this.#launch({ request, sources, run, resumedWith: request, limits })).document();
  }

  /**
   * Plays files from anywhere, for the command line; `stay` keeps the replay after its end.
   * @throws refusal when it can't begin: then there is no such replay
   */
  start(request: ReplayRequest, sources: ReplaySource[], stay: boolean): Promise<Replay> {
    return this.#launch({ request, sources, run: (replay) => replay.run(stay) });
  }

  /**
   * Resumes a replay whose process is gone, from its last document.
   * @throws refusal `channel_owned` while that process may still write
   */
  async resume(request: ReplayRequest, { state, position, epoch, created }: ReplayDocument): Promise<void> {
    const last = { epoch, positionMs: Date.parse(position) };
    await this.#launch({
      request: { ...request, paused: state === 'paused', waitForSubscribers: undefined },
      sources: this.folder.sources(request),
      run: (replay) => replay.resume(last),
      continues: true,
      resumedWith: request,
      created,
    });
  }

  /** Changes a replay; everything that steers one comes here. @throws refusal for an unknown one, or what can't be read */
  async patch(id: string, patch: ReplayPatch): Promise<ReplayDocument> {
    const hosted = this.#find(id);
    const document = await hosted.replay.patch(patch);
    // Another process that resumes it must know.
    if (hosted.request) hosted.request = patched(hosted.request, patch);
    if (this.#hosted.has(id)) await this.#store.write(document, hosted.request);
    return document;
  }

  /** Settles when the replay's run is over; throws what ended it. */
  async finished(id: string): Promise<void> {
    await this.#hosted.get(id)?.run;
  }

  /** Ends a replay and forgets it. @throws refusal for an unknown one */
  async remove(id: string): Promise<void> {
    const { replay, run } = this.#find(id);
    replay.stop();
    await run.catch(() => {});
    this.#hosted.delete(id);
    await this.#store.forget([id]);
    await this.#store.tell({ ...replay.tick(), state: 'idle' });
  }

  /** Ends all replays; Redis forgets them. */
  async close(): Promise<void> {
    await this.#settle();
    await this.#end([...this.#hosted.values()]);
  }

  /**
   * Stops here and leaves the unfinished replays to another replayer: their channels are free when this settles, and
   * everything sent has arrived. Replays that have ended or failed are forgotten.
   */
  async handOver(): Promise<void> {
    await this.#settle();
    const all = [...this.#hosted.values()];
    const handed = all.filter(({ replay, request }) => request && isUnfinished(replay.document()));
    await Promise.all(handed.map(({ replay, request }) => this.#store.write(replay.document(), request)));
    // From here on this process writes nothing about them: the next owner does.
    for (const { replay } of handed) {
      this.#hosted.delete(replay.id);
      replay.stop();
    }
    await Promise.allSettled(handed.map(({ run }) => run));
    await this.#end(all.filter((hosted) => !handed.includes(hosted)));
  }

  #launch(launch: Launch): Promise<Replay> {
    const launching = this.#open(launch);
    this.#launches.add(launching);
    const settled = () => this.#launches.delete(launching);
    launching.then(settled, settled);
    return launching;
  }

  async #open(launch: Launch): Promise<Replay> {
    const { request, sources, run, resumedWith, created, continues, limits = [] } = launch;
    const { id = '' } = request;
    this.#refuseTooMany(id);
    if (id) this.#opening.add(id);
    try {
      const replay = await Replay.open(request, sources, {
        redis: this.#redis,
        instance: this.instance,
        channels: this.#channels,
        created,
      });
      for (const patterns of limits) refuseChannels(replay.channels, patterns);
      if (!continues) await this.#makeRoom(replay.channels);
      if (this.#closing) throw failure('no_answer', 'This replayer is stopping.');
      const change = new Promise<void>((resolve) =>
        replay.onChange(() => (replay.player.state !== 'idle' || replay.waiting !== null) && resolve()),
      );
      const running = run(replay);
      await this.#begun(replay, change, running);
      const kept = resumedWith && { ...resumedWith, id: replay.id };
      this.#hosted.set(replay.id, { replay, run: running, request: kept });
      replay.onChange(() => void this.#publish(replay));
      await this.#publish(replay);
      const { id, channels } = replay;
      this.#log.info({ replay: id, channels, rate: request.rate ?? 1 }, 'replay begins');
      return replay;
    } finally {
      this.#opening.delete(id);
    }
  }

  /** Settles when the replay plays or waits. @throws what ends it at its very start */
  async #begun(replay: Replay, change: Promise<void>, run: Promise<void>): Promise<void> {
    run.catch(() => {}); // Thrown here, or logged below.
    if (replay.waiting === null) await Promise.race([change, run]);
    if (replay.player.state === 'failed') await run;
    run.catch((error: unknown) =>
      this.#log[replay.taken ? 'warn' : 'error']({ replay: replay.id }, sentence(error)),
    );
  }

  /** @throws refusal of the quota */
  async #makeRoom(channels: readonly string[]): Promise<void> {
    await this.#quota.enter(channels).catch((error: unknown) => {
      // What Redis refuses for a while is waited out when the replay begins.
      if (!passingReasonOf(error)) throw error;
    });
  }

  #refuseTooMany(id: string): void {
    if (this.#hosted.has(id) || this.#opening.has(id)) {
      throw refusal('replay_exists', `There is a replay "${id}" already.`, {
        hint: 'Remove it first, or choose another id.',
      });
    }
    if (this.#hosted.size + this.#launches.size >= this.#replaysMax) {
      throw refusal('replays_too_many', `${this.#replaysMax} replays run here already.`, {
        hint: 'Remove one, or raise REPRISE_MAX_REPLAYS.',
      });
    }
  }

  #find(id: string): Hosted {
    const hosted = this.#hosted.get(id);
    if (!hosted)
      throw refusal('replay_unknown', `No replay "${id}".`, { hint: 'GET /api/v1/replays lists them.' });
    return hosted;
  }

  /** Opens no more replays; settles when those that were being opened have begun or been refused. */
  async #settle(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    await this.#readings.close();
    await this.#counters.close();
    await Promise.allSettled(this.#launches);
  }

  async #end(ending: Hosted[]): Promise<void> {
    for (const { replay } of ending) replay.stop();
    await Promise.allSettled(ending.map(({ run }) => run));
    if (this.#store.isReachable) await this.#store.forget(ending.map(({ replay }) => replay.id));
  }

  #tick(): void {
    this.#ticks++;
    for (const { replay, request } of this.#hosted.values()) {
      if (replay.overdue) void this.remove(replay.id).catch(() => {});
      const tick = replay.tick();
      // Also those that are paused or have ended: a Redis that was flushed has forgotten them.
      if (this.#ticks % TICKS_PER_DOCUMENT === 0) this.#countLateness(replay);
      if (this.#ticks % TICKS_PER_DOCUMENT === 0 && this.#store.isReachable)
        void this.#store.write(replay.document(), request);
      if (tick.state === 'playing') void this.#store.tell(tick);
    }
  }

  #countLateness({ player }: Replay): void {
    const { counts, sumSeconds } = player.lateness.take();
    this.#counters.distribute('replay_lateness_seconds', LATENESS_BOUNDS, counts, sumSeconds);
  }

  async #publish(replay: Replay): Promise<void> {
    // Redis knows it as the replay of the process that took it over.
    if (replay.taken) return void this.#hosted.delete(replay.id);
    await this.#store.tell(replay.tick());
    const hosted = this.#hosted.get(replay.id);
    if (hosted) await this.#store.write(replay.document(), hosted.request);
  }
}

/** The request that leads to where a patch has led. */
function patched(request: ReplayRequest, patch: ReplayPatch): ReplayRequest {
  const { rate = request.rate, loop = request.loop, late = request.late } = patch;
  const ab = patch.ab === undefined ? request.ab : (patch.ab ?? undefined);
  return { ...request, rate, loop, late, ab };
}

/** @throws refusal `channel_refused` if a channel matches none of these patterns */
function refuseChannels(channels: readonly string[], patterns: string[]): void {
  const other = channels.find((channel) => !channelMatcher(patterns)(channel));
  if (other === undefined) return;
  throw refusal('channel_refused', `The replay would write "${other}", and the key may not.`, {
    hint: `It is limited to the channels ${patterns.join(', ')}.`,
  });
}
