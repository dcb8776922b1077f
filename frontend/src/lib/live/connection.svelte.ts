import { io, type Socket } from 'socket.io-client';
import { SvelteMap } from 'svelte/reactivity';
import type {
  Batch,
  ClockTick,
  Credit,
  CloudEvent,
  Gap,
  Problem,
  Replay,
  ReplayPatch,
  Service,
  Status,
  Subscribe,
  Subscribed,
} from '../../../../schemas/types.ts';
import { api, problemOf } from './api.ts';
import type { Channels } from './channels.ts';
import { passes, type ChannelFilter } from './area-filter.svelte.ts';
import { apiKey } from '../ui/api-key.ts';

const ACK_MS = 8000;
const REFUSED_AGAIN_MS = 3000;
/** Past events to ask for: so many per subject, within bounds; `older` for earlier epochs. */
const HISTORY = { each: 120, least: 500, most: 3000, older: 1000 };
/** How long live events wait for the history at most. */
const HISTORY_MS = 20_000;

/** Receives what the socket sends besides events. */
export interface ConnectionListener {
  clock(tick: ClockTick): void;
  replays(list: Replay[]): void;
  services(services: readonly Service[]): void;
}

type Answer<T> = T | { error: Problem };

/** The socket to `/live`: subscribes, resumes after a loss of connection, returns credit. Its fields are reactive. */
export class Connection {
  socket = $state<'connecting' | 'connected' | 'disconnected'>('connecting');
  redis = $state<Status['redis']>('up');
  services = $state.raw<Service[]>([]);
  /** When the connection was lost (wall time, ms); undefined while connected, and before the first connection. */
  lostAt = $state<number>();
  /** Why the server refuses this page. */
  denied = $state.raw<Problem>();
  /** Channels whose subscription was refused, and why. */
  readonly refused = new SvelteMap<string, Problem>();
  /** The state of socket and Redis in one word. */
  readonly state = $derived(
    this.socket === 'connected' && this.redis === 'down' ? 'redis-down' : this.socket,
  );

  readonly #socket: Socket;
  readonly #channels: Channels;
  readonly #filterOf: (channel: string) => ChannelFilter;
  #watched = new Set<string>();
  /** The latest request per channel, its filter as text. An object, because the same filter may be requested twice. */
  #asked = new Map<string, { text: string }>();

  /** `filterOf` returns the filter of a channel; call `refilter` when it has changed. */
  constructor(
    channels: Channels,
    filterOf: (channel: string) => ChannelFilter,
    listener: ConnectionListener,
  ) {
    this.#channels = channels;
    this.#filterOf = filterOf;
    const socket = io('/live', {
      auth: { token: apiKey() },
      transports: ['websocket', 'polling'],
      reconnectionDelayMax: 4000,
      timeout: 8000,
    });
    this.#socket = socket;
    socket.on('connect', () => {
      this.socket = 'connected';
      this.denied = undefined;
      this.lostAt = undefined;
      for (const channel of this.#watched) void this.#subscribe(channel);
    });
    socket.on('disconnect', (reason) => {
      this.socket = 'disconnected';
      this.lostAt = Date.now();
      // Socket.IO does not reconnect by itself after the server closed the connection.
      if (reason === 'io server disconnect') setTimeout(() => socket.connect(), 1000);
    });
    socket.on('connect_error', (error: Error & { data?: Problem }) => {
      this.socket = 'disconnected';
      this.denied = error.data;
      // Socket.IO does not reconnect by itself after the server refused it.
      if (!socket.active) setTimeout(() => socket.connect(), REFUSED_AGAIN_MS);
    });
    socket.on('batch', (batch: Batch) => {
      channels.batch(batch);
      socket.emit('credit', {
        channel: batch.channel,
        epoch: batch.epoch,
        offset: batch.to,
      } satisfies Credit);
    });
    socket.on('gap', (gap: Gap) => channels.gap(gap));
    socket.on('clock', (tick: ClockTick) => listener.clock(tick));
    socket.on('replays', (list: Replay[]) => listener.replays(list));
    socket.on('status', (status: Status) => {
      this.redis = status.redis;
      this.services = status.services;
      listener.services(status.services);
    });
  }

  /** Subscribes to these channels and unsubscribes from all others. */
  watch(wanted: ReadonlySet<string>): void {
    for (const channel of this.#watched) if (!wanted.has(channel)) this.#unsubscribe(channel);
    for (const channel of wanted) {
      if (this.#watched.has(channel)) continue;
      this.#watched.add(channel);
      this.#channels.open(channel);
      if (this.#socket.connected) void this.#subscribe(channel);
    }
  }

  /** Subscribes again to channels whose filter has changed. */
  refilter(): void {
    for (const channel of this.#watched) {
      if (this.#asked.get(channel)?.text === JSON.stringify(this.#filterOf(channel))) continue;
      this.#channels.reset(channel);
      if (this.#socket.connected) void this.#subscribe(channel);
    }
  }

  /**
   * Changes a replay; over REST while the socket is down.
   * @throws ProblemError or Error when the change is refused or not answered
   */
  async patch(id: string, patch: ReplayPatch): Promise<Replay> {
    if (!this.#socket.connected) return api.patchReplay(id, patch);
    const answer = (await this.#socket
      .timeout(ACK_MS)
      .emitWithAck('replay', { id, ...patch })) as Answer<Replay>;
    if ('error' in answer && typeof answer.error === 'object' && answer.error) throw answer.error;
    return answer as Replay;
  }

  /** Closes the socket for good. */
  close(): void {
    this.#socket.disconnect();
  }

  #unsubscribe(channel: string): void {
    this.#watched.delete(channel);
    this.#asked.delete(channel);
    this.refused.delete(channel);
    this.#channels.close(channel);
    this.#socket.emit('unsubscribe', { channel }, () => {});
  }

  async #subscribe(channel: string): Promise<void> {
    const { epoch, offset } = this.#channels.open(channel);
    const channelFilter = this.#filterOf(channel);
    const asked = { text: JSON.stringify(channelFilter) };
    this.#asked.set(channel, asked);
    // Ignore the answer when another request was made in the meantime.
    const isLatest = (): boolean => this.#asked.get(channel) === asked;
    const since = epoch > 0 && { since: { epoch, offset } };
    const request: Subscribe = { channel, mode: 'stream', ...channelFilter, ...since };
    try {
      const answer = (await this.#socket
        .timeout(ACK_MS)
        .emitWithAck('subscribe', request)) as Answer<Subscribed>;
      if (!isLatest()) return;
      if ('error' in answer) {
        this.refused.set(channel, answer.error);
        // The channel may not exist yet, and other reasons may pass too.
        this.#again(channel, REFUSED_AGAIN_MS);
        return;
      }
      this.refused.delete(channel);
      if (this.#channels.subscribed(channel, answer)) {
        const wanted = answer.snapshot.length * HISTORY.each;
        const limit = Math.max(HISTORY.least, Math.min(HISTORY.most, wanted));
        const history = answer.offset > 0 ? await this.#history(channel, { limit: String(limit) }) : [];
        if (!isLatest()) return;
        this.#channels.fill(
          channel,
          history.filter((event) => passes(channelFilter, event)),
        );
        if (history.length < limit && this.#channels.wantsOlder(history)) {
          // Live events don't wait for earlier epochs.
          const older = await this.#past(channel, { limit: String(HISTORY.older), epochs: 'all' });
          if (isLatest()) this.#channels.recall(channel, older);
        }
      }
    } catch {
      // No answer. A closed socket subscribes again when it reconnects; otherwise try again.
      if (isLatest()) this.#again(channel, 1000);
    }
  }

  #again(channel: string, inMs: number): void {
    const still = (): boolean => this.#socket.connected && this.#watched.has(channel);
    setTimeout(() => still() && void this.#subscribe(channel), inMs);
  }

  /** The channel's log, oldest first; empty when it is late or fails, because live events matter more. */
  async #history(channel: string, query: Record<string, string>): Promise<CloudEvent[]> {
    const late = new Promise<CloudEvent[]>((resolve) => setTimeout(() => resolve([]), HISTORY_MS));
    return Promise.race([this.#past(channel, query), late]);
  }

  async #past(channel: string, query: Record<string, string>): Promise<CloudEvent[]> {
    try {
      const { items } = await api.history(channel, query);
      return items.toSorted((a, b) => a.epoch - b.epoch || a.offset - b.offset);
    } catch (error) {
      console.warn('No history of', channel, problemOf(error));
      return [];
    }
  }
}
