import { distanceM, type Place } from '../../../core/wire/geo.ts';
import type { Fix } from './track.ts';

/** A subject near one place. It survives JSON. */
export interface Stay {
  /** The first fix; all others are within the radius around it. */
  first: Fix;
  last: Fix;
  /** How many were counted, repeats too. */
  fixes: number;
  /** How many weight the centroid: a fix at the place of the one before it is a repeat, and does not. */
  places: number;
  /** Sums over those of degrees from `first`. */
  latitudeSum: number;
  longitudeSum: number;
}

/** `isNew` is false of a fix that says where a subject is, but is no new data. */
export function newStay(fix: Fix, isNew: boolean): Stay {
  return { first: fix, last: fix, fixes: isNew ? 1 : 0, places: 1, latitudeSum: 0, longitudeSum: 0 };
}

/** Whether a fix belongs to the stay: near its first one, and less than `gapMs` after its last. */
export function isWithin({ first, last }: Stay, fix: Fix, radiusM: number, gapMs: number): boolean {
  return fix.timeMs - last.timeMs < gapMs && distanceM(first, fix) <= radiusM;
}

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

export function durationMs({ first, last }: Stay): number {
  return last.timeMs - first.timeMs;
}

/** The mean of the fixes' coordinates, also across the antimeridian; repeats count once. */
export function centroid({ first, places, latitudeSum, longitudeSum }: Stay): Place {
  return {
    latitude: round(first.latitude + latitudeSum / places),
    longitude: round(wrapped(first.longitude + longitudeSum / places)),
  };
}

/** To a centimetre. */
function round(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}

/** The same longitude from -180 to 180. */
function wrapped(degrees: number): number {
  return degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
}
