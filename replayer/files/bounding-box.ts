/** Metres per second. Nothing that is recorded moves faster: a fix that would require more is a mistake of the device. */
const SPEED_MAX_MPS = 1000;
const METRES_PER_DEGREE = 111_195;
/** Where fewer fixes than this share are within reach of the one before, subjects do not move, and all places count. */
const MOVING_SHARE = 0.9;

type Box = [west: number, south: number, east: number, north: number];

/** A subject's position at a time, in degrees. */
interface Fix {
  timeMs: number;
  latitude: number;
  longitude: number;
  /** Whether it is within reach of the fix before. */
  believed: boolean;
  /** Whether it is its subject's first fix. */
  first: boolean;
}

/**
 * The bounding box of all subjects' positions. A fix is left out when neither the subject's fix before nor the one after
 * is within reach of it: one wrong coordinate would make the recording of a city as wide as a country.
 */
export class BoundingBox {
  readonly #all = new Bounds();
  readonly #believed = new Bounds();
  readonly #last = new Map<string, Fix>();
  #fixes = 0;
  #alone = 0;

  /** Adds a fix; those of a subject in time order. */
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

  /** The bounding box, degrees; null while there is no fix. */
  get box(): Box | null {
    // No other fix contradicts a subject's only fix.
    for (const { first, latitude, longitude } of this.#last.values())
      if (first) this.#believed.add(latitude, longitude);
    return (this.#alone < this.#fixes * (1 - MOVING_SHARE) && this.#believed.box) || this.#all.box;
  }
}

/** Whether a subject can have moved from a fix to a position. Flat geometry will do: the limit is a kilometre per second. */
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
