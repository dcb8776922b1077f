/** A place in degrees. */
export type LonLat = readonly [longitude: number, latitude: number];

/** West, south, east, north in degrees. */
export type Box = [number, number, number, number];

/** Whether a place lies inside a polygon: a line from it crosses the polygon an odd number of times. */
export function contains(polygon: readonly LonLat[], [x, y]: LonLat): boolean {
  let inside = false;
  polygon.forEach(([x1, y1], i) => {
    const [x2, y2] = polygon[(i + 1) % polygon.length] as LonLat;
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}
