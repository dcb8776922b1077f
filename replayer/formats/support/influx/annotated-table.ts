import Papa from 'papaparse';
import { jsonOfCell } from '../cells.ts';
import { badRow, skippedRow, type Row } from '../format.ts';
import { objectOf } from '../json-text.ts';
import { seriesKey } from './line-protocol.ts';

const ANNOTATION = /^#(datatype|group|default|constant|timezone|concat)(?:([ ,])|$)/;
/** Columns of a group key that say which rows were asked for, and not what the rows are about. */
const NOT_SUBJECT = new Set(['_start', '_stop', '_time', 'result', 'table', '_measurement']);
const INTEGER = /^[+-]?\d{1,20}$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The cells of a line; null where a quote is never closed. */
function cellsOf(text: string): string[] | null {
  if (!text.includes('"')) return text.split(',');
  if (endsInQuotes(text)) return null;
  const { data } = Papa.parse<string[]>(text, { delimiter: ',', newline: '\r\n' });
  return data.length === 1 ? data[0]! : null;
}

/** Whether a text ends between quotes. */
export function endsInQuotes(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

/** Whether a line is an annotation. */
export const isAnnotation = (text: string) => ANNOTATION.test(text);

/** Reads the tables of annotated CSV line by line: annotations, a header, records, and a blank line behind a table. */
export class AnnotatedTables {
  readonly #rename: ReadonlyMap<string, string>;
  #types: string[] = [];
  #group: boolean[] = [];
  #defaults: string[] = [];
  #names: string[] | null = null;
  /** The header of the table before a blank line. */
  #before: string[] | null = null;
  /** 1 where the first column holds nothing but the annotations' names. */
  #first: 0 | 1 = 1;

  constructor(rename: ReadonlyMap<string, string>) {
    this.#rename = rename;
  }

  /** Whether a text is a record of the present table, as far as its cells tell. */
  isRecord(text: string): boolean {
    const cells = cellsOf(text);
    return cells !== null && cells.length === this.#names?.length && (this.#first === 0 || cells[0] === '');
  }

  /** The row of a record; null for every other line. */
  read(line: number, text: string): Row | null {
    if (text.trim() === '') {
      this.#before = this.#names ?? this.#before;
      this.#names = null;
      return null;
    }
    const cells = cellsOf(text);
    if (!cells) return badRow(line, 'A quote is never closed.', text);
    const [, annotation, separator = ','] = ANNOTATION.exec(text) ?? [];
    if (annotation !== undefined) return this.#annotate(line, annotation, separator, cells);
    return this.#names ? this.#record(line, text, cells, this.#names) : this.#header(line, text, cells);
  }

  #header(line: number, text: string, cells: string[]): Row | null {
    if (this.#first && cells[0] !== '')
      return badRow(line, 'Neither an annotation nor a header: the first column must be empty.', text);
    const before = this.#before;
    const same = cells.filter((cell, i) => cell === before?.[i]).length;
    // Without annotations of its own a table has the columns of the one before; else a blank line stands inside a table.
    if (before && (cells.length !== before.length || same < before.length / 2)) {
      this.#names = before;
      return this.#record(line, text, cells, before);
    }
    this.#names = cells;
    return null;
  }

  #annotate(line: number, annotation: string, separator: string, cells: string[]): Row | null {
    if (this.#names || this.#before) [this.#types, this.#group, this.#defaults] = [[], [], []];
    this.#names = this.#before = null;
    // `influx write` knows annotations whose first column holds a value, too: "#datatype measurement,tag,double".
    this.#first = separator === ',' ? 1 : 0;
    const values = this.#first ? cells : [cells[0]!.replace(/^#\w+ ?/, ''), ...cells.slice(1)];
    if (annotation === 'datatype') this.#types = values.map((type) => type.replace(/[|:](?!RFC).*$/, ''));
    else if (annotation === 'group') this.#group = values.map((value) => value === 'true');
    else if (annotation === 'default') this.#defaults = values;
    else return skippedRow(line, `an annotation #${annotation}`);
    return null;
  }

  #record(line: number, text: string, cells: string[], names: string[]): Row {
    if (cells.length !== names.length)
      return badRow(line, `${cells.length} cells where the header has ${names.length}.`, text);
    if (this.#first && cells[0] !== '')
      return badRow(line, 'The first column is for annotations and holds a value.', text);
    const value = (name: string) => cells[names.indexOf(name)] ?? '';
    if (names.slice(this.#first).every((name) => name === 'error' || name === 'reference'))
      return badRow(
        line,
        `The query failed: ${value('error')} (${value('reference') || 'no reference'}).`,
        text,
      );
    const members: [string, string][] = [];
    const key: [string, string][] = [];
    let absent = 0;
    for (let i = this.#first; i < names.length; i++) {
      const cell = cells[i] === '' ? (this.#defaults[i] ?? '') : cells[i]!;
      if (cell === '') continue;
      const name = names[i] === '' ? `column_${i + 1 - this.#first}` : names[i]!;
      const json = jsonOf(cell, this.#types[i] ?? '');
      if (json === undefined)
        return badRow(line, `"${cell.slice(0, 40)}" in column ${name} is not a ${this.#types[i]}.`, text);
      if (json === null) absent++;
      else members.push([name, json]);
      if (this.#isKey(i) && !NOT_SUBJECT.has(name)) key.push([name, cell]);
    }
    const measurement = value('_measurement');
    const subject = key.length === 0 && measurement === '' ? undefined : subjectOf(measurement, key);
    return {
      line,
      ...objectOf(members, this.#rename),
      ...(subject !== undefined && { subject }),
      ...(absent > 0 && { absent }),
    };
  }

  #isKey(column: number): boolean {
    const type = this.#types[column];
    return this.#group[column] === true || type === 'tag';
  }
}

const subjectOf = (measurement: string, key: [string, string][]) =>
  measurement === '' ? seriesKey('', key).slice(1) : seriesKey(measurement, key);

/** A cell as JSON, by its column's type; null: it stands for no value; undefined: it is not of the type. */
function jsonOf(cell: string, type: string): string | null | undefined {
  switch (type) {
    case 'long':
    case 'unsignedLong':
      return INTEGER.test(cell) ? String(BigInt(cell.replace('+', ''))) : undefined;
    case 'double':
      if (NUMBER.test(cell)) return cell;
      if (/^[+-]?(?:nan|inf(?:inity)?)$/i.test(cell)) return null;
      return Number.isFinite(Number(cell)) && cell.trim() !== '' ? String(Number(cell)) : undefined;
    case 'boolean':
      return /^(?:t|true|y|yes|1)$/i.test(cell)
        ? 'true'
        : /^(?:f|false|n|no|0)$/i.test(cell)
          ? 'false'
          : undefined;
    case 'dateTime':
    case 'time':
      return jsonOfCell(cell);
    case '':
    case 'field':
      return jsonOfCell(cell);
    default:
      return /^dateTime/.test(type) && Number.isNaN(Date.parse(cell)) ? undefined : JSON.stringify(cell);
  }
}
