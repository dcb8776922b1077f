import type { Data } from '../../../core/wire/event.ts';

/** An object's values, and its text with all digits. */
export interface JsonObject {
  values: Data;
  json: string;
}

/** The members of a valid JSON object: name -> value as it is written. */
export function membersOf(text: string): Map<string, string> {
  const members = new Map<string, string>();
  for (const part of partsOf(text)) {
    const nameEnd = stringEnd(part, 0);
    const name = JSON.parse(part.slice(0, nameEnd)) as string;
    members.set(name, part.slice(part.indexOf(':', nameEnd) + 1).trim());
  }
  return members;
}

/** The members of a valid JSON object, or elements of an array, as they are written. */
export function partsOf(text: string): string[] {
  return partsWithLines(text).map((part) => part.text);
}

/** The same, with the number of line ends before each. */
export function partsWithLines(text: string): { text: string; line: number }[] {
  const parts: { text: string; line: number }[] = [];
  let line = 0;
  let lineStart = 0;
  const add = (part: string, from: number) => {
    const whole = part.trim();
    if (whole === '') return;
    const begins = from + part.length - part.trimStart().length;
    for (
      let at = inside.indexOf('\n', lineStart);
      at !== -1 && at < begins;
      at = inside.indexOf('\n', lineStart)
    ) {
      line++;
      lineStart = at + 1;
    }
    parts.push({ text: whole, line });
  };
  const inside = text.trim();
  let from = 1;
  let depth = 0;
  for (let at = 1; at < inside.length - 1; at++) {
    const character = inside[at];
    if (character === '"') at = stringEnd(inside, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      add(inside.slice(from, at), from);
      from = at + 1;
    }
  }
  add(inside.slice(from, -1), from);
  return parts;
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
  return new Error(`Not JSON: ${(error as Error).message}.`, { cause: error });
}

/** A JSON text as one line, as events are on the wire. It must not have line ends inside its texts, which JSON forbids. */
export function oneLine(text: string): string {
  return text.includes('\n') ? text.replace(/\r?\n\s*/g, ' ') : text;
}

const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The value of a JSON text; integers that a number can't hold are texts of their digits. @throws SyntaxError */
export function valueOf(text: string): unknown {
  const value: unknown = JSON.parse(text);
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

function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
