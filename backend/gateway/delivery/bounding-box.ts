/** West, south, east, north in degrees; west > east spans the antimeridian. */
export type BoundingBox = [number, number, number, number];

/** Whether the data lie in the box. Data without coordinates do not. */
export function inBox(
  [west, south, east, north]: BoundingBox,
  data: { latitude?: unknown; longitude?: unknown },
): boolean {
  const { latitude, longitude } = data;
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return false;
  if (latitude < south || latitude > north) return false;
  return west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
}

/** Why these four numbers are not a bounding box; null if they are one. */
export function boxProblem([west, south, east, north]: BoundingBox): string | null {
  if ([west, east].some((degrees) => !(Math.abs(degrees) <= 180)))
    return 'longitudes must be from -180 to 180';
  if ([south, north].some((degrees) => !(Math.abs(degrees) <= 90))) return 'latitudes must be from -90 to 90';
  return south > north ? 'south must not be greater than north' : null;
}
