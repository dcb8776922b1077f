import type { Data } from '../../../../core/wire/event.ts';
import { isObject } from './timed.ts';

/** Where an object says a place, and the place in degrees as it is written. */
export interface Place {
  /** The path of the member that holds it, or of the object that holds both numbers. */
  path: string;
  latitude: string;
  longitude: string;
}

const LATITUDE = /^(?:lat|latitude)$/i;
const LONGITUDE = /^(?:lon|lng|long|longitude)$/i;
const PAIR = /^(?:geo:)?(-?\d+(?:\.\d+)?)°?,\s*(-?\d+(?:\.\d+)?)°?(?:[;,].*)?$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const DEPTH_MAX = 4;

/**
 * The place of an object, in itself or in objects inside it: two numbers, integers of 1e-7 degrees (`latitudeE7`), or a
 * text such as `48.1°, 11.5°` or `geo:48.1,11.5`. Null for none.
 */
export function placeIn(values: Data): Place | null {
  let level: [path: string, values: Data][] = [['', values]];
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const [path, object] of level) {
      const entries = Object.entries(object);
      const numbers = pairOf(entries);
      if (numbers) return { path, ...numbers };
      for (const [name, value] of entries) {
        const pair = typeof value === 'string' ? PAIR.exec(value) : null;
        if (pair && isPlace(pair[1]!, pair[2]!))
          return { path: `${path}.${name}`, latitude: plain(pair[1]!), longitude: plain(pair[2]!) };
        if (isObject(value)) next.push([`${path}.${name}`, value]);
      }
    }
    level = next;
  }
  return null;
}

function pairOf(entries: [string, unknown][]): { latitude: string; longitude: string } | null {
  const find = (pattern: RegExp) => entries.find(([name]) => pattern.test(name))?.[1];
  const [latitude, longitude] = [degrees(find(LATITUDE)), degrees(find(LONGITUDE))];
  if (latitude !== null && longitude !== null && isPlace(latitude, longitude)) return { latitude, longitude };
  const [latitudeE7, longitudeE7] = [find(/^lat(?:itude)?_?E7$/i), find(/^(?:lon|lng|longitude)_?E7$/i)];
  if (typeof latitudeE7 !== 'number' || typeof longitudeE7 !== 'number') return null;
  return { latitude: String(latitudeE7 / 1e7), longitude: String(longitudeE7 / 1e7) };
}

function degrees(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && NUMBER.test(value) ? value : null;
}

function isPlace(latitude: string, longitude: string): boolean {
  return Math.abs(Number(latitude)) <= 90 && Math.abs(Number(longitude)) <= 360;
}

/** A number as JSON writes it: `-05.10` is no JSON. */
function plain(number: string): string {
  return NUMBER.test(number) ? number : String(Number(number));
}
