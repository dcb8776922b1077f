/** Every client is served once per round, this often. */
const ROUND_MS = 50;
/** With many clients rounds take longer and get rarer, so that sending takes at most a tenth of the time ... */
const SENDING_SHARE = 10;
/** ... but never rarer than this. */
const ROUND_MAX_MS = 110;
/** A round has one turn for this many clients: more at once would wait for each other, and delay everything else. */
const TURN_CLIENTS = 500;
/** The first events after a silence wait only this long: there is nothing to collect them with. */
const FIRST_MS = 20;

/** Decides when a stream serves its clients next, and which of them. */
export class Rounds {
  #tickMs = -Infinity;
  #waitMs = ROUND_MS;
  /** How many turns this round has, and which one is next. */
  #turns = 1;
  #turn = 0;

  /** Milliseconds until the next turn. */
  nextMs(nowMs: number): number {
    const isQuiet = nowMs - this.#tickMs > 2 * Math.max(ROUND_MS, this.#waitMs);
    if (isQuiet) [this.#turn, this.#turns] = [0, 1];
    return isQuiet ? FIRST_MS : this.#waitMs;
  }

  /** Begins the turn. */
  begin(nowMs: number): void {
    this.#tickMs = nowMs;
  }

  /** Whether the client with this serial number is served in this turn. */
  isTurnOf(serial: number): boolean {
    return serial % this.#turns === this.#turn;
  }

  /** Ends the turn. `isMore`: a client could take more at once, so that the next turn comes soon. */
  end(tookMs: number, clients: number, isMore: boolean): void {
    this.#turn++;
    if (this.#turn >= this.#turns) {
      this.#turn = 0;
      this.#turns = Math.max(1, Math.ceil(clients / TURN_CLIENTS));
    }
    const spareMs = Math.max(ROUND_MS / this.#turns, tookMs * (SENDING_SHARE - 1));
    this.#waitMs = Math.min((isMore ? FIRST_MS : ROUND_MAX_MS) / this.#turns, spareMs);
  }
}
