import type { Channel, Service } from '../../../../schemas/types.ts';
import { api } from './api.ts';
import type { Replays } from './replays.svelte.ts';
import type { Topology } from './topology.ts';

const EVERY_MS = 5000;

/** The channels that the page subscribes to, and all channels that the API knows. */
export class WatchedChannels {
  /** The names of all channels that the API knows, sorted. */
  names = $state.raw<string[]>([]);
  /** Channels that the person asked for, besides those of the chosen replay. */
  extra = $state.raw<ReadonlySet<string>>(new Set());
  /** Channels of data without an envelope: copies for other programs, shown only when the person asks for them. */
  #bare = $state.raw<ReadonlySet<string>>(new Set());
  #services = $state.raw<readonly Service[]>([]);
  readonly #replays: Replays;
  readonly #topology: Topology;

  constructor(replays: Replays, topology: Topology) {
    this.#replays = replays;
    this.#topology = topology;
    void this.#refresh();
    setInterval(() => document.hidden || void this.#refresh(), EVERY_MS);
  }

  /** The channels of what is shown: those of the chosen replay, or else all, and those derived from them. */
  readonly own: ReadonlySet<string> = $derived.by(() => {
    void this.#services;
    const { known, chosen } = this.#replays;
    // Before the replays are known, nothing belongs to what is shown.
    if (!known) return new Set<string>();
    const played = new Set(chosen?.channels ?? this.names.filter((name) => !this.#bare.has(name)));
    const derived = [...this.#topology.withDerived(played, this.names)].filter(
      (name) => played.has(name) || !this.#bare.has(name),
    );
    return new Set(derived);
  });

  /** The subscribed channels: those of what is shown, and the extra ones. */
  readonly all: ReadonlySet<string> = $derived(new Set([...this.own, ...this.extra]));

  /** The root channels of the chosen replay: their subjects and charts are shown. */
  readonly front: ReadonlySet<string> = $derived.by(() => {
    const names = this.#replays.chosen?.channels ?? [...this.own];
    return new Set(names.map((name) => this.#topology.root(name)));
  });

  add(channel: string): void {
    if (!this.all.has(channel)) this.extra = new Set([...this.extra, channel]);
  }

  /** Learns from the services which channels are derived from which. */
  learn(services: readonly Service[]): void {
    if (this.#topology.learn(services)) this.#services = services;
  }

  async #refresh(): Promise<void> {
    try {
      const { items } = await api.channels();
      const names = items.map((channel: Channel) => channel.name).sort();
      if (names.join() === this.names.join()) return;
      this.names = names;
      this.#bare = new Set(items.filter(({ envelope }) => envelope === 'none').map(({ name }) => name));
    } catch {
      // The banner says what is wrong.
    }
  }
}
