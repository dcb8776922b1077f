import type { Data } from '../../../../core/wire/event.ts';
import { numberPairIn } from '../number-pair.ts';
import { isObject } from './timed.ts';

/** Where an object says a place, and the place in degrees as it is written. */
interface Place extends Degrees {
  /** The path of the member that holds it, or of the object that holds both numbers. */
  path: string;
}

/** Degrees as JSON writes numbers. */
interface Degrees {
  latitude: string;
  longitude: string;
}

const LATITUDE = /^(?:lat|latitude)$/i;
const LONGITUDE = /^(?:lon|lng|long|longitude)$/i;
/** Numbers without a mark are a place only under a name that speaks of one: `1,5` is a number in half of the world. */
const PLACE_NAME = /loc|pos|point|lat|coord|geo|gps|place|fix/i;
const PLACE_MARK = /^\s*(?:geo:|point\b)|°/i;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const DEPTH_MAX = 4;

/**
 * The place of an object, in itself or in objects inside it: two numbers, integers of 1e-7 degrees (`latitudeE7`), or a
 * text such as `48.1°, 11.5°`, `geo:48.1,11.5` or `POINT(11.5 48.1)`. Null for none.
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
        const saysPlace = PLACE_NAME.test(name) || PLACE_MARK.test(String(value));
        const text = saysPlace ? textPlace(value) : null;
        if (text) return { path: `${path}.${name}`, ...text };
        if (isObject(value)) next.push([`${path}.${name}`, value]);
      }
    }
    level = next;
  }
  return null;
}

/** The place that a text says. A pair in brackets, or apart by a blank only, has no known order or may be anything else. */
function textPlace(value: unknown): Degrees | null {
  const pair = numberPairIn(value);
  if (!pair || pair.form === 'brackets' || (pair.form === 'bare' && !String(value).includes(',')))
    return null;
  const { first, second } = pair;
  const [latitude, longitude] = pair.form === 'wkt' ? [second, first] : [first, second];
  return isPlace(latitude, longitude) ? { latitude: plain(latitude), longitude: plain(longitude) } : null;
}

function pairOf(entries: [string, unknown][]): Degrees | null {
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

/** A number as JSON writes it: `-05.10` is not JSON. */
function plain(number: string): string {
  return NUMBER.test(number) ? number : String(Number(number));
}
