import { isoTime } from '../../core/wire/event.ts';
import { lineRows } from './support/lines.ts';
import { objectOf } from './support/json-text.ts';
import { jsonOfCell } from './support/cells.ts';
import { badRow, type Format, type FormatOptions, type Row } from './support/format.ts';

const DAY_MS = 86_400_000;
/** A clock that steps back by more than this has passed midnight; a smaller step means that the clock was set. */
const ROLLOVER_MS = DAY_MS / 2;
const FIX =
  /^B(\d{2})(\d{2})(\d{2})(\d{2})(\d{5})([NS])(\d{3})(\d{5})([EW])([AV])(-\d{4}|\d{5})(-\d{4}|\d{5})/;
const DATE = /^H.DTE(?:DATE)?\s*:?\s*(\d{2})(\d{2})(\d{2})/;
const PILOT = /^H.PLT[^:]*:\s*(.*?)\s*$/;
/** Codes of extension fields -> our names. Other codes become lower-case names. */
const NAMES: { [code: string]: string } = { FXA: 'accuracy', SIU: 'satellites', TAS: 'true_air_speed' };

/** A field that the file adds to each B record: its three-letter code and its columns, `from` to before `to`. */
interface Extension {
  code: string;
  from: number;
  to: number;
}

/**
 * IGC flight recordings: one row for each fix (B record). The header gives the date, and midnight advances it.
 * `elevation` is the GNSS altitude, or the pressure altitude where the fix has no GNSS altitude. The pilot is the subject.
 */
export default {
  name: 'igc',
  endings: ['.igc'],
  looksLike: (head) =>
    /^A[\dA-Z]{3}/.test(head) && /^[BH]\w/m.test(head) && !/^A[^\n]*[,;\t|]\S+[,;\t|]/.test(head),
  async *rows(input, options) {
    const reader = new IgcReader(options);
    yield* lineRows(input, (line, text) => {
      const row = reader.read(line, text);
      return row ? [row] : [];
    });
  },
} satisfies Format;

/** Reads the lines of one file in order, and keeps what the header said. */
class IgcReader {
  readonly #options: FormatOptions;
  #extensions: Extension[] = [];
  #pilot = '';
  /** Midnight (UTC) of the present fix's day, epoch ms; NaN until the header has named a date. */
  #dayMs = NaN;
  #clockMs = 0;

  constructor(options: FormatOptions) {
    this.#options = options;
  }

  /** The row of a B record; null for every other record. */
  read(line: number, text: string): Row | null {
    if (text.startsWith('B')) return this.#fix(line, text);
    if (text.startsWith('I')) this.#extensions = extensionsOf(text);
    const [, day, month, year] = DATE.exec(text) ?? [];
    // Years have two digits, and no flight recorder is older than 1980.
    if (year) {
      this.#dayMs = Date.UTC(
        (Number(year) < 80 ? 2000 : 1900) + Number(year),
        Number(month) - 1,
        Number(day),
      );
      this.#clockMs = 0;
    }
    this.#pilot = PILOT.exec(text)?.[1] ?? this.#pilot;
    return null;
  }

  #fix(line: number, text: string): Row {
    const found = FIX.exec(text);
    if (!found) return badRow(line, 'Not a B record: time, latitude, longitude, altitudes.', text);
    if (Number.isNaN(this.#dayMs)) return badRow(line, 'The file names no date before it (HFDTE).', text);
    const [, hour, minute, second, latDegrees, latMinutes, northSouth] = found;
    const [lonDegrees, lonMinutes, eastWest, validity, pressure, gnss] = found.slice(7);
    const more = new Map(this.#extensions.map(({ code, from, to }) => [code, text.slice(from, to).trim()]));
    if (validity === 'V' && !/[1-9]/.test(latDegrees! + latMinutes! + lonDegrees! + lonMinutes!))
      return badRow(line, 'The recorder had no position.', text);
    const latitude = degrees(latDegrees!, latMinutes!, more.get('LAD'), northSouth === 'S');
    const longitude = degrees(lonDegrees!, lonMinutes!, more.get('LOD'), eastWest === 'W');
    const fraction = /^\d+$/.test(more.get('TDS') ?? '') ? Number(`0.${more.get('TDS')}`) : 0;
    const clockMs = (Number(hour) * 3600 + Number(minute) * 60 + Number(second) + fraction) * 1000;
    if (clockMs < this.#clockMs - ROLLOVER_MS) this.#dayMs += DAY_MS;
    this.#clockMs = clockMs;
    const hasGnss = validity === 'A' && Number(gnss) !== 0;
    const members: [string, string][] = [
      ['time', JSON.stringify(isoTime(this.#dayMs + clockMs))],
      ['latitude', latitude],
      ['longitude', longitude],
      ['elevation', String(Number(hasGnss ? gnss : pressure))],
      ['pressure_altitude', String(Number(pressure))],
      ['gnss_altitude', String(Number(gnss))],
      ['validity', JSON.stringify(validity)],
    ];
    for (const [code, value] of more) {
      if (['LAD', 'LOD', 'TDS'].includes(code) || value === '') continue;
      members.push([
        NAMES[code] ?? code.toLowerCase(),
        /^\d+$/.test(value) ? String(Number(value)) : jsonOfCell(value),
      ]);
    }
    if (this.#pilot !== '') members.push(['pilot', JSON.stringify(this.#pilot)]);
    return { line, ...objectOf(members, this.#options.rename) };
  }
}

/** Extensions that an I record declares: their number, then for each its first and last column (from 1) and its code. */
function extensionsOf(text: string): Extension[] {
  return [...text.slice(3).matchAll(/(\d{2})(\d{2})([A-Z]{3})/g)].map(([, from, to, code]) => ({
    code: code!,
    from: Number(from) - 1,
    to: Number(to),
  }));
}

/** Degrees as a JSON number, from whole degrees, minutes in thousandths, and the recorder's further digits if any. */
function degrees(whole: string, minutes: string, digits: string | undefined, negative: boolean): string {
  const further = /^\d+$/.test(digits ?? '') ? digits! : '';
  const value = Number(whole) + Number(`${minutes.slice(0, 2)}.${minutes.slice(2)}${further}`) / 60;
  return String(Number((negative ? -value : value).toFixed(7 + further.length)));
}
