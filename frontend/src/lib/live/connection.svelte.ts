import { io, type Socket } from 'socket.io-client';
import type {
  Batch,
  ClockTick,
  Credit,
  Gap,
  Problem,
  Replay,
  ReplayPatch,
  Service,
  Status,
} from '../../../../schemas/types.ts';
import { apiKey } from '../ui/api-key.ts';
import { basePath } from '../ui/base-path.ts';
import { api } from './api.ts';
import type { ChannelFilter } from './area-filter.svelte.ts';
import type { Channels } from './channels.ts';
import { Heartbeat } from './heartbeat.ts';
import { rawParser } from './json/raw-decoder.ts';
import { Subscriptions } from './subscriptions.ts';

const ACK_MS = 8000;
const CLOSED_AGAIN_MS = 1000;
const REFUSED_AGAIN_MS = 3000;

/** Receives what the socket sends besides events. */
export interface ConnectionListener {
  clock(tick: ClockTick): void;
  replays(list: Replay[]): void;
  services(services: readonly Service[]): void;
}

/** The socket to `/live`: it receives events and states, and returns credit. Its fields are reactive. */
export class Connection {
  socket = $state<'connecting' | 'connected' | 'disconnected'>('connecting');
  redis = $state<Status['redis']>('up');
  /** Why Redis refuses writes or does not respond. */
  refusal = $state.raw<Status['refusal']>(null);
  services = $state.raw<Service[]>([]);
  /** Since when nothing is heard (wall time, ms): the connection is lost, or the API is silent. Undefined otherwise, and before the first connection. */
  lostAt = $state<number>();
  /** Why the server refuses this page. */
  denied = $state.raw<Problem>();
  /** The state of socket and Redis in one word. */
  readonly state = $derived.by(() => {
    if (this.socket !== 'connected') return this.socket;
    if (this.lostAt !== undefined) return 'disconnected';
    return this.redis === 'down' ? 'redis-down' : 'connected';
  });
  readonly subscriptions: Subscriptions;
  readonly #socket: Socket;

  /** `filterOf` returns the filter of a channel. */
  constructor(
    channels: Channels,
    filterOf: (channel: string) => ChannelFilter,
    listener: ConnectionListener,
  ) {
    this.#socket = io('/live', {
      path: `${basePath}socket.io`,
      parser: rawParser,
      auth: { token: apiKey() },
      transports: ['websocket', 'polling'],
      reconnectionDelayMax: 4000,
      timeout: 8000,
    });
    this.#followState();
    this.#followSilence();
    this.subscriptions = new Subscriptions(this.#socket, channels, filterOf);
    this.#socket.on('batch', (batch: Batch) => {
      channels.batch(batch);
      this.#socket.emit('credit', {
        channel: batch.channel,
        epoch: batch.epoch,
        offset: batch.to,
      } satisfies Credit);
    });
    this.#socket.on('gap', (gap: Gap) => channels.gap(gap));
    this.#socket.on('clock', (tick: ClockTick) => listener.clock(tick));
    this.#socket.on('replays', (list: Replay[]) => listener.replays(list));
    this.#socket.on('status', (status: Status) => {
      this.redis = status.redis;
      this.refusal = status.refusal;
      this.services = status.services;
      listener.services(status.services);
    });
  }

  /**
   * Changes a replay; over REST while the socket is down.
   * @throws ProblemError or Error when the change is refused or not answered
   */
  async patch(id: string, patch: ReplayPatch): Promise<Replay> {
    if (!this.#socket.connected) return api.patchReplay(id, patch);
    const answer = (await this.#socket.timeout(ACK_MS).emitWithAck('replay', { id, ...patch })) as
      Replay | { error: Problem };
    if ('error' in answer && typeof answer.error === 'object' && answer.error) throw answer.error;
    return answer as Replay;
  }

  /** A process that is stopped or stuck closes no connection: Socket.IO would notice after 45 seconds. */
  #followSilence(): void {
    const heartbeat = new Heartbeat(
      () => this.#socket.connected,
      (since) => {
        if (this.#socket.connected) this.lostAt = since;
      },
    );
    const { io } = this.#socket;
    const listen = (): void => void io.engine.on('packet', () => heartbeat.heard());
    io.on('open', listen);
  }

  /** Socket.IO does not reconnect by itself after the server has closed or refused the connection. */
  #followState(): void {
    const socket = this.#socket;
    socket.on('connect', () => {
      this.socket = 'connected';
      this.denied = undefined;
      this.lostAt = undefined;
    });
    socket.on('disconnect', (reason) => {
      this.socket = 'disconnected';
      this.lostAt ??= Date.now();
      if (reason === 'io server disconnect') setTimeout(() => socket.connect(), CLOSED_AGAIN_MS);
    });
    socket.on('connect_error', (error: Error & { data?: Problem }) => {
      this.socket = 'disconnected';
      this.denied = error.data;
      if (!socket.active) setTimeout(() => socket.connect(), REFUSED_AGAIN_MS);
    });
  }
}
