/** Width of the world in the units of Web Mercator as deck.gl and MapLibre use it. */
const WORLD = 512;

/** Projects longitude and latitude in degrees onto the plane of the map; y grows to the north. */
export function mercator([longitude, latitude]: readonly [number, number]): [x: number, y: number] {
  const phi = (Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI) / 180;
  const y = (Math.PI + Math.log(Math.tan(Math.PI / 4 + phi / 2))) / (2 * Math.PI);
  return [(WORLD * (longitude + 180)) / 360, WORLD * y];
}

/** The inverse of `mercator`. */
export function unmercator([x, y]: readonly [number, number]): [longitude: number, latitude: number] {
  const phi = 2 * Math.atan(Math.exp((y / WORLD) * 2 * Math.PI - Math.PI)) - Math.PI / 2;
  return [(x / WORLD) * 360 - 180, (phi * 180) / Math.PI];
}
