import { membersOf } from '../../formats/support/json-text.ts';
import { isJsonNumber } from '../../formats/support/table/own-table.ts';
import { meansNone } from '../../formats/support/none.ts';
import type { WrittenRow } from './event-line.ts';
import type { Survey } from './sink.ts';

/** Kinds of values that a column holds, as bits. */
export const Kind = {
  /** An integer that a double holds exactly. */
  INTEGER: 1,
  /** Another number of up to 15 digits. */
  NUMBER: 2,
  /** A number that a double would change. */
  LONG_NUMBER: 4,
  /** Text that no reader takes for anything else. */
  TEXT: 8,
  /** Text that may be taken for a number, a date, a comment or no value. */
  DOUBTFUL_TEXT: 16,
  NUMERIC_TEXT: 32,
  EMPTY_TEXT: 64,
  /** Text with control characters, or with halves of characters. */
  RAW_TEXT: 128,
  BOOLEAN: 256,
  /** null, an array or an object. */
  OTHER: 512,
} as const;

/** A table has at most this many columns: the members beyond stay together in one column. */
const COLUMNS_MAX = 1_000;
/** With longer names the header would not be whole in the sample by which a reader recognises it. */
const HEADER_MAX_CHARACTERS = 16_000;
const NAME_MAX_CHARACTERS = 200;
/** As formats/support/cells.ts reads a number without being told. */
const SHORT_NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
const EDGE_OR_SIGN = /^[\s#]|\s$|[\n\t]/;
/** A written time with its zone. */
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
// eslint-disable-next-line no-control-regex -- that is what it looks for
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufeff\p{Cs}]/u;

/** A datum's members: those that have a column, and the others. */
export interface SplitMembers {
  columns: Map<string, string>;
  /** A JSON object as text; '' for none. */
  rest: string;
}

/** Finds the members of all rows and the kinds of their values, for formats with columns. */
export class ColumnSurvey implements Survey {
  /** Member -> kinds, in the order in which members first occur. */
  readonly kinds = new Map<string, number>();
  hasRest = false;
  #characters = 0;

  add({ json }: WrittenRow): void {
    for (const [name, value] of membersOf(json)) {
      const known = this.kinds.get(name);
      if (known !== undefined || this.#takes(name)) this.kinds.set(name, (known ?? 0) | kindOf(value));
      else this.hasRest = true;
    }
  }

  #takes(name: string): boolean {
    if (this.kinds.size >= COLUMNS_MAX || !isColumnName(name)) return false;
    if (this.#characters + name.length > HEADER_MAX_CHARACTERS) return false;
    this.#characters += name.length + 8;
    return true;
  }

  /** Divides a datum into the members that have a column, and the others. */
  split(json: string): SplitMembers {
    const members = membersOf(json);
    let rest = '';
    for (const [name, value] of members) {
      if (this.kinds.has(name)) continue;
      rest += `,${JSON.stringify(name)}:${value}`;
      members.delete(name);
    }
    return { columns: members, rest: rest && `{${rest.slice(1)}}` };
  }
}

/** The text that a JSON string stands for; null for any other value. */
export function textOf(value: string): string | null {
  if (!value.startsWith('"')) return null;
  return value.includes('\\') ? (JSON.parse(value) as string) : value.slice(1, -1);
}

function kindOf(value: string): number {
  const text = textOf(value);
  if (text !== null) return kindOfText(text);
  if (value === 'true' || value === 'false') return Kind.BOOLEAN;
  if (!isJsonNumber(value)) return Kind.OTHER;
  if (!SHORT_NUMBER.test(value)) return Kind.LONG_NUMBER;
  const number = Number(value);
  if (Number.isInteger(number) && !Object.is(number, -0) && /^-?\d+$/.test(value)) return Kind.INTEGER;
  return value.replace(/e.*$/i, '').replace(/\D/g, '').length <= 15 && Number.isFinite(number)
    ? Kind.NUMBER
    : Kind.LONG_NUMBER;
}

function kindOfText(text: string): number {
  if (text === '') return Kind.EMPTY_TEXT;
  if (isJsonNumber(text)) return Kind.NUMERIC_TEXT;
  if (RAW.test(text)) return Kind.RAW_TEXT;
  if (TIME.test(text)) return Kind.TEXT;
  const isPlain = /^\p{L}/u.test(text) && /\p{L}{2}/u.test(text);
  return isPlain && !EDGE_OR_SIGN.test(text) && !meansNone(text) ? Kind.TEXT : Kind.DOUBTFUL_TEXT;
}

/** Whether a member's name can be that of a column and come back as it was. */
function isColumnName(name: string): boolean {
  return (
    name !== '' &&
    name !== '__proto__' &&
    name.length <= NAME_MAX_CHARACTERS &&
    name === name.trim() &&
    !/[\r\n\t]/.test(name) &&
    !RAW.test(name)
  );
}
