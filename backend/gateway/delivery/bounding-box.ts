/** West, south, east, north in degrees; west > east spans the antimeridian. */
export type Box = [number, number, number, number];

/** Whether a datum lies in the box; one without coordinates does not. */
export function inBox(
  [west, south, east, north]: Box,
  data: { latitude?: unknown; longitude?: unknown },
): boolean {
  const { latitude, longitude } = data;
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return false;
  if (latitude < south || latitude > north) return false;
  return west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
}

/** Why these four numbers are no box, or null. */
export function boxProblem([west, south, east, north]: Box): string | null {
  if ([west, east].some((degrees) => !(Math.abs(degrees) <= 180))) return 'longitudes go from -180 to 180';
  if ([south, north].some((degrees) => !(Math.abs(degrees) <= 90))) return 'latitudes go from -90 to 90';
  return south > north ? 'south is north of north' : null;
}
