import { jsonOfCell } from '../cells.ts';
import { positionMembers } from './kml-position.ts';
import { isWrittenEvent, type XmlRows } from './xml-row-list.ts';

/** The list of a track that `convert` wrote which holds the events of its points as JSON. */
export const EVENTS = 'reprise:event';
/** The elements of a track that stand once for each of its points. */
export type TrackPart = 'when' | 'coord' | 'angles';

/** Times that can be kept until their positions come. */
const TIMES_MAX = 1_000_000;
/** Where times and positions alternate, so many points are read at once. */
const PAIRS_AT_ONCE = 10_000;
const NAMES: { [name: string]: string } = {
  heartrate: 'heart_rate',
  heartRate: 'heart_rate',
  hr: 'heart_rate',
};

/** A part as it stands in the file. `text` is null where it is damaged. */
interface Part {
  line: number;
  text: string | null;
  /** Set where its end was not found: a text that is not whole may be its rest. */
  isCut: boolean;
  /** How many times stand before it. */
  after: number;
}

/**
 * A `gx:Track` of KML: times, positions and angles, and lists of further values, each with one entry for each point. All times
 * may stand before all positions, or each before its own.
 */
export class KmlTrack {
  /** How many elements the parts lie in. */
  depth: number;
  mode = '';
  readonly #rows: XmlRows;
  readonly #members: () => Map<string, string>;
  #parts: { [part in TrackPart]: Part[] } = { when: [], coord: [], angles: [] };
  readonly #lists = new Map<string, string[]>();
  /** Whether times and positions alternate. */
  #alternates = false;
  /** Whether points were read before their lists could be known. */
  #isBegun = false;
  #tooMany = 0;

  /** @param members the members that all points share */
  constructor(depth: number, rows: XmlRows, members: () => Map<string, string>) {
    this.depth = depth;
    this.#rows = rows;
    this.#members = members;
  }

  /** Whether times still wait for their positions. */
  get isHalf(): boolean {
    return this.#parts.when.length > this.#parts.coord.length;
  }

  /** Adds a part that was closed; `text` is null where it is damaged. */
  add(part: TrackPart, line: number, text: string | null): void {
    const last = this.#parts[part].at(-1);
    if (last?.isCut && (text === null || !this.#isWhole(part, text))) last.isCut = false;
    else this.#push(part, line, text, false);
  }

  /** Adds a part that has no end. */
  addCut(part: TrackPart, line: number): void {
    this.#push(part, line, null, true);
  }

  /** Takes the end of a part whose beginning was not found, with the text before it: a part of its own, or a rest of the last. */
  addEnd(part: TrackPart, line: number, text: string): void {
    const last = this.#parts[part].at(-1);
    if (text === '' && (!last || last.text)) return;
    if (last && (!last.text || !this.#isWhole(part, text))) last.text = null;
    else this.#push(part, line, null, false);
  }

  /** Whether a text ends with a whole part, as far as the first part tells what that is. */
  #isWhole(part: TrackPart, text: string): boolean {
    if (part === 'when') return /\d{4}-\d\d-\d\dT\d\d:\d\d\S*$/.test(text);
    const first = this.#parts[part].find((each) => each.text)?.text ?? '';
    return text.split(/\s+/).length >= first.split(/\s+/).length;
  }

  #push(part: TrackPart, line: number, text: string | null, isCut: boolean): void {
    const { when, coord } = this.#parts;
    if (when.length >= TIMES_MAX || coord.length >= TIMES_MAX) {
      if (part === 'when') this.#tooMany++;
      return;
    }
    if (part === 'when' && coord.length > 0) {
      this.#alternates = true;
      if (coord.length >= PAIRS_AT_ONCE && coord[0]!.after > 0) {
        this.#flush();
        this.#isBegun = true;
      }
    }
    this.#parts[part].push({ line, text, isCut, after: this.#parts.when.length });
  }

  addToList(name: string, text: string): void {
    const list = this.#lists.get(name) ?? [];
    this.#lists.set(name, list);
    if (list.length < TIMES_MAX) list.push(text);
  }

  /** Reads the points at the end of the track. */
  finish(line: number): void {
    this.#flush();
    if (this.#tooMany > 0)
      this.#rows.refuse(
        line,
        `The track holds ${this.#tooMany} times more than the 1,000,000 that are read.`,
      );
    if (this.#isBegun && this.#lists.size > 0)
      this.#rows.refuse(line, `The track is too long for its lists: ${[...this.#lists.keys()].join(', ')}.`);
  }

  #flush(): void {
    const { when, coord, angles } = this.#parts;
    const places = this.#placesOf(when.length, coord);
    const lists = this.#listsFor(coord, angles);
    for (const [i, time] of when.entries()) {
      const place = places.get(i);
      if (place === undefined)
        this.#rows.refuse(time.line, `This time has no position: ${numbers(when, coord)}.`);
      else this.#point(time, coord[place]!, lists, place);
    }
    const paired = new Set(places.values());
    for (const [i, { line }] of coord.entries()) {
      if (!paired.has(i)) this.#rows.refuse(line, `This position has no time: ${numbers(when, coord)}.`);
    }
    this.#parts = { when: [], coord: [], angles: [] };
  }

  /** Index of a time -> index of its position. */
  #placesOf(times: number, coord: Part[]): Map<number, number> {
    const places = new Map<number, number>();
    // In a file that alternates, a missing position concerns its own time only.
    const first = coord[0]?.after === 0 ? 0 : 1;
    for (const [i, { after }] of coord.entries()) {
      const time = this.#alternates ? after - first : i;
      if (time < times && !places.has(time)) places.set(time, i);
    }
    return places;
  }

  #point(time: Part, place: Part, lists: Map<string, (string | null)[]>, index: number): void {
    if (!time.text || !place.text) {
      const what = [time.text ? '' : 'time', place.text ? '' : 'position'].filter(Boolean).join(' and ');
      this.#rows.refuse(time.line, `The ${what} of this point can't be read.`, `${time.text} ${place.text}`);
      return;
    }
    const event = lists.get(EVENTS)?.[index];
    if (event && isWrittenEvent(event)) {
      this.#rows.pushEvent(time.line, event);
      return;
    }
    const position = positionMembers(place.text.split(/[\s,]+/), this.mode);
    if (!position) {
      this.#rows.refuse(place.line, `Not a position: ${place.text.slice(0, 60)}.`, place.text);
      return;
    }
    const members = new Map([['time', JSON.stringify(time.text)], ...position, ...this.#members()]);
    for (const [name, list] of lists) {
      const value = list[index];
      if (value) members.set(NAMES[name] ?? name, jsonOfCell(value));
    }
    this.#rows.pushMembers(time.line, members);
  }

  /** The lists that have an entry for each position, with the bearings; the others are refused. */
  #listsFor(coord: Part[], angles: Part[]): Map<string, (string | null)[]> {
    const bearings = angles.map(({ text }) => text?.split(/\s+/)[0] ?? null);
    const all: [string, (string | null)[]][] = [['bearing', bearings]];
    if (!this.#isBegun) all.push(...this.#lists);
    return new Map(
      all.filter(([name, list]) => {
        if (list.length > 0 && list.length !== coord.length)
          this.#rows.refuse(
            angles[0]?.line ?? coord[0]?.line ?? 1,
            `The track has ${coord.length} positions and ${list.length} values of ${name}: these are left out.`,
          );
        return list.length === coord.length;
      }),
    );
  }
}

const numbers = (times: Part[], positions: Part[]) =>
  `the track has ${times.length} times and ${positions.length} positions`;
