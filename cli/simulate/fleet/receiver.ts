import type { Random } from '../support/random.ts';
import { round } from '../support/plane.ts';

/** The quality figures that a receiver reports, and the error of its position in metres. */
export interface Reception {
  eastMetres: number;
  northMetres: number;
  upMetres: number;
  satellites: number;
  hdop: number;
  vdop: number;
  pdop: number;
  /** Radius that holds the true position 68 times in 100, metres (as Android's Location.getAccuracy). */
  accuracyMetres: number;
}

// The range error of one satellite (1 sigma, metres), the time in which errors change, and the part new in each fix.
const RANGE_ERROR_M = 2.3;
const POSITION_SECONDS = 120;
const SKY_SECONDS = 150;
const WHITE_M = 0.12;
// A receiver that stands holds its position: its errors wander this many times more slowly.
const STANDING_PACE = 0.1;
// For a two-dimensional normal error with sigma 1, 68 % lie within this radius.
const RADIUS_68 = Math.sqrt(-2 * Math.log(1 - 0.68));

/**
 * A GPS receiver in a street: position errors of a few metres that wander (first-order Gauss-Markov processes, as in
 * Brown and Hwang, Introduction to Random Signals) and grow with the dilution of precision.
 */
export class Receiver {
  readonly #random: Random;
  #east: number;
  #north: number;
  #up: number;
  #sky: number;
  #lastStep = -1;
  #keeps = 0;
  #adds = 0;

  constructor(random: Random) {
    this.#random = random;
    [this.#east, this.#north] = [random.normal(), random.normal()];
    [this.#up, this.#sky] = [random.normal(), random.normal()];
  }

  /** The reception of the next fix, this many seconds after the previous one. */
  next(elapsedSeconds: number, moves: boolean): Reception {
    const random = this.#random;
    this.#step(elapsedSeconds / SKY_SECONDS);
    this.#sky = this.#wander(this.#sky);
    this.#step((elapsedSeconds / POSITION_SECONDS) * (moves ? 1 : STANDING_PACE));
    this.#east = this.#wander(this.#east);
    this.#north = this.#wander(this.#north);
    this.#up = this.#wander(this.#up);

    const satellites = Math.max(5, Math.min(18, Math.round(11 + 2.2 * this.#sky)));
    const hdop = round(0.4 + 4 / (satellites - 2), 10);
    const vdop = round(1.6 * hdop + 0.1, 10);
    const sigma = RANGE_ERROR_M * hdop;
    const white = moves ? WHITE_M : WHITE_M * STANDING_PACE;
    return {
      eastMetres: sigma * this.#east + white * random.normal(),
      northMetres: sigma * this.#north + white * random.normal(),
      upMetres: RANGE_ERROR_M * vdop * this.#up,
      satellites,
      hdop,
      vdop,
      pdop: round(Math.hypot(hdop, vdop), 10),
      accuracyMetres: round(RADIUS_68 * sigma, 10),
    };
  }

  #step(step: number): void {
    if (step === this.#lastStep) return;
    this.#lastStep = step;
    this.#keeps = Math.exp(-step);
    this.#adds = Math.sqrt(1 - this.#keeps * this.#keeps);
  }

  #wander(value: number): number {
    return this.#keeps * value + this.#adds * this.#random.normal();
  }
}
