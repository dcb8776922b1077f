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
  const parts: string[] = [];
  const inside = text.trim();
  let from = 1;
  let depth = 0;
  for (let at = 1; at < inside.length - 1; at++) {
    const character = inside[at];
    if (character === '"') at = stringEnd(inside, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(inside.slice(from, at).trim());
      from = at + 1;
    }
  }
  const last = inside.slice(from, -1).trim();
  if (last !== '') parts.push(last);
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
  return { values: JSON.parse(json) as Data, json };
}

/** Parses a text that is one JSON object and renames its members. @throws Error naming what the text is instead */
export function parseObject(text: string, rename: ReadonlyMap<string, string>): JsonObject {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new Error(`Not JSON: ${(error as Error).message}.`, { cause: error });
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    const what = Array.isArray(values) ? 'an array' : JSON.stringify(values)?.slice(0, 40);
    throw new Error(`Not a JSON object but ${what}.`);
  }
  const renames = rename.size > 0 && Object.keys(values).some((name) => rename.has(name));
  return renames ? objectOf(membersOf(text), rename) : { values: values as Data, json: text };
}

/** Which kind of JSON a file with this beginning holds; null when it is not JSON. */
export function kindOfJson(head: string): 'lines' | 'document' | 'geojson' | null {
  const text = head.trimStart();
  if (text.startsWith('[')) return /^\[\s*[[{\]]/.test(text) ? 'document' : null;
  if (!text.startsWith('{')) return null;
  if (/"type"\s*:\s*"(?:Feature|FeatureCollection)"/.test(text.slice(0, 2_000))) {
    if (!isLines(text) || /^[^\n]*"features"\s*:/.test(text)) return 'geojson';
  }
  return isLines(text) ? 'lines' : 'document';
}

/** Whether the text holds one object per line. A single line counts, unless it holds an array of objects. */
function isLines(text: string): boolean {
  const [first, second] = text.split('\n', 64).filter((line) => line.trim() !== '');
  if (second !== undefined) return second.trimStart().startsWith('{') || isObject(first!);
  return text.includes('\n') || isObject(first!) ? !/:\s*\[\s*\{/.test(first!) : false;
}

function isObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
