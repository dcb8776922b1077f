/** Mean radius of the earth, metres. Distances are those on a sphere. */
const EARTH_RADIUS_M = 6_371_000;

const RADIANS = Math.PI / 180;

/** A point on the earth, in degrees (WGS 84). */
export interface GeoPoint {
  latitude: number;
  longitude: number;
}

/** Great-circle distance in metres, by the haversine formula (Sinnott, 1984), which is also exact for short distances. */
export function distanceM(a: GeoPoint, b: GeoPoint): number {
  const [latA, latB] = [a.latitude * RADIANS, b.latitude * RADIANS];
  const sinLat = Math.sin((latB - latA) / 2);
  const sinLon = Math.sin(((b.longitude - a.longitude) * RADIANS) / 2);
  const h = sinLat * sinLat + Math.cos(latA) * Math.cos(latB) * sinLon * sinLon;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Initial bearing from `a` to `b` along the great circle, in degrees clockwise from north: 0 to below 360. */
export function bearingDegrees(a: GeoPoint, b: GeoPoint): number {
  const [latA, latB] = [a.latitude * RADIANS, b.latitude * RADIANS];
  const deltaLon = (b.longitude - a.longitude) * RADIANS;
  const y = Math.sin(deltaLon) * Math.cos(latB);
  const x = Math.cos(latA) * Math.sin(latB) - Math.sin(latA) * Math.cos(latB) * Math.cos(deltaLon);
  return (Math.atan2(y, x) / RADIANS + 360) % 360;
}
