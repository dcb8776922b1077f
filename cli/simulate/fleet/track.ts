import { elevationMetres } from '../city/city-plan.ts';
import { distanceMetres, round, type Place, type Plane } from '../support/plane.ts';
import type { Random } from '../support/random.ts';
import { Receiver } from './receiver.ts';
import type { Motion, Vehicle } from './vehicle.ts';

/** One row: the columns of a common GPS logger and the id of the vehicle. Everything but the id is a number. */
export interface Fix extends Place {
  /** Unix time in seconds, to the millisecond. */
  timestamp: number;
  vehicle_id: string;
  /** Metres above the sea. */
  elevation: number;
  /** Metres. The true position is within this radius 68 times in 100. */
  accuracy: number;
  /** Degrees clockwise from north, [0, 360). */
  bearing: number;
  speed_meters_per_second: number;
  satellites: number;
  hdop: number;
  vdop: number;
  pdop: number;
  /** Great-circle distance from the vehicle's previous fix, metres; 0 at the first. */
  distance_meters: number;
  elapsed_time_seconds: number;
}

/** The span of a vehicle's fixes: its true motion at the first and the last. Times count from the recording's start. */
export interface Span {
  fixes: number;
  firstMs: number;
  lastMs: number;
  first: Motion;
  last: Motion;
}

/** A vehicle with its receiver, and the span that its fixes cover. */
export class Track {
  readonly phase: number;
  /** The span of the fixes so far; null before the first. */
  span: Span | null = null;
  readonly vehicle: Vehicle;
  readonly #receiver: Receiver;
  readonly #random: Random;
  readonly #plane: Plane;
  #last: Fix | null = null;

  constructor(vehicle: Vehicle, random: Random, plane: Plane, phase: number) {
    this.phase = phase;
    this.vehicle = vehicle;
    this.#receiver = new Receiver(random);
    this.#random = random;
    this.#plane = plane;
  }

  /** The fix at a time, milliseconds after the recording's start. Times must not go back. */
  fix(startMs: number, atMs: number): Fix {
    const motion = this.vehicle.at(atMs / 1000);
    const elapsedSeconds = this.span ? (atMs - this.span.lastMs) / 1000 : 0;
    const moves = motion.speedMps > 0;
    const reception = this.#receiver.next(elapsedSeconds, moves);
    const noise = this.#random;
    const fix: Fix = {
      timestamp: (startMs + atMs) / 1000,
      vehicle_id: this.vehicle.id,
      latitude: this.#plane.latitude(motion.y + reception.northMetres),
      longitude: this.#plane.longitude(motion.x + reception.eastMetres),
      elevation: round(elevationMetres(motion.x, motion.y) + reception.upMetres, 10),
      accuracy: reception.accuracyMetres,
      bearing: !moves && this.#last ? this.#last.bearing : bearing(motion, noise),
      speed_meters_per_second: round(
        Math.max(0, motion.speedMps + (moves ? 0.12 : 0.02) * noise.normal()),
        100,
      ),
      satellites: reception.satellites,
      hdop: reception.hdop,
      vdop: reception.vdop,
      pdop: reception.pdop,
      distance_meters: 0,
      elapsed_time_seconds: elapsedSeconds,
    };
    if (this.#last) fix.distance_meters = round(distanceMetres(this.#last, fix), 1000);
    this.span ??= { fixes: 0, firstMs: atMs, lastMs: atMs, first: motion, last: motion };
    this.span.fixes++;
    this.span.lastMs = atMs;
    this.span.last = motion;
    this.#last = fix;
    return fix;
  }
}

function bearing(motion: Motion, noise: Random): number {
  return round((motion.bearingDegrees + 1.5 * noise.normal() + 360) % 360, 10) % 360;
}
