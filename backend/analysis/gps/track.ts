import type { Data } from '../../../core/wire/event.ts';
import { distanceM, type Place } from '../../../core/wire/geo.ts';

/** Where a subject was at an event time, epoch ms. */
export interface Fix extends Place {
  timeMs: number;
}

/**
 * Why a fix is not believed: no coordinates of this earth; latitude and longitude 0, which receivers without a fix send
 * ("null island"); too far from the fix before to have been reached; a reported speed that the positions contradict.
 */
export type OutlierReason = 'invalid' | 'null_island' | 'jump' | 'speed';

/** What is known of where a subject is. It survives JSON. */
export interface Track {
  /** The last fix that is believed. */
  last: Fix | null;
  /** The latest of fixes in a row that can't be reached from `last` but from each other, and how many they are. */
  elsewhere: (Fix & { fixes: number }) | null;
  /** How many reported speeds in a row the positions contradict. */
  contradictions: number;
}

/** From one believed fix to the next; of an outlier, no step at all. */
export interface Step {
  outlier: OutlierReason | null;
  /** The fix it is measured from; null at the first. */
  from: Fix | null;
  distanceM: number;
  elapsedSeconds: number;
}

/** So many fixes in a row that agree with each other are believed: the one before was wrong, or the subject was carried. */
const AGREEING = 3;
/** Faster than this no vehicle on a road gains or loses speed, m/s². */
const ACCELERATION_MAX = 5;
/** Positions are this uncertain, metres. */
const NOISE_M = 50;

/** The parameter of services that follow tracks. */
export const MAX_SPEED = {
  type: 'number',
  exclusiveMinimum: 0,
  default: 350,
  description:
    'A fix that could only be reached faster than this is an outlier, m/s. No airliner is faster; for road vehicles, 60 finds more.',
} as const;

export function newTrack(): Track {
  return { last: null, elsewhere: null, contradictions: 0 };
}

/** What is wrong with a datum of `gps` by itself; null where it is a place. */
export function flawOf({ latitude, longitude }: Data): 'invalid' | 'null_island' | null {
  // Also false of what is no number.
  const isPlace = Math.abs(latitude as number) <= 90 && Math.abs(longitude as number) <= 180;
  if (!isPlace || typeof latitude !== 'number' || typeof longitude !== 'number') return 'invalid';
  return latitude === 0 && longitude === 0 ? 'null_island' : null;
}

/** Tells the fixes of a track to be believed from the outliers. */
export class Tracker {
  readonly #maxSpeedMps: number;

  constructor(maxSpeedMps: number = MAX_SPEED.default) {
    this.#maxSpeedMps = maxSpeedMps;
  }

  /**
   * Takes the next fix into a track. Null where it is older than the fix before: it tells nothing about where the subject
   * went since.
   */
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
    if (fixes < AGREEING) {
      track.elsewhere = { ...fix, fixes };
      return outlier('jump', last, fix.timeMs);
    }
    track.elsewhere = null;
    track.last = fix;
    return { ...step, from: { timeMs: elsewhere!.timeMs, ...placeOf(elsewhere!) } };
  }

  /** Fixes of one instant are taken to be up to a second apart: times are often cut to seconds. */
  #isPossible({ distanceM: stepM, elapsedSeconds }: Step): boolean {
    return stepM <= this.#maxSpeedMps * (elapsedSeconds || 1);
  }

  /** A device whose speeds are contradicted time after time reports something else, such as km/h: its places are believed. */
  #isContradicted(track: Track, speedMps: number, { from, distanceM: stepM, elapsedSeconds }: Step): boolean {
    if (!from || track.contradictions >= AGREEING) return false;
    if (leastM(speedMps, elapsedSeconds) <= stepM + NOISE_M) {
      if (speedMps > 0) track.contradictions = 0;
      return false;
    }
    return ++track.contradictions < AGREEING;
  }
}

function placeOf({ latitude, longitude }: Place): Place {
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

/** m/s; 0 where none is reported. Many recordings call it `speed`; phones say -1 where they don't know it. */
function reportedSpeedMps(data: Data): number {
  const speed = data['speed_meters_per_second'] ?? data['speed'];
  return typeof speed === 'number' && speed > 0 ? speed : 0;
}

/** The least way that ends with this speed: it was gained during it, as fast as can be. */
function leastM(speedMps: number, elapsedSeconds: number): number {
  const gainingSeconds = Math.min(elapsedSeconds, speedMps / ACCELERATION_MAX);
  return gainingSeconds * (speedMps - (ACCELERATION_MAX * gainingSeconds) / 2);
}
