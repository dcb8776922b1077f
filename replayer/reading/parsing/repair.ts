import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Data } from '../../../core/wire/event.ts';
import { meansNone } from '../../formats/support/none.ts';
import { membersOf, objectOf } from '../../formats/support/json-text.ts';

/** In a member that is a number these words mean none as well; elsewhere they may be names. */
const NO_NUMBER = /^(?:[+-]?inf(?:inity)?|unknown)$/i;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** No sea is deeper. Devices write -32768 or -99999 where they have no elevation. */
const ELEVATION_MIN_METRES = -12_000;
/** Bound on the members of one datum that are mended. */
const MENDS_MAX = 16;
const NO_RENAMES: ReadonlyMap<string, string> = new Map();

/** A datum after it was mended. */
export interface MendedDatum {
  values: Data;
  json: string;
  /** How many members were left out because their values stand for "no value". */
  absent: number;
}

/**
 * Mends data that miss the schema of their channel by their notation only: an optional member whose value stands for "no
 * value" is left out, a number where the schema has text becomes its text as it stands, and a text that is a number
 * becomes that number. Null where the data are wrong for another reason; then `validate.errors` says which.
 */
export function mended(values: Data, json: string, validate: ValidateFunction): MendedDatum | null {
  const required = requiredOf(validate);
  const members = membersOf(json);
  let absent = 0;
  let data = values;
  for (let i = 0; i < MENDS_MAX; i++) {
    const error = validate.errors?.[0];
    const member = /^\/([^/]+)/
      .exec(error?.instancePath ?? '')?.[1]
      ?.replace(/~1/g, '/')
      .replace(/~0/g, '~');
    if (!error || member === undefined) return null;
    const value = data[member];
    if (isNone(value) && !required.has(member)) {
      members.delete(member);
      absent++;
    } else {
      const text = error.keyword === 'type' ? asType(value, members.get(member), error.params['type']) : null;
      if (text === null) return null;
      members.set(member, text);
    }
    const mendedObject = objectOf(members, NO_RENAMES);
    data = mendedObject.values;
    if (validate(data)) return { ...mendedObject, absent };
  }
  return null;
}

/** Leaves out the elevation of a fix that stands for "no value". The same datum where it does not. */
export function withoutSentinels(values: Data, json: string): MendedDatum | null {
  const { elevation } = values;
  if (typeof elevation !== 'number' || elevation >= ELEVATION_MIN_METRES) return null;
  const members = membersOf(json);
  members.delete('elevation');
  return { ...objectOf(members, NO_RENAMES), absent: 1 };
}

/** Whether a value stands for "no value": null, an empty text, or a word such as NaN. */
function isNone(value: unknown): boolean {
  if (typeof value !== 'string') return value === null || value === undefined;
  const text = value.trim();
  return text === '' || meansNone(text) || NO_NUMBER.test(text);
}

/** A value as JSON text of another type; null where it can't be that. `json` is the value as it is written. */
function asType(value: unknown, json: string | undefined, type: unknown): string | null {
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return JSON.stringify(json ?? String(value));
  if ((type === 'number' || type === 'integer') && typeof value === 'string') {
    const text = value.trim();
    if (!NUMBER.test(text)) return null;
    return isJsonNumber(text) ? text : String(Number(text));
  }
  return null;
}

const isJsonNumber = (text: string) => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);

function requiredOf({ schema }: ValidateFunction): ReadonlySet<string> {
  const required = typeof schema === 'object' && 'required' in schema ? (schema['required'] as unknown) : [];
  return new Set(Array.isArray(required) ? required.map(String) : []);
}
