import { secondsToGreen } from '../city/lights.ts';
import type { Piece } from './path.ts';

/** The limits of a vehicle and its driver. */
export interface Ability {
  accelerationMps2: number;
  brakingMps2: number;
  topSpeedMps: number;
  /** The share of a speed limit that the driver uses, 0..1. */
  haste: number;
}

/** Motion at constant acceleration along a straight line. Times are in seconds; the place at its start is in metres. */
export interface Segment {
  startSeconds: number;
  endSeconds: number;
  x: number;
  y: number;
  dx: number;
  dy: number;
  speedMps: number;
  accelerationMps2: number;
}

/**
 * Drives a path from standstill to standstill, and yields the motion without a gap in time: never faster than a
 * piece's limit, never harder on either pedal than `ability` says, and never over a red light, except where a light
 * turned while the vehicle braked for one behind it. Exact, not stepped: on each piece the speed is a trapezoid whose ends come
 * from one pass of braking backward and one of accelerating forward (the minimum-time profile).
 * @param reaction seconds from green to moving, asked at each light
 */
export function* drive(
  pieces: readonly Piece[],
  startSeconds: number,
  ability: Ability,
  reaction: () => number,
): Generator<Segment> {
  let time = startSeconds;
  for (let first = 0; first < pieces.length;) {
    let last = pieces.length;
    let ends = endSpeeds(pieces, first, last, ability);
    const red = firstRed(pieces, first, ends, time, ability);
    if (red !== -1) {
      last = red + 1;
      ends = endSpeeds(pieces, first, last, ability);
    }
    for (let at = first; at < last; at++) {
      const piece = pieces[at] as Piece;
      const [from, to] = [ends[at - first] as number, ends[at - first + 1] as number];
      for (const segment of trapezoid(piece, from, to, time, ability)) {
        time = segment.endSeconds;
        yield segment;
      }
    }
    const stopped = pieces[last - 1] as Piece;
    if (last < pieces.length && stopped.lights) {
      const endSeconds = time + secondsToGreen(stopped.lights, stopped.heading, time) + reaction();
      yield standing(stopped, stopped.lengthMetres, time, endSeconds);
      time = endSeconds;
    }
    first = last;
  }
}

/** A vehicle that stands some way along a piece. */
export function standing(
  piece: Piece,
  alongMetres: number,
  startSeconds: number,
  endSeconds: number,
): Segment {
  const { dx, dy } = piece;
  const [x, y] = [piece.x + dx * alongMetres, piece.y + dy * alongMetres];
  return { startSeconds, endSeconds, x, y, dx, dy, speedMps: 0, accelerationMps2: 0 };
}

function limit(piece: Piece, ability: Ability): number {
  return Math.min(piece.limitMps * ability.haste, ability.topSpeedMps);
}

// Speeds at the ends of the pieces first..last-1, from 0 to 0.
function endSpeeds(pieces: readonly Piece[], first: number, last: number, ability: Ability): Float64Array {
  const speeds = new Float64Array(last - first + 1);
  for (let at = last - 1; at > first; at--) {
    const [piece, before] = [pieces[at] as Piece, pieces[at - 1] as Piece];
    const next = speeds[at - first + 1] as number;
    const canStop = Math.sqrt(next * next + 2 * ability.brakingMps2 * piece.lengthMetres);
    speeds[at - first] = Math.min(limit(piece, ability), limit(before, ability), canStop);
  }
  for (let at = first; at < last - 1; at++) {
    const from = speeds[at - first] as number;
    const reached = Math.sqrt(
      from * from + 2 * ability.accelerationMps2 * (pieces[at] as Piece).lengthMetres,
    );
    speeds[at - first + 1] = Math.min(speeds[at - first + 1] as number, reached);
  }
  return speeds;
}

// The first piece whose lights would be red on arrival; -1 if none. The last piece's end is a stop anyway.
function firstRed(
  pieces: readonly Piece[],
  first: number,
  ends: Float64Array,
  start: number,
  ability: Ability,
): number {
  let time = start;
  for (let at = first; at < pieces.length - 1; at++) {
    const piece = pieces[at] as Piece;
    for (const segment of trapezoid(
      piece,
      ends[at - first] as number,
      ends[at - first + 1] as number,
      time,
      ability,
    ))
      time = segment.endSeconds;
    if (piece.lights && secondsToGreen(piece.lights, piece.heading, time) > 0) return at;
  }
  return -1;
}

// Accelerates, holds and brakes. Segments that take no time are left out.
function trapezoid(piece: Piece, from: number, to: number, start: number, ability: Ability): Segment[] {
  const { accelerationMps2: up, brakingMps2: down } = ability;
  const reachable = Math.sqrt(
    (2 * up * down * piece.lengthMetres + down * from * from + up * to * to) / (up + down),
  );
  const peak = Math.max(from, to, Math.min(reachable, limit(piece, ability)));
  const rising = (peak * peak - from * from) / (2 * up);
  const falling = (peak * peak - to * to) / (2 * down);
  const level = Math.max(0, piece.lengthMetres - rising - falling);
  const segments: Segment[] = [];
  const holds = push(segments, piece, 0, start, (peak - from) / up, from, up);
  const brakes = push(segments, piece, rising, holds, level / peak, peak, 0);
  push(segments, piece, rising + level, brakes, (peak - to) / down, peak, -down);
  return segments;
}

// Adds a segment that begins some way along the piece. Returns the time at which it ends.
function push(
  segments: Segment[],
  piece: Piece,
  alongMetres: number,
  start: number,
  seconds: number,
  speedMps: number,
  accelerationMps2: number,
): number {
  if (seconds < 1e-9) return start;
  const segment = standing(piece, alongMetres, start, start + seconds);
  segment.speedMps = speedMps;
  segment.accelerationMps2 = accelerationMps2;
  segments.push(segment);
  return segment.endSeconds;
}
