import { keys } from '../../core/wire/keys.ts';
import { services } from '../../core/redis/presence.ts';
import { healthOf } from '../../core/redis/health.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import type { ClockTick, Replay, Service, Status, Task } from '../../schemas/types.ts';

/** How often services and replays are looked at. */
const BEAT_MS = 1_000;
/** Clock ticks of a playing replay are passed on at most this often. */
const CLOCK_MS = 95;
/** A Redis that does not answer for this long counts as down. */
const SILENCE_MS = 3_000;
/** After a change the list of replays is read again this soon. */
const SOON_MS = 60;

/** The part of a message for a client that may not read every channel, by what it may see; null: nothing. */
export type Shown = (maySee: (channels: readonly string[] | null) => boolean) => unknown;

/** Sends messages to all clients, or to one. */
export interface Broadcast {
  /** Sends to all clients that are not congested; returns the ids of the others. */
  all(event: string, payload: unknown, shown: Shown): string[];
  one(socket: string, event: string, payload: unknown, shown: Shown): void;
  congested(socket: string): boolean;
}

/**
 * Sends all clients the messages that belong to no channel: `clock`, `task`, `status` and `replays`. A congested client misses
 * them, and gets the current state as soon as it can take it.
 */
export class StatusNews {
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #replays: () => Promise<Replay[]>;
  readonly #broadcast: Broadcast;
  readonly #taskChannels: (task: Task) => readonly string[] | null;
  readonly #clocks = new Map<string, { tick: ClockTick; atMs: number }>();
  readonly #missed = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #soon: NodeJS.Timeout | null = null;
  #status: Status = { redis: 'up', refusal: null, services: [] };
  readonly #stopWatching: () => void;
  #shownStatus = '';
  #asking = false;
  #list: Replay[] = [];
  #shownList = '';

  /** `taskChannels`: the channels that a task concerns; null: it may be any. */
  constructor(
    redis: Redis,
    replays: () => Promise<Replay[]>,
    broadcast: Broadcast,
    taskChannels: (task: Task) => readonly string[] | null,
  ) {
    this.#redis = redis;
    this.#replays = replays;
    this.#broadcast = broadcast;
    this.#taskChannels = taskChannels;
    this.#subscriber = duplicate(redis);
    this.#subscriber.on('message', (channel, text) => this.#hear(channel, text));
    this.#subscriber.subscribe(keys.clock, keys.tasks, keys.status).catch(() => {});
    redis.on('close', this.#lost);
    redis.on('ready', this.#back);
    // While Redis refuses writes, changes are not published: what is shown comes from the documents and from here.
    this.#stopWatching = healthOf(redis).onChange(() => {
      this.#show({ ...this.#status, refusal: healthOf(redis).refusal });
      this.#lookSoon();
    });
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
    void this.#beat();
  }

  /** Sends one client the current state. */
  greet(socket: string): void {
    this.#broadcast.one(socket, 'status', this.#status, statusShown(this.#status));
    this.#broadcast.one(socket, 'replays', this.#list, replaysShown(this.#list));
    for (const { tick } of this.#clocks.values())
      this.#broadcast.one(socket, 'clock', tick, this.#clockShown(tick));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopWatching();
    if (this.#soon) clearTimeout(this.#soon);
    this.#redis.off('close', this.#lost);
    this.#redis.off('ready', this.#back);
    this.#subscriber.disconnect();
  }

  #hear(channel: string, text: string): void {
    try {
      if (channel === keys.clock) this.#tick(JSON.parse(text) as ClockTick);
      else if (channel === keys.tasks) this.#tellTask(JSON.parse(text) as Task);
      else this.#serviceChanged(JSON.parse(text) as Service);
    } catch {
      // Any program may publish on these channels; what is not JSON is ignored.
    }
  }

  #tick(tick: ClockTick): void {
    const before = this.#clocks.get(tick.replay);
    const now = performance.now();
    const changed =
      before?.tick.state !== tick.state || before.tick.epoch !== tick.epoch || before.tick.rate !== tick.rate;
    if (!changed && tick.state === 'playing' && now - before.atMs < CLOCK_MS) return;
    this.#clocks.set(tick.replay, { tick, atMs: now });
    this.#tell('clock', tick, this.#clockShown(tick));
    if (changed) this.#lookSoon();
  }

  /** Most heartbeats bring no change of state. */
  #serviceChanged(service: Service): void {
    const known = this.#status.services.find(({ instance }) => instance === service.instance);
    if (known?.state !== service.state) this.#lookSoon();
  }

  #lookSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      void this.#beat();
    }, SOON_MS);
  }

  readonly #lost = (): void => this.#show({ ...this.#status, redis: 'down' });
  readonly #back = (): void => void this.#beat();

  async #beat(): Promise<void> {
    if (this.#redis.status === 'ready' && !this.#asking) {
      this.#asking = true;
      // A frozen Redis keeps its connections open and does not answer.
      const silence = setTimeout(this.#lost, SILENCE_MS);
      try {
        const [running, list] = await Promise.all([services(this.#redis), this.#replays()]);
        this.#show({ redis: 'up', refusal: healthOf(this.#redis).refusal, services: running });
        this.#showList(list);
      } catch {
        // The connection reports its end through its own events.
      } finally {
        clearTimeout(silence);
        this.#asking = false;
      }
    }
    for (const socket of [...this.#missed]) {
      if (this.#broadcast.congested(socket)) continue;
      this.#missed.delete(socket);
      this.greet(socket);
    }
  }

  #show(status: Status): void {
    this.#status = status;
    const shown = JSON.stringify(status, (key, value: unknown) => (key === 'seen' ? undefined : value));
    if (shown === this.#shownStatus) return;
    this.#shownStatus = shown;
    this.#tell('status', status, statusShown(status));
  }

  #showList(list: Replay[]): void {
    this.#list = list;
    for (const id of this.#clocks.keys())
      if (!list.some((replay) => replay.id === id)) this.#clocks.delete(id);
    const shown = JSON.stringify(list);
    if (shown === this.#shownList) return;
    this.#shownList = shown;
    this.#tell('replays', list, replaysShown(list));
  }

  #tellTask(task: Task): void {
    this.#tell('task', task, (maySee) => (maySee(this.#taskChannels(task)) ? task : null));
  }

  #clockShown(tick: ClockTick): Shown {
    const channels = this.#list.find(({ id }) => id === tick.replay)?.channels ?? null;
    return (maySee) => (maySee(channels) ? tick : null);
  }

  #tell(event: string, payload: unknown, shown: Shown): void {
    for (const socket of this.#broadcast.all(event, payload, shown)) this.#missed.add(socket);
  }
}

function statusShown(status: Status): Shown {
  return (maySee) => ({
    ...status,
    services: status.services.filter(({ inputs = [], outputs = [] }) => maySee([...inputs, ...outputs])),
  });
}

function replaysShown(list: Replay[]): Shown {
  return (maySee) => list.filter(({ channels }) => maySee(channels));
}
