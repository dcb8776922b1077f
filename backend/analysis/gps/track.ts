import type { Data } from '../../../core/wire/event.ts';
import { distanceM, type GeoPoint } from '../../../core/wire/geo.ts';

/** The place of a subject at an event time. */
export interface Fix extends GeoPoint {
  /** Event time, epoch ms. */
  timeMs: number;
}

/**
 * Why a fix is an outlier. `invalid`: its coordinates are missing or out of range. `null_island`: latitude and longitude
 * are 0, which receivers send while they have no fix. `jump`: the subject could not have got there since the fix before.
 * `speed`: the positions contradict the speed that it reports.
 */
export type OutlierReason = 'invalid' | 'null_island' | 'jump' | 'speed';

/** What is known about the way of one subject. It can be stored as JSON. */
export interface Track {
  /** The last fix that is not an outlier. */
  last: Fix | null;
  /** The latest in a run of fixes that agree with each other but can't be reached from `last`, and the length of the run. */
  elsewhere: (Fix & { fixes: number }) | null;
  /** Number of reported speeds in a row that the positions contradict. */
  contradictions: number;
}

/** The step from the last fix that was not an outlier to this one. An outlier has distance 0. */
export interface Step {
  outlier: OutlierReason | null;
  /** The fix that it is measured from; null for the first fix. */
  from: Fix | null;
  distanceM: number;
  elapsedSeconds: number;
}

/** A run of this many fixes that agree with each other is accepted: the earlier place was wrong, or the subject was carried. */
const AGREEING_FIXES = 3;
/** No road vehicle accelerates or brakes harder than this, m/s². */
const ACCELERATION_MAX = 5;
/** Positions are uncertain by this much, m. */
const NOISE_M = 50;

/** The parameter that all services share which follow tracks. */
export const MAX_SPEED = {
  type: 'number',
  exclusiveMinimum: 0,
  default: 350,
  description:
    'A fix that could only be reached at a higher speed than this is an outlier, m/s. The default allows airliners; use 60 for road vehicles to find more.',
} as const;

export function newTrack(): Track {
  return { last: null, elsewhere: null, contradictions: 0 };
}

/** Says why the coordinates of a `gps` datum are not usable on their own; null when they are. */
export function flawOf({ latitude, longitude }: Data): 'invalid' | 'null_island' | null {
  // Comparisons with a value that is not a number are false.
  const isPlace = Math.abs(latitude as number) <= 90 && Math.abs(longitude as number) <= 180;
  if (!isPlace || typeof latitude !== 'number' || typeof longitude !== 'number') return 'invalid';
  return latitude === 0 && longitude === 0 ? 'null_island' : null;
}

/** Separates outliers from the fixes of a track. */
export class Tracker {
  readonly #maxSpeedMps: number;

  constructor(maxSpeedMps: number = MAX_SPEED.default) {
    this.#maxSpeedMps = maxSpeedMps;
  }

  /** Adds the next fix to a track. Null for a fix that is older than the one before it: it is ignored. */
  follow(track: Track, data: Data, timeMs: number): Step | null {
    const { last, elsewhere } = track;
    const latest = elsewhere ?? last;
    if (latest && timeMs < latest.timeMs) return null;
    const flaw = flawOf(data);
    if (flaw) return outlier(flaw, last, timeMs);
    const fix = { timeMs, latitude: data['latitude'] as number, longitude: data['longitude'] as number };
    const step = stepBetween(last, fix);
    if (!this.#isPossible(step)) return this.#elsewhere(track, fix);
    track.elsewhere = null;
    if (this.#isContradicted(track, reportedSpeedMps(data), step)) return outlier('speed', last, timeMs);
    track.last = fix;
    return step;
  }

  #elsewhere(track: Track, fix: Fix): Step {
    const { last, elsewhere } = track;
    const step = stepBetween(elsewhere, fix);
    const fixes = elsewhere && this.#isPossible(step) ? elsewhere.fixes + 1 : 1;
    if (fixes < AGREEING_FIXES) {
      track.elsewhere = { ...fix, fixes };
      return outlier('jump', last, fix.timeMs);
    }
    track.elsewhere = null;
    track.last = fix;
    return { ...step, from: { timeMs: elsewhere!.timeMs, ...placeOf(elsewhere!) } };
  }

  /** Fixes with the same time count as one second apart: recorders often cut times to seconds. */
  #isPossible({ distanceM: stepM, elapsedSeconds }: Step): boolean {
    return stepM <= this.#maxSpeedMps * (elapsedSeconds || 1);
  }

  /** A device whose speeds are contradicted again and again reports another unit, such as km/h: then its places are accepted. */
  #isContradicted(track: Track, speedMps: number, { from, distanceM: stepM, elapsedSeconds }: Step): boolean {
    if (!from || track.contradictions >= AGREEING_FIXES) return false;
    if (shortestM(speedMps, elapsedSeconds) <= stepM + NOISE_M) {
      if (speedMps > 0) track.contradictions = 0;
      return false;
    }
    return ++track.contradictions < AGREEING_FIXES;
  }
}

function placeOf({ latitude, longitude }: GeoPoint): GeoPoint {
  return { latitude, longitude };
}

function stepBetween(from: Fix | null, to: Fix): Step {
  if (!from) return { outlier: null, from, distanceM: 0, elapsedSeconds: 0 };
  return {
    outlier: null,
    from,
    distanceM: distanceM(from, to),
    elapsedSeconds: (to.timeMs - from.timeMs) / 1000,
  };
}

function outlier(reason: OutlierReason, from: Fix | null, timeMs: number): Step {
  const elapsedSeconds = from ? (timeMs - from.timeMs) / 1000 : 0;
  return { outlier: reason, from, distanceM: 0, elapsedSeconds };
}

/** Reported speed, m/s; 0 if there is none. Many recordings call it `speed`; phones report -1 when it is unknown. */
function reportedSpeedMps(data: Data): number {
  const speed = data['speed_meters_per_second'] ?? data['speed'];
  return typeof speed === 'number' && speed > 0 ? speed : 0;
}

/** The shortest distance that a vehicle needs to reach a speed from standstill, accelerating as hard as possible, m. */
function shortestM(speedMps: number, elapsedSeconds: number): number {
  const gainingSeconds = Math.min(elapsedSeconds, speedMps / ACCELERATION_MAX);
  return gainingSeconds * (speedMps - (ACCELERATION_MAX * gainingSeconds) / 2);
}
