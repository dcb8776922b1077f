import { refusal } from '../../../../core/problems/errors.ts';

/** Counts the connections that each caller holds open: sockets, and streams of Server-Sent Events. */
export class Connections {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  constructor(most = 2_000) {
    this.#most = most;
  }

  /** Counts one more; call the returned function when it ends. @throws refusal `connections_too_many` */
  take(caller: string): () => void {
    const open = this.#open.get(caller) ?? 0;
    if (open >= this.#most)
      throw refusal('connections_too_many', `${this.#most} sockets and streams are open already.`, {
        hint: 'Close one first, or raise `rateLimit.connections` in config/reprise.json.',
      });
    this.#open.set(caller, open + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = this.#open.get(caller)! - 1;
      if (left > 0) this.#open.set(caller, left);
      else this.#open.delete(caller);
    };
  }
}
