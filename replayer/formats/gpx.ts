import type { Format } from './support/format.ts';
import type { Elements, ElementHandler } from './support/xml/elements.ts';
import type { Attributes } from './support/xml/tags.ts';
import { XmlRows } from './support/xml/open-row.ts';
import { decimalJson, textJson } from './support/xml/values.ts';

/** Element and attribute names of GPX and common extensions -> our names, for numbers. All others keep their names. */
const NUMBERS: { [name: string]: string } = {
  lat: 'latitude',
  lon: 'longitude',
  ele: 'elevation',
  speed: 'speed_meters_per_second',
  course: 'bearing',
  hr: 'heart_rate',
  cad: 'cadence',
  atemp: 'air_temperature',
  PowerInWatts: 'power',
};
/** The elements of points: what kind of point it is, for all but the points of tracks, and what it is without a time. */
const POINTS: { [name: string]: { kind: string | null; plan: string | null } } = {
  trkpt: { kind: null, plan: null },
  rtept: { kind: 'route_point', plan: 'a point of a route without a time' },
  wpt: { kind: 'waypoint', plan: 'a waypoint without a time' },
};
/** Elements that hold points. */
const PARENTS = ['gpx', 'trk', 'trkseg', 'rte'];

/**
 * GPX 1.0 and 1.1: one row for each point.
 *
 * - A point of a track has the name of its track and, from the second segment on, the number of its segment.
 * - A point of a route has `kind` "route_point" and the name of its route, a waypoint has `kind` "waypoint". They hold plans
 *   where they have no time: then they are skipped, unless no point of the file has one.
 * - Extension elements become members under their local names.
 */
export default {
  name: 'gpx',
  endings: ['.gpx'],
  looksLike: (head) => /^\s*<(?:\?xml|!--|gpx)/.test(head) && /<(?:\w+:)?gpx[\s>]/.test(head),
  async *rows(input, options) {
    const { xmlRows } = await import('./support/xml/xml-rows.ts');
    const rows = new XmlRows(options);
    yield* xmlRows(input, rows, (elements) => new GpxReader(elements, rows));
  },
} satisfies Format;

/** Makes rows of the elements of a GPX file. */
class GpxReader implements ElementHandler {
  readonly known = new Set([...PARENTS, ...Object.keys(POINTS), 'ele', 'time', 'extensions']);
  readonly texts = new Set(['name', 'cmt', 'desc', 'src']);
  readonly #elements: Elements;
  readonly #rows: XmlRows;
  /** The element of the open point, and how many elements it lies in. */
  #point = '';
  #depth = 0;
  #tracks = 0;
  #track = '';
  #segment = 0;
  #route = '';

  constructor(elements: Elements, rows: XmlRows) {
    this.#elements = elements;
    this.#rows = rows;
  }

  opened(name: string, attributes: Attributes): void {
    if (Object.hasOwn(POINTS, name)) this.#begin(name, attributes);
    else if (this.#rows.isOpen) {
      if (PARENTS.includes(name)) this.#rows.damage(`Not XML: <${name}> within a point.`);
    } else if (name === 'trk') this.#newTrack();
    else if (name === 'rte') this.#route = '';
    else if (name === 'trkseg') {
      // The tag of its track is lost; its points do not belong to the track before it.
      if (!this.#elements.path.includes('trk')) this.#newTrack();
      this.#segment++;
    }
  }

  closed(name: string, text: string): void {
    const { path } = this.#elements;
    if (!this.#rows.isOpen) {
      if (name !== 'name') return;
      if (path.at(-1) === 'trk') this.#track = text;
      else if (path.at(-1) === 'rte') this.#route = text;
    } else if (name === this.#point && path.length === this.#depth) this.#finish(null);
    else if (text !== '') this.#add(name, text);
  }

  lost(name: string): void {
    if (!this.#rows.isOpen) return;
    if (this.#elements.path.length === this.#depth) this.#finish('The point is never closed.');
    else this.#rows.damage(`Not XML: <${name}> is not closed.`);
  }

  stray(name: string): void {
    if (this.#rows.isOpen) this.#rows.damage(`Not XML: </${name}> closes nothing.`);
    else if (Object.hasOwn(POINTS, name))
      this.#rows.endOnly(this.#elements.line, `A point (${name}) ends here whose beginning can't be read.`);
  }

  damaged(problem: string): void {
    this.#rows.damage(problem);
  }

  unclosed(problem: string): void {
    if (this.#rows.isOpen) this.#rows.damage(problem);
    else this.#rows.refuse(this.#elements.line, problem);
  }

  #newTrack(): void {
    this.#tracks++;
    this.#track = '';
    this.#segment = 0;
  }

  #begin(name: string, attributes: Attributes): void {
    if (this.#rows.isOpen) {
      // Without a place it is not another point: a closing tag may have lost its slash.
      if (attributes.size === 0) return this.#rows.damage(`Not XML: <${name}> within a point.`);
      this.#finish('The point is not closed before the next one begins.');
      this.#elements.abandon(this.#depth);
    }
    this.#point = name;
    this.#depth = this.#elements.path.length - 1;
    this.#rows.begin(this.#elements.line, POINTS[name]!.plan);
    for (const [attribute, value] of attributes) this.#add(attribute, value);
  }

  #add(name: string, text: string): void {
    if (Object.hasOwn(NUMBERS, name)) this.#rows.add(NUMBERS[name]!, decimalJson(text));
    else this.#rows.add(name, textJson(text));
  }

  #finish(problem: string | null): void {
    const { kind } = POINTS[this.#point]!;
    if (kind !== null) this.#rows.add('kind', JSON.stringify(kind));
    if (this.#point === 'rtept' && this.#route !== '') this.#rows.add('route', JSON.stringify(this.#route));
    if (this.#point === 'trkpt') {
      const track = this.#track || (this.#tracks > 1 ? `track ${this.#tracks}` : '');
      if (track !== '') this.#rows.add('track', JSON.stringify(track));
      if (this.#segment > 1) this.#rows.add('segment', String(this.#segment));
    }
    this.#rows.finish(problem);
  }
}
