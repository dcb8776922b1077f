import type { Data } from '../../../../core/wire/event.ts';
import { certain } from '../decision.ts';
import type { Layout, Row } from '../format.ts';
import { memberOf, OWN_COLUMNS, ownEvent } from '../own-columns.ts';
import { RowScanner } from './row-scanner.ts';

/** The last cell of the header of a CSV that `convert` wrote begins with this; what the columns hold follows as JSON. */
const TYPES = '@types ';
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * What the cells of a column hold. `text`: text as it stands; `json`: JSON. In all other columns a cell that JSON would
 * write as a number is that number, digit for digit, and any other is text. An empty cell is an absent member.
 */
export type ColumnType = 'text' | 'json';

/** The last cell of a header, which says what the columns hold that are not read by their looks. */
export function typesCell(types: ReadonlyMap<string, ColumnType>): string {
  return TYPES + JSON.stringify(Object.fromEntries(types));
}

/** Whether JSON would write a text as a number. */
export function isJsonNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** How a table is laid out that `convert` wrote with its types; null for any other table. */
export function ownLayout(head: string): Layout | null {
  if (!head.slice(0, head.indexOf('\n') + 1).includes(TYPES)) return null;
  const header = new RowScanner(head, { delimiter: ',' }, false).next();
  if (!header?.cells.at(-1)?.startsWith(TYPES)) return null;
  const because = 'the header is one of ours';
  return { delimiter: certain(',', because), header: certain(true, because) };
}

/** Turns the cells of a table that `convert` wrote into rows. */
export class OwnCellReader {
  readonly names: string[];
  readonly #columns: { place: number; member: string; type: ColumnType | undefined }[] = [];
  readonly #places: { [name in keyof typeof OWN_COLUMNS]: number };

  /** null unless the header's last cell says what the columns hold. @throws Error when that can't be read */
  static of(header: string[], rename: ReadonlyMap<string, string>): OwnCellReader | null {
    const last = header.at(-1)!;
    if (!last.startsWith(TYPES)) return null;
    return new OwnCellReader(header, JSON.parse(last.slice(TYPES.length)) as object, rename);
  }

  private constructor(header: string[], types: object, rename: ReadonlyMap<string, string>) {
    this.names = header;
    const typeOf = new Map(Object.entries(types) as [string, ColumnType][]);
    const own: string[] = Object.values(OWN_COLUMNS);
    for (const [place, column] of header.slice(0, -1).entries()) {
      if (own.includes(column)) continue;
      const member = memberOf(column);
      this.#columns.push({ place, member: rename.get(member) ?? member, type: typeOf.get(column) });
    }
    const { time, subject, channel, rest } = OWN_COLUMNS;
    this.#places = {
      time: header.indexOf(time),
      subject: header.indexOf(subject),
      channel: header.indexOf(channel),
      rest: header.indexOf(rest),
    };
  }

  /** A row's values, and the same as JSON text. @throws Error when a cell is not what its column holds */
  read(cells: readonly string[]): Omit<Row, 'line'> {
    let json = '';
    for (const { place, member, type } of this.#columns) {
      const cell = cells[place]!;
      if (cell === '') continue;
      const isText = type === 'text' || (type === undefined && !NUMBER.test(cell));
      json += `,${JSON.stringify(member)}:${isText ? JSON.stringify(cell) : cell}`;
    }
    const { time, subject, channel, rest } = this.#places;
    const more = (cells[rest] ?? '').trim().slice(1, -1);
    if (more !== '') json += `,${more}`;
    json = `{${json.slice(1)}}`;
    return {
      values: JSON.parse(json) as Data,
      json,
      ...ownEvent(cells[time], cells[subject], cells[channel]),
    };
  }
}
