import type { City, VehicleKind } from '../city/city.ts';
import { drive, standing, type Ability, type Segment } from './drive.ts';
import { busLine, deliveries, type BusLine, type Leg, type StopReason } from './itinerary.ts';
import { path } from './path.ts';
import type { Point } from '../support/plane.ts';
import type { Random } from '../support/random.ts';
import type { Router } from '../city/route.ts';

/** The true motion of a vehicle on the plane, without noise. */
export interface Motion extends Point {
  speedMps: number;
  accelerationMps2: number;
  /** Degrees clockwise from north, 0..360. While the vehicle stands, the direction in which it arrived. */
  bearingDegrees: number;
  /** Distance driven since the vehicle set out, metres. */
  distanceMetres: number;
  /** Seconds in motion since the vehicle set out. */
  movingSeconds: number;
}

/** A standstill. Times are in seconds since the recording's start. */
export interface Stop extends Point {
  startSeconds: number;
  endSeconds: number;
  reason: StopReason;
}

/** Comfortable acceleration and braking: about those of a loaded lorry, a city bus with people standing, a van. */
export const ABILITIES: Readonly<Record<VehicleKind, Omit<Ability, 'haste'>>> = {
  truck: { accelerationMps2: 0.9, brakingMps2: 1.4, topSpeedMps: 50 / 3.6 },
  bus: { accelerationMps2: 1.1, brakingMps2: 1.3, topSpeedMps: 50 / 3.6 },
  van: { accelerationMps2: 1.8, brakingMps2: 2.0, topSpeedMps: 60 / 3.6 },
};
const SETS_OUT_SECONDS = 900;

export interface Streets {
  city: City;
  router: Router;
  lines: readonly BusLine[];
}

/**
 * One vehicle and its endless day. It sets out up to a quarter of an hour before the recording starts, so that at its
 * start the fleet is spread over the city.
 */
export class Vehicle {
  readonly id: string;
  readonly kind: VehicleKind;
  /** All standstills up to the time last asked for, in order; the next one may already be among them. */
  readonly stops: Stop[] = [];
  readonly #segments: Generator<Segment>;
  #segment: Segment;
  #distanceMetres = 0;
  #movingSeconds = 0;

  constructor(id: string, kind: VehicleKind, streets: Streets, random: Random) {
    this.id = id;
    this.kind = kind;
    this.#segments = this.#live(streets, random);
    this.#segment = this.#segments.next().value as Segment;
  }

  /** The motion at a time, seconds since the recording's start. Times must not go back. */
  at(seconds: number): Motion {
    while (this.#segment.endSeconds <= seconds) {
      const whole = this.#segment.endSeconds - this.#segment.startSeconds;
      this.#distanceMetres += metres(this.#segment, whole);
      this.#movingSeconds += moves(this.#segment) ? whole : 0;
      this.#segment = this.#segments.next().value as Segment;
    }
    const segment = this.#segment;
    const since = Math.max(0, seconds - segment.startSeconds);
    const along = metres(segment, since);
    return {
      x: segment.x + segment.dx * along,
      y: segment.y + segment.dy * along,
      speedMps: segment.speedMps + segment.accelerationMps2 * since,
      accelerationMps2: segment.accelerationMps2,
      bearingDegrees: ((Math.atan2(segment.dx, segment.dy) * 180) / Math.PI + 360) % 360,
      distanceMetres: this.#distanceMetres + along,
      movingSeconds: this.#movingSeconds + (moves(segment) ? since : 0),
    };
  }

  *#live({ city, router, lines }: Streets, random: Random): Generator<Segment> {
    const ability = { ...ABILITIES[this.kind], haste: random.between(0.88, 1) };
    const legs: Generator<Leg> =
      this.kind === 'bus' && lines.length > 0
        ? busLine(random.pick(lines), random)
        : deliveries(city, router, random, this.kind);
    let time = -random.between(0, SETS_OUT_SECONDS);
    for (const { edges, reason, standSeconds } of legs) {
      const pieces = path(edges);
      for (const segment of drive(pieces, time, ability, () => random.between(0.6, 2.4))) {
        time = segment.endSeconds;
        if (!moves(segment)) this.#note(segment, 'traffic_light');
        yield segment;
      }
      const last = pieces.at(-1)!;
      const stand = standing(last, last.lengthMetres, time, time + standSeconds);
      time = stand.endSeconds;
      this.#note(stand, reason);
      yield stand;
    }
  }

  #note({ x, y, startSeconds, endSeconds }: Segment, reason: StopReason): void {
    this.stops.push({ x, y, startSeconds, endSeconds, reason });
  }
}

function moves(segment: Segment): boolean {
  return segment.speedMps > 0 || segment.accelerationMps2 > 0;
}

function metres({ speedMps, accelerationMps2 }: Segment, seconds: number): number {
  return (speedMps + (accelerationMps2 * seconds) / 2) * seconds;
}
