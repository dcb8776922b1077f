/** A JSON value with its text, which has all digits of its numbers. */
export interface JsonValue {
  text: string;
  value: unknown;
}

/** The members of a valid JSON object: name -> value as it is written. Of members with one name, the last counts. */
export function membersOf(text: string): Map<string, string> {
  return new Map(namedPartsOf(text));
}

/** The members of a valid JSON object in order, with repeated names. */
export function namedPartsOf(text: string): [name: string, value: string][] {
  return partsOf(text).map((part) => {
    const nameEnd = stringEnd(part, 0);
    const name = JSON.parse(part.slice(0, nameEnd)) as string;
    return [name, part.slice(part.indexOf(':', nameEnd) + 1).trim()];
  });
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
    const code = inside.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(inside, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    else if (code === COMMA && depth === 0) {
      add(inside.slice(from, at), from);
      from = at + 1;
    }
  }
  add(inside.slice(from, -1), from);
  return parts;
}

/** A JSON text as one line, as events are on the wire. It must not have line ends inside its texts, which JSON forbids. */
export function oneLine(text: string): string {
  return LINE_END.test(text) ? text.replace(/[\n\r\t][ \n\r\t]*/g, ' ') : text;
}

/** The data of an event's line, as they are written there. Null if the line is not an event. */
export function dataTextIn(line: string): string | null {
  return membersOf(line).get('data') ?? null;
}

/** A JSON object with only some of its members, in the order of `names`, as they are written. */
export function pickMembers(text: string, names: readonly string[]): string {
  const members = membersOf(text);
  const picked = [...new Set(names)].flatMap((name) => {
    const value = members.get(name);
    return value === undefined ? [] : [`${JSON.stringify(name)}:${value}`];
  });
  return `{${picked.join(',')}}`;
}

/** A JSON object where one member has another value. It must have that member. */
export function replaceMember(text: string, name: string, value: string): string {
  const members = namedPartsOf(text).map(([each, own]) => [each, each === name ? value : own] as const);
  return `{${members.map(([each, own]) => `${JSON.stringify(each)}:${own}`).join(',')}}`;
}

const LINE_END = /[\n\r\t]/;
const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** The place after the string that begins at `from`. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return text.length;
}
