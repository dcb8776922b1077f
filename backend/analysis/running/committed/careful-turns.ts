/**
 * While a careful run works on an event that it has noted, no other run of the process derives anything: if the process dies,
 * the noted event is to blame.
 */
class CarefulTurns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether somebody has a turn, or waits for one. */
  get areTaken(): boolean {
    return this.#waiting > 0;
  }

  /** Settles when nobody has a turn. */
  async free(): Promise<void> {
    while (this.areTaken) await this.#last;
  }

  /** Does some work alone, after the others that wait for their turn. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {}).finally(() => this.#waiting--);
    return turn;
  }
}

/** The turns of this process. */
export const carefulTurns = new CarefulTurns();
