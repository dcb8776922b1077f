import type { Data } from '../../../core/wire/event.ts';

/**
 * Reads a member of a row by its path: `speed`, `vehicle.position.latitude`, `location.coordinates.0`. A member whose own
 * name is the whole path wins, because the columns of a table may have points in their names.
 */
export function memberReader(path: string): (values: Data) => unknown {
  if (!path.includes('.')) return (values) => values[path];
  const steps = path.split('.');
  return (values) => (Object.hasOwn(values, path) ? values[path] : follow(values, steps));
}

function follow(values: Data, steps: string[]): unknown {
  let value: unknown = values;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Data)[step];
  }
  return value;
}

/** Bounds on the paths that are looked at, because a datum may nest without end. */
const DEPTH_MAX = 6;
const PATHS_MAX = 500;
/** Arrays with more elements are lists of something, and not pairs or points. */
const ELEMENTS_MAX = 4;

/** The paths of all values in these rows, in the order in which they first occur: members first, then what they hold. */
export function pathsOf(rows: readonly Data[]): string[] {
  const found = new Set<string>();
  let level: [prefix: string, values: object][] = rows.map((values) => ['', values]);
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const [prefix, values] of level) {
      if (Array.isArray(values) && values.length > ELEMENTS_MAX) continue;
      for (const [name, value] of Object.entries(values)) {
        const path = prefix + name;
        if (found.size < PATHS_MAX) found.add(path);
        if (typeof value === 'object' && value !== null) next.push([`${path}.`, value as object]);
      }
    }
    level = next;
  }
  return [...found];
}

/** The names of the members of these rows, in the order in which they first occur. */
export function columnsOf(rows: readonly Data[]): Set<string> {
  const columns = new Set<string>();
  for (const row of rows) for (const name in row) columns.add(name);
  return columns;
}
