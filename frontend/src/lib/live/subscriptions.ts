import type { Socket } from 'socket.io-client';
import { SvelteMap } from 'svelte/reactivity';
import type { CloudEvent, Problem, Subscribe, Subscribed } from '../../../../schemas/types.ts';
import { api, problemOf } from './api.ts';
import { passes, type ChannelFilter } from './area-filter.svelte.ts';
import type { Channels } from './channels.ts';

const ACK_MS = 8000;
const REFUSED_AGAIN_MS = 3000;
const UNANSWERED_AGAIN_MS = 1000;
/** Past events to ask for: so many per subject, within bounds; `older` for earlier epochs. */
const HISTORY = { each: 120, least: 500, most: 3000, older: 1000 };
/** How long live events wait for the history at most. */
const HISTORY_MS = 20_000;

/** The subscriptions of a socket to channels: each starts with a snapshot and the history, and resumes after a loss. */
export class Subscriptions {
  /** Channels whose subscription was refused, and why. */
  readonly refused = new SvelteMap<string, Problem>();
  readonly #socket: Socket;
  readonly #channels: Channels;
  readonly #filterOf: (channel: string) => ChannelFilter;
  #watched = new Set<string>();
  /** The latest request per channel: what was wanted, as text. An object, because the same may be requested twice. */
  #requests = new Map<string, { wanted: string }>();

  /** `filterOf` returns the filter of a channel; call `refilter` when it has changed. */
  constructor(socket: Socket, channels: Channels, filterOf: (channel: string) => ChannelFilter) {
    this.#socket = socket;
    this.#channels = channels;
    this.#filterOf = filterOf;
    socket.on('connect', () => {
      for (const channel of this.#watched) void this.#subscribe(channel);
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

  /** Subscribes again to channels of which something else is to be shown: another filter, or another replay. */
  refilter(): void {
    for (const channel of this.#watched) {
      if (this.#requests.get(channel)?.wanted === this.#wantedOf(channel)) continue;
      this.#channels.reset(channel);
      if (this.#socket.connected) void this.#subscribe(channel);
    }
  }

  #wantedOf(channel: string): string {
    return JSON.stringify([this.#filterOf(channel), this.#channels.scope.key]);
  }

  #unsubscribe(channel: string): void {
    this.#watched.delete(channel);
    this.#requests.delete(channel);
    this.refused.delete(channel);
    this.#channels.close(channel);
    this.#socket.emit('unsubscribe', { channel }, () => {});
  }

  async #subscribe(channel: string): Promise<void> {
    const { epoch, offset, mark } = this.#channels.open(channel);
    const filter = this.#filterOf(channel);
    const request = { wanted: this.#wantedOf(channel) };
    this.#requests.set(channel, request);
    // Ignore the answer when another request was made in the meantime.
    const isLatest = (): boolean => this.#requests.get(channel) === request;
    const since = epoch > 0 && { since: { epoch, offset, ...(mark !== undefined && { mark }) } };
    try {
      const answer = (await this.#socket
        .timeout(ACK_MS)
        .emitWithAck('subscribe', { channel, mode: 'stream', ...filter, ...since } satisfies Subscribe)) as
        Subscribed | { error: Problem };
      if (!isLatest()) return;
      if ('error' in answer) {
        this.refused.set(channel, answer.error);
        // The channel may not exist yet, and other reasons may pass too.
        this.#again(channel, REFUSED_AGAIN_MS);
        return;
      }
      this.refused.delete(channel);
      if (this.#channels.subscribed(channel, answer)) await this.#fill(channel, answer, filter, isLatest);
    } catch {
      // No answer. A closed socket subscribes again when it reconnects; otherwise try again.
      if (isLatest()) this.#again(channel, UNANSWERED_AGAIN_MS);
    }
  }

  /** Passes the history on, then events of earlier epochs where they are of use: live events don't wait for those. */
  async #fill(
    channel: string,
    { snapshot, offset }: Subscribed,
    filter: ChannelFilter,
    isLatest: () => boolean,
  ): Promise<void> {
    const limit = Math.max(HISTORY.least, Math.min(HISTORY.most, snapshot.length * HISTORY.each));
    const history = offset > 0 ? await historyInTime(channel, limit) : [];
    if (!isLatest()) return;
    this.#channels.fill(
      channel,
      history.filter((event) => passes(filter, event)),
    );
    if (history.length >= limit || !this.#channels.wantsOlder(history)) return;
    const older = await historyOf(channel, { limit: String(HISTORY.older), epochs: 'all' });
    if (isLatest()) this.#channels.recall(channel, older);
  }

  #again(channel: string, inMs: number): void {
    const isWatched = (): boolean => this.#socket.connected && this.#watched.has(channel);
    setTimeout(() => isWatched() && void this.#subscribe(channel), inMs);
  }
}

/** The history of a channel; empty when it is late, because live events matter more. */
async function historyInTime(channel: string, limit: number): Promise<CloudEvent[]> {
  const late = new Promise<CloudEvent[]>((resolve) => setTimeout(() => resolve([]), HISTORY_MS));
  return Promise.race([historyOf(channel, { limit: String(limit) }), late]);
}

/** The log of a channel, oldest first; empty when it can't be read. */
async function historyOf(channel: string, query: Record<string, string>): Promise<CloudEvent[]> {
  try {
    const { items } = await api.history(channel, query);
    return items.toSorted((a, b) => a.epoch - b.epoch || a.offset - b.offset);
  } catch (error) {
    console.warn('No history of', channel, problemOf(error));
    return [];
  }
}
