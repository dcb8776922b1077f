import { distanceM, type GeoPoint } from '../../../core/wire/geo.ts';
import type { Fix } from './track.ts';

/** A run of fixes near one place. It can be stored as JSON. */
export interface Stay {
  /** The first fix; all others are within the radius around it. */
  first: Fix;
  last: Fix;
  /** Number of fixes, repeated places included. */
  fixes: number;
  /** Number of fixes that count for the centroid: a fix at the same place as the one before it does not. */
  places: number;
  /** Sums over `places`, in degrees from `first`. */
  latitudeSum: number;
  longitudeSum: number;
}

/** Begins a stay. `isNew` is false for a restored fix: it gives the place of the subject but is not counted. */
export function newStay(fix: Fix, isNew: boolean): Stay {
  return { first: fix, last: fix, fixes: isNew ? 1 : 0, places: 1, latitudeSum: 0, longitudeSum: 0 };
}

/** Whether a fix belongs to the stay: within the radius around its first fix, and less than `gapMs` after its last. */
export function isWithin({ first, last }: Stay, fix: Fix, radiusM: number, gapMs: number): boolean {
  return fix.timeMs - last.timeMs < gapMs && distanceM(first, fix) <= radiusM;
}

/** Adds a fix to a stay, in place. */
export function extend(stay: Stay, fix: Fix): void {
  const { first, last } = stay;
  stay.fixes++;
  if (fix.latitude !== last.latitude || fix.longitude !== last.longitude) {
    stay.places++;
    stay.latitudeSum += fix.latitude - first.latitude;
    stay.longitudeSum += wrapped(fix.longitude - first.longitude);
  }
  stay.last = fix;
}

/** Time from the first fix to the last. */
export function durationMs({ first, last }: Stay): number {
  return last.timeMs - first.timeMs;
}

/** The mean of the coordinates, correct across the antimeridian; repeated places count once. */
export function centroid({ first, places, latitudeSum, longitudeSum }: Stay): GeoPoint {
  return {
    latitude: round(first.latitude + latitudeSum / places),
    longitude: round(wrapped(first.longitude + longitudeSum / places)),
  };
}

/** Rounds to about a centimetre. */
function round(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}

/** Brings a longitude into -180 to 180. */
function wrapped(degrees: number): number {
  return degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
}
