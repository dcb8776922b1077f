import type { Data } from '../../../core/wire/event.ts';
import { parseJson } from '../../../core/wire/json-depth.ts';
import { membersOf } from '../../../core/wire/json-text.ts';

export { membersOf, oneLine, partsOf, partsWithLines } from '../../../core/wire/json-text.ts';

/** An object's values, and its text with all digits. */
export interface JsonObject {
  values: Data;
  json: string;
}

/** Makes an object of members as they are written, renaming some. */
export function objectOf(
  members: Iterable<[string, string]>,
  rename: ReadonlyMap<string, string>,
): JsonObject {
  const named = new Map<string, string>();
  for (const [name, text] of members) named.set(rename.get(name) ?? name, text);
  const json = `{${[...named].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
  return { values: valueOf(json) as Data, json };
}

/**
 * Parses a text that is one JSON object, and renames its members. Integers beyond 2^53 are texts in `values`, so that
 * identifiers stay apart; `json` has their digits as they are. Members that are NaN or Infinity, which JSON does not
 * know and Python writes, are left out and counted. @throws Error naming what the text is instead
 */
export function parseObject(
  text: string,
  rename: ReadonlyMap<string, string>,
): JsonObject & { absent?: number } {
  let values: unknown;
  let json = text;
  let absent = 0;
  try {
    values = valueOf(text);
  } catch (error) {
    [json, absent] = withoutNaN(text);
    if (absent === 0) throw notJson(error);
    try {
      values = valueOf(json);
    } catch (again) {
      throw notJson(again);
    }
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    const what = Array.isArray(values) ? 'an array' : JSON.stringify(values)?.slice(0, 40);
    throw new Error(`Not a JSON object but ${what}.`);
  }
  const renames = rename.size > 0 && Object.keys(values).some((name) => rename.has(name));
  const object: JsonObject & { absent?: number } = renames
    ? objectOf(membersOf(json), rename)
    : { values: values as Data, json };
  if (absent > 0) object.absent = absent;
  return object;
}

function notJson(error: unknown): Error {
  const { message } = error as Error;
  const what = error instanceof RangeError ? `Too deep: ${message}` : `Not JSON: ${message}`;
  return new Error(`${what}.`, { cause: error });
}

const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The value of a JSON text; integers that a number can't hold are texts of their digits. @throws SyntaxError */
export function valueOf(text: string): unknown {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !holdsLargeNumber(value)) return value;
  const exact = text.replace(TEXT_OR_NUMBER, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
  return JSON.parse(exact);
}

/** Whether a number that may have lost digits is anywhere in a value. Rows are many, so it allocates nothing. */
function holdsLargeNumber(value: object): boolean {
  for (const name in value) {
    const member = (value as { [name: string]: unknown })[name];
    if (typeof member === 'number') {
      if (!(member <= Number.MAX_SAFE_INTEGER && member >= Number.MIN_SAFE_INTEGER)) return true;
    } else if (typeof member === 'object' && member !== null && holdsLargeNumber(member)) return true;
  }
  return false;
}

const NOT_A_NUMBER = /(,?\s*"(?:[^"\\]|\\.)*"\s*:\s*)?(?<![\w"])(?:NaN|-?Infinity)(?!\w)|"(?:[^"\\]|\\.)*"/g;
const COMMA_FIRST = /"(?:[^"\\]|\\.)*"|\{\s*,/g;

/** A text without its members that are NaN or Infinity, and their number. In arrays, where each place counts, null stands for them. */
function withoutNaN(text: string): [text: string, count: number] {
  if (!/NaN|Infinity/.test(text)) return [text, 0];
  let count = 0;
  const rest = text.replace(NOT_A_NUMBER, (token: string, member?: string) => {
    if (token.startsWith('"') && token.endsWith('"')) return token;
    count++;
    return member === undefined ? 'null' : '';
  });
  return [rest.replace(COMMA_FIRST, (token) => (token.startsWith('{') ? '{' : token)), count];
}
