/**
 * Reads JSON as text, because JSON.parse changes numbers: it rounds those with more than 17 digits, and forgets zeros at
 * their end. All functions expect valid JSON.
 */

const MARKS = /["{}[\]]/g;
const END_OF_LITERAL = /[,\]}\s]/g;

/** The index after the value that begins at an index. */
function endOf(text: string, at: number): number {
  if (text[at] === '"') return endOfString(text, at);
  if (text[at] !== '{' && text[at] !== '[') {
    END_OF_LITERAL.lastIndex = at;
    return END_OF_LITERAL.exec(text)?.index ?? text.length;
  }
  let depth = 0;
  MARKS.lastIndex = at;
  for (let mark = MARKS.exec(text); mark; mark = MARKS.exec(text)) {
    if (mark[0] === '"') MARKS.lastIndex = endOfString(text, mark.index);
    else depth += mark[0] === '{' || mark[0] === '[' ? 1 : -1;
    if (depth === 0) return MARKS.lastIndex;
  }
  return text.length;
}

function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

const BLANK = /\s*/y;

function afterBlank(text: string, at: number): number {
  BLANK.lastIndex = at;
  BLANK.exec(text);
  return BLANK.lastIndex;
}

/** The texts of the elements of an array that begins at an index. */
export function elementsOf(text: string, at = 0): string[] {
  const elements: string[] = [];
  for (let i = afterBlank(text, at + 1); i < text.length && text[i] !== ']';) {
    const end = endOf(text, i);
    elements.push(text.slice(i, end));
    i = afterBlank(text, end);
    if (text[i] === ',') i = afterBlank(text, i + 1);
  }
  return elements;
}

/** The texts of the members of an object, by name; of two with one name the last, as JSON.parse has it. */
export function membersOf(text: string): Map<string, string> {
  const members = new Map<string, string>();
  for (let i = afterBlank(text, 1); i < text.length && text[i] !== '}';) {
    const nameEnd = endOf(text, i);
    const name = JSON.parse(text.slice(i, nameEnd)) as string;
    const start = afterBlank(text, afterBlank(text, nameEnd) + 1);
    const end = endOf(text, start);
    members.set(name, text.slice(start, end));
    i = afterBlank(text, end);
    if (text[i] === ',') i = afterBlank(text, i + 1);
  }
  return members;
}

/** A JSON value as a person reads it: a string without quotes, everything else as it is written. */
export function readable(text: string): string {
  if (text === 'null') return '–';
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
