import { isoTime } from '../../core/wire/event.ts';
import { decimalJson } from './support/xml/decimal.ts';
import { badRow, type Format, type FormatOptions, type Row } from './support/format.ts';
import { objectOf } from './support/json-text.ts';
import { lineRows } from './support/lines.ts';

const DAY_MS = 86_400_000;
/** Day 0 of the day numbers (1899-12-30), epoch ms. */
const DAY_0_MS = Date.UTC(1899, 11, 30);
const HEADER_LINES = 6;
const METRES_PER_FOOT = 0.3048;
/** The altitude of a fix without one. */
const NO_ALTITUDE = -777;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

/**
 * Tracks of GeoLife and OziExplorer (`.plt`): a header of six lines, then a fix a line: latitude, longitude, whether a segment
 * begins (OziExplorer), altitude in feet (-777: none), days since 1899-12-30, date and time of day (UTC). `elevation` is in
 * metres. The day number tells the time to the millisecond; where it is not that of the date and time, these count.
 */
export default {
  name: 'plt',
  endings: ['.plt'],
  looksLike: (head) => /^(?:Geolife trajectory|OziExplorer Track Point File)/i.test(head),
  async *rows(input, options) {
    const reader = new PltReader(options);
    yield* lineRows(input, (line, text) => reader.read(line, text));
  },
} satisfies Format;

/** Reads the lines of one file in order, and keeps what the header says. */
class PltReader {
  readonly #options: FormatOptions;
  #metresPerUnit = METRES_PER_FOOT;
  #track = '';
  #datum = '';
  #segment = 0;

  constructor(options: FormatOptions) {
    this.#options = options;
  }

  /** The row of a fix; none for a line of the header and for a blank line. */
  read(line: number, text: string): Row[] {
    const cells = text.split(',').map((cell) => cell.trim());
    const isFix = cells.length >= 5 && NUMBER.test(cells[0]!) && NUMBER.test(cells[1]!);
    if (line <= HEADER_LINES && !(isFix && NUMBER.test(cells[4]!) && NUMBER.test(cells[3]!))) {
      this.#readHeader(line, text, cells);
      return [];
    }
    if (text.trim() === '') return [];
    return [
      isFix
        ? this.#fix(line, text, cells)
        : badRow(line, 'Not a fix: latitude, longitude, 0, altitude, day.', text),
    ];
  }

  #readHeader(line: number, text: string, cells: string[]): void {
    if (line === 2 && !/^\s*WGS ?84\s*$/i.test(text)) this.#datum = text.trim();
    if (/altitude is in met/i.test(text)) this.#metresPerUnit = 1;
    // GeoLife calls every track "My Track".
    if (line === 5 && cells.length > 3 && cells[3] !== 'My Track') this.#track = cells[3]!;
  }

  #fix(line: number, text: string, cells: string[]): Row {
    const [latitude, longitude, begins, altitude = '', day = '', date = '', clock = ''] = cells;
    const timeMs = timeOf(day, date, clock);
    if (Number.isNaN(timeMs))
      return badRow(line, 'The fix has no time: neither a day number nor a date.', text);
    if (begins === '1' || this.#segment === 0) this.#segment++;
    const members: [string, string][] = [
      ['time', JSON.stringify(isoTime(timeMs))],
      ['latitude', decimalJson(latitude!)],
      ['longitude', decimalJson(longitude!)],
    ];
    const hasAltitude = NUMBER.test(altitude) && Number(altitude) !== NO_ALTITUDE;
    if (hasAltitude)
      members.push(['elevation', String(Number((Number(altitude) * this.#metresPerUnit).toFixed(3)))]);
    if (this.#track !== '') members.push(['track', JSON.stringify(this.#track)]);
    if (this.#segment > 1) members.push(['segment', String(this.#segment)]);
    if (this.#datum !== '') members.push(['datum', JSON.stringify(this.#datum)]);
    return { line, ...objectOf(members, this.#options.rename), ...(hasAltitude ? {} : { absent: 1 }) };
  }
}

/** The time of a fix, epoch ms; NaN for none. A day number that lies in the second of date and time adds its fraction. */
function timeOf(day: string, date: string, clock: string): number {
  const dayMs = NUMBER.test(day) && Number(day) > 0 ? Math.round(DAY_0_MS + Number(day) * DAY_MS) : NaN;
  const secondMs =
    /^\d{4}-\d\d-\d\d$/.test(date) && /^\d\d:\d\d:\d\d$/.test(clock) ? Date.parse(`${date}T${clock}Z`) : NaN;
  if (Number.isNaN(secondMs)) return dayMs;
  return dayMs >= secondMs && dayMs < secondMs + 1_000 ? dayMs : secondMs;
}
