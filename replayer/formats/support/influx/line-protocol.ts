/** A point as the line says it. Values are JSON with all their digits. */
export interface Point {
  measurement: string;
  tags: [name: string, value: string][];
  fields: [name: string, json: string][];
  /** The timestamp's digits; undefined where the line has none. */
  timestamp: string | undefined;
}

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const TRUE = /^(?:t|T|true|True|TRUE)$/;
const FALSE = /^(?:f|F|false|False|FALSE)$/;

/**
 * Reads a line of InfluxDB's line protocol: `measurement,tag=value field=1.5,other="text" 1465839830100400200`.
 * @returns a sentence saying what is wrong; `open` where the line ends inside a text
 */
export function pointOf(text: string): Point | { problem: string; open?: true } {
  let at = 0;
  /** Reads up to an unescaped stop character. A backslash escapes these characters, and stands for itself before others. */
  const until = (stops: string, escapable: string): string => {
    let word = '';
    for (; at < text.length && !stops.includes(text[at]!); at++) {
      if (text[at] === '\\' && escapable.includes(text[at + 1] ?? '\0')) at++;
      word += text[at];
    }
    return word;
  };
  const tags: Point['tags'] = [];
  const fields: Point['fields'] = [];
  const measurement = until(', ', ', ');
  if (measurement === '') return { problem: 'The line has no measurement.' };
  while (text[at] === ',') {
    at++;
    const name = until(',= ', ',= ');
    if (text[at] !== '=' || name === '') return { problem: `Tag "${name.slice(0, 40)}" has no value.` };
    at++;
    const value = until(', ', ',= ');
    if (value === '') return { problem: `Tag "${name.slice(0, 40)}" is empty.` };
    if (tags.some(([other]) => other === name))
      return { problem: `Tag "${name.slice(0, 40)}" is there twice.` };
    tags.push([name, value]);
  }
  while (text[at] === ' ') at++;
  do {
    if (fields.length > 0) at++;
    const name = until(',= ', ',= ');
    if (text[at] !== '=' || name === '') return { problem: 'The line has no field (name=value).' };
    at++;
    let json: string | null;
    if (text[at] === '"') {
      const end = textEnd(text, at);
      if (end === -1) return { problem: 'A quote is never closed.', open: true };
      json = JSON.stringify(text.slice(at + 1, end).replace(/\\(["\\])/g, '$1'));
      at = end + 1;
      if (at < text.length && text[at] !== ',' && text[at] !== ' ')
        return { problem: `Text goes on behind the quote of field "${name.slice(0, 40)}".` };
    } else {
      const value = until(', ', '');
      json = jsonOf(value);
      if (json === null)
        return {
          problem: `Field "${name.slice(0, 40)}" holds ${value.slice(0, 40)}: not a number, text or true or false.`,
        };
    }
    if (fields.some(([other]) => other === name))
      return { problem: `Field "${name.slice(0, 40)}" is there twice.` };
    fields.push([name, json]);
  } while (text[at] === ',');
  const timestamp = text.slice(at).trim();
  if (timestamp !== '' && !/^-?\d{1,19}$/.test(timestamp))
    return { problem: `"${timestamp.slice(0, 40)}" is not a timestamp.` };
  return { measurement, tags, fields, timestamp: timestamp === '' ? undefined : String(BigInt(timestamp)) };
}

/** The series of a point as Influx writes its key: the measurement and the tags by name. */
export function seriesKey(measurement: string, tags: [string, string][]): string {
  const escaped = (word: string) => word.replace(/[,= ]/g, '\\$&');
  const sorted = [...tags].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    measurement.replace(/[, ]/g, '\\$&'),
    ...sorted.map(([name, value]) => `${escaped(name)}=${escaped(value)}`),
  ].join(',');
}

/** Where a text that begins at a quote ends; -1 where it does not. */
function textEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return -1;
}

/** A number or truth value as JSON, digit for digit; null where it is neither. */
function jsonOf(value: string): string | null {
  const integer = /^(-?\d{1,20})i$|^(\d{1,20})u$/.exec(value);
  if (integer) {
    const number = BigInt(integer[1] ?? integer[2]!);
    const fits = integer[1] === undefined ? number < 1n << 64n : BigInt.asIntN(64, number) === number;
    return fits ? String(number) : null;
  }
  if (FLOAT.test(value)) {
    if (JSON_NUMBER.test(value)) return value;
    const number = Number(value);
    return Number.isFinite(number) ? String(number) : null;
  }
  return TRUE.test(value) ? 'true' : FALSE.test(value) ? 'false' : null;
}
