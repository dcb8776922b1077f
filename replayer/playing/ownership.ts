import type { Replay as ReplayDocument } from '../../schemas/types.ts';
import type { Emission } from './emission.ts';
import type { Player } from './player.ts';

/** A shorter life lets another process resume sooner after a crash; a longer one lets this process pause longer. */
export const LEASE_MS = 1_000;
const RENEW_MS = 250;
const LAG_MS = 500;

/** A replay's hold on its channels while its player runs: renews the lease, marks time, and looks who lags. */
export class Ownership {
  readonly #emission: Emission;
  readonly #player: Player;
  /** The attached service that is the furthest behind; null: none is behind. */
  lag: ReplayDocument['lag'] = null;

  constructor(emission: Emission, player: Player) {
    this.#emission = emission;
    this.#player = player;
  }

  /** Holds the channels while `run` is under way, and gives them up afterwards. */
  async during(run: () => Promise<void>): Promise<void> {
    const renewing = setInterval(() => void this.#renew(), RENEW_MS);
    const looking = setInterval(() => {
      void this.#look();
      // A mark that fails makes the pass fail too, or the next one makes up for it.
      this.#player.mark().catch(() => {});
    }, LAG_MS);
    try {
      await run();
    } finally {
      clearInterval(renewing);
      clearInterval(looking);
      await this.#emission.release().catch(() => {});
    }
  }

  /** A paused replay sends nothing, and would not notice otherwise that another one has its channels. */
  async #renew(): Promise<void> {
    if (this.#player.state === 'ended') return;
    const lost = await this.#emission.renew().catch(() => null);
    if (lost) this.#player.fail(lost);
  }

  async #look(): Promise<void> {
    const slowest = await this.#emission.slowest().catch(() => null);
    this.lag = slowest && { consumer: slowest.consumer, channel: slowest.channel, events: slowest.events };
  }
}
