import type { Point } from '../support/plane.ts';
import { Random } from '../support/random.ts';

/**
 * The plan of Miravela, the city of the demo. It does not exist. It is one city for every seed, so that fences,
 * screenshots and examples can name its places. Plans are drawn in blocks (column, row) counted from the south-west,
 * and laid on the ground by `ground`.
 */
export const CITY_NAME = 'Miravela';
/** Open dunes and pines north of Melides, on the Portuguese coast: land on every Natural Earth scale, the sea 3 km west. */
export const CITY_CENTRE = { latitude: 38.2, longitude: -8.735 };

/** Monday, eight o'clock in the morning there (ISO 8601): when simulations start unless told otherwise. */
export const DEFAULT_START = '2026-05-04T07:00:00.000Z';

export const COLUMNS = 36;
export const ROWS = 27;
export const AVENUE_COLUMNS: readonly number[] = [2, 7, 12, 17, 22, 27, 32];
export const AVENUE_ROWS: readonly number[] = [2, 7, 12, 13, 18, 23];
/** The river runs between these two rows, which are its quays. */
export const SOUTH_QUAY = 12;
export const NORTH_QUAY = 13;
export const BRIDGE_COLUMNS: readonly number[] = [7, 22, 32];
/** The boulevard joins the crossings where column + row is this, from north-west to south-east. */
export const BOULEVARD_SUM = 28;
export const BOULEVARD_COLUMNS = { from: 4, to: 26 };
/** Areas without streets inside, as crossings of their corners. */
export const PARKS = [
  { name: 'Queen Ines Park', west: 23, south: 18, east: 27, north: 22 },
  { name: 'Cork Oak Garden', west: 9, south: 4, east: 11, north: 6 },
] as const;
export const DEPOTS = [
  { name: 'Harbour Depot', serves: 'truck', column: 2.5, row: 15 },
  { name: 'North Terminus', serves: 'bus', column: 17, row: 24.5 },
  { name: 'East Depot', serves: 'van', column: 32.5, row: 9 },
] as const;

const RIVER_WIDTH_M = 190;
const TURN_RADIANS = 0.16;
const spacing = new Random(CITY_NAME, 'blocks');
const COLUMN_M = lines(COLUMNS, () => spacing.between(128, 178));
const ROW_M = lines(ROWS, (row) => (row === NORTH_QUAY ? RIVER_WIDTH_M + 60 : spacing.between(120, 168)));

/** The place of a crossing on the ground. Accepts fractions of blocks and places outside the city. */
export function ground(column: number, row: number): Point {
  return bend(along(COLUMN_M, column), along(ROW_M, row));
}

/** Whether the city has a crossing there: it is rounded off at the corners, and its parks are free of streets. */
export function isBuilt(column: number, row: number): boolean {
  const east = (column - (COLUMNS - 1) / 2) / (COLUMNS / 2 + 0.2);
  const north = (row - (ROWS - 1) / 2) / (ROWS / 2 + 0.3);
  if (Math.abs(east) ** 3.4 + Math.abs(north) ** 3.4 > 1.02) return false;
  return !PARKS.some(
    (park) => column > park.west && column < park.east && row > park.south && row < park.north,
  );
}

/** The river's outline, from the hills in the east to its mouth in the west, counter-clockwise. */
export function river(): Point[] {
  const middle = (along(ROW_M, SOUTH_QUAY) + along(ROW_M, NORTH_QUAY)) / 2;
  const north: Point[] = [];
  const south: Point[] = [];
  for (let x = 9000; x >= -6400; x -= 100) {
    const half =
      (RIVER_WIDTH_M / 2) * (x > 3000 ? (9000 - x) / 6000 : x < -3200 ? 1 + (-3200 - x) / 2000 : 1);
    north.push(bend(x, middle + half));
    south.push(bend(x, middle - half));
  }
  return [...north, ...south.reverse()];
}

/** The pond of the large park, counter-clockwise. */
export function pond(): Point[] {
  return Array.from({ length: 32 }, (_, i) => {
    const angle = (i / 32) * 2 * Math.PI;
    const radius = 1 + 0.14 * Math.sin(3 * angle);
    return ground(24.7 + 1.1 * radius * Math.cos(angle), 19.8 + 0.7 * radius * Math.sin(angle));
  });
}

/** Metres above the sea at a point: a plain that rises from the coast, with two hills. */
export function elevationMetres(x: number, y: number): number {
  return 9 + (x + 3000) * 0.004 + 46 * hill(x - 1500, y - 1500, 650) + 27 * hill(x + 1300, y + 1500, 520);
}

function hill(east: number, north: number, widthMetres: number): number {
  return Math.exp(-(east * east + north * north) / (2 * widthMetres * widthMetres));
}

// Straight blocks, bent into an S by the river and turned a little: streets stay smooth, and no two are parallel.
function bend(x: number, y: number): Point {
  const east = x + 70 * Math.sin(y / 1100);
  const north = y + 240 * Math.sin(x / 1500 + 0.5) + 45 * Math.sin(x / 610);
  return {
    x: east * Math.cos(TURN_RADIANS) - north * Math.sin(TURN_RADIANS),
    y: east * Math.sin(TURN_RADIANS) + north * Math.cos(TURN_RADIANS),
  };
}

function lines(count: number, gapMetres: (line: number) => number): number[] {
  const at = [0];
  for (let line = 1; line < count; line++) at.push((at[line - 1] as number) + gapMetres(line));
  const middle = (at[count - 1] as number) / 2;
  return at.map((metres) => metres - middle);
}

function along(metres: number[], line: number): number {
  const low = Math.min(Math.max(Math.floor(line), 0), metres.length - 2);
  const from = metres[low] as number;
  return from + (line - low) * ((metres[low + 1] as number) - from);
}
