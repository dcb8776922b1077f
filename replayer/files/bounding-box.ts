/** Nothing that is recorded here is faster: what would need more is a mistake of the device. Metres per second. */
const SPEED_MAX_MPS = 1000;
const METRES_PER_DEGREE = 111_195;
/** Where fewer fixes than this follow from one another, subjects are no movers, and all places count. */
const MOVING_SHARE = 0.9;

type Box = [west: number, south: number, east: number, north: number];

interface Fix {
  timeMs: number;
  latitude: number;
  longitude: number;
  /** Whether it is within reach of the one before. */
  believed: boolean;
  /** Whether it is the first of its subject. */
  first: boolean;
}

/**
 * The box around where subjects have been. A fix that is within reach neither of the one before it nor of the one after, of
 * its subject, is left out: one wrong coordinate would make a city's recording as wide as a country.
 */
export class BoundingBox {
  readonly #all = new Bounds();
  readonly #believed = new Bounds();
  readonly #last = new Map<string, Fix>();
  #fixes = 0;
  #alone = 0;

  /** Takes a subject's fixes, in order of time. */
  add(subject: string, timeMs: number, latitude: number, longitude: number): void {
    this.#fixes++;
    this.#all.add(latitude, longitude);
    const last = this.#last.get(subject);
    const believed = last !== undefined && reachable(last, timeMs, latitude, longitude);
    if (believed) {
      this.#believed.add(latitude, longitude);
      if (!last.believed) this.#believed.add(last.latitude, last.longitude);
    } else if (last && !last.believed) this.#alone++;
    this.#last.set(subject, { timeMs, latitude, longitude, believed, first: last === undefined });
  }

  /** The box in degrees; null while there was no fix. */
  get box(): Box | null {
    // What is seen once contradicts nobody.
    for (const { first, latitude, longitude } of this.#last.values())
      if (first) this.#believed.add(latitude, longitude);
    return (this.#alone < this.#fixes * (1 - MOVING_SHARE) && this.#believed.box) || this.#all.box;
  }
}

/** Degrees are compared as if the earth were flat: the question is one of kilometres a second. */
function reachable(from: Fix, timeMs: number, latitude: number, longitude: number): boolean {
  const seconds = Math.max(1, (timeMs - from.timeMs) / 1000);
  const aside = Math.abs(longitude - from.longitude);
  const east = Math.min(aside, 360 - aside) * Math.cos((latitude * Math.PI) / 180);
  return Math.hypot(east, latitude - from.latitude) * METRES_PER_DEGREE <= SPEED_MAX_MPS * seconds;
}

class Bounds {
  readonly #box: Box = [Infinity, Infinity, -Infinity, -Infinity];

  add(latitude: number, longitude: number): void {
    const box = this.#box;
    if (longitude < box[0]) box[0] = longitude;
    if (latitude < box[1]) box[1] = latitude;
    if (longitude > box[2]) box[2] = longitude;
    if (latitude > box[3]) box[3] = latitude;
  }

  get box(): Box | null {
    return this.#box[0] <= this.#box[2] ? this.#box : null;
  }
}
