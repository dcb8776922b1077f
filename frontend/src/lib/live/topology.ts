import type { Service } from '../../../../schemas/types.ts';

/**
 * Knows from which channel a channel is derived: by the inputs and outputs of the services, or else by its dotted name
 * (`gps.movement` is derived from `gps`). The page shows a subject once, however many channels describe it.
 */
export class Topology {
  #parents = new Map<string, string>();
  #roots = new Map<string, string>();

  /** Learns from the services; returns true when something changed. */
  learn(services: readonly Service[]): boolean {
    const parents = new Map<string, string>();
    for (const { inputs = [], outputs = [] } of services) {
      for (const output of outputs) if (inputs[0] && inputs[0] !== output) parents.set(output, inputs[0]);
    }
    const changed = [...parents].some(([output, input]) => this.#parents.get(output) !== input);
    if (!changed) return false;
    // Keep what is known: a service that restarts is missing from the list for a moment.
    for (const [output, input] of parents) this.#parents.set(output, input);
    this.#roots.clear();
    return true;
  }

  /** The channel from which a channel is derived in the end: `gps` for `gps` and for `gps.movement`. */
  root(channel: string): string {
    const known = this.#roots.get(channel);
    if (known) return known;
    let at = channel;
    for (let steps = 0; steps < 16; steps++) {
      const parent =
        this.#parents.get(at) ?? (at.includes('.') ? at.slice(0, at.lastIndexOf('.')) : undefined);
      if (!parent) break;
      at = parent;
    }
    this.#roots.set(channel, at);
    return at;
  }

  /** The given channels, and all known channels that are derived from them. */
  withDerived(channels: Iterable<string>, names: Iterable<string>): Set<string> {
    const all = new Set(channels);
    const roots = new Set([...all].map((channel) => this.root(channel)));
    for (const name of [...this.#parents.keys(), ...names]) if (roots.has(this.root(name))) all.add(name);
    return all;
  }
}
