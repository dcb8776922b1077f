import type { LonLat } from '../../live/geometry.ts';

const METRES_PER_DEGREE = 111_195;
const RAD = Math.PI / 180;

/** The way from a to b in metres east and north; accurate for short distances. */
export function metresTo([lon1, lat1]: LonLat, [lon2, lat2]: LonLat): [east: number, north: number] {
  const shrink = Math.cos(((lat1 + lat2) / 2) * RAD);
  return [(lon2 - lon1) * shrink * METRES_PER_DEGREE, (lat2 - lat1) * METRES_PER_DEGREE];
}

/** Metres between two places near each other. */
export const metresBetween = (a: LonLat, b: LonLat): number => Math.hypot(...metresTo(a, b));

/** Initial bearing in degrees from a to b; undefined when they are the same place. */
export function bearing([lon1, lat1]: LonLat, [lon2, lat2]: LonLat): number | undefined {
  if (lon1 === lon2 && lat1 === lat2) return undefined;
  const y = Math.sin((lon2 - lon1) * RAD) * Math.cos(lat2 * RAD);
  const x =
    Math.cos(lat1 * RAD) * Math.sin(lat2 * RAD) -
    Math.sin(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.cos((lon2 - lon1) * RAD);
  return (Math.atan2(y, x) / RAD + 360) % 360;
}
