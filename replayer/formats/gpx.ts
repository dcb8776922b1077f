import type { Format } from './support/format.ts';
import { jsonOfCell } from './support/cells.ts';
import type { Elements } from './support/xml/elements.ts';
import { decimalJson } from './support/xml/decimal.ts';
import { RowElements } from './support/xml/row-elements.ts';
import type { Attributes } from './support/xml/tags.ts';
import { XmlRows } from './support/xml/xml-row-list.ts';

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
class GpxReader extends RowElements {
  readonly texts = new Set(['name', 'cmt', 'desc', 'src']);
  /** The element of the open point. */
  #point = '';
  #tracks = 0;
  #track = '';
  #segment = 0;
  #route = '';

  constructor(elements: Elements, rows: XmlRows) {
    super(
      elements,
      rows,
      Object.keys(POINTS),
      ['gpx', 'trk', 'trkseg', 'rte'],
      ['ele', 'time', 'extensions'],
    );
  }

  protected begin(name: string, attributes: Attributes): void {
    this.#point = name;
    this.rows.begin(this.elements.line, attributes.size > 0, POINTS[name]!.plan);
    for (const [attribute, value] of attributes) this.child(attribute, value);
  }

  protected child(name: string, text: string): void {
    if (name === 'event' && this.rows.takeEvent(text)) return;
    if (Object.hasOwn(NUMBERS, name)) this.rows.add(NUMBERS[name]!, decimalJson(text));
    else this.rows.add(name, jsonOfCell(text));
  }

  protected complete(): void {
    const { kind } = POINTS[this.#point]!;
    if (kind !== null) this.rows.add('kind', JSON.stringify(kind));
    if (this.#point === 'rtept' && this.#route !== '') this.rows.add('route', JSON.stringify(this.#route));
    if (this.#point !== 'trkpt') return;
    const track = this.#track || (this.#tracks > 1 ? `track ${this.#tracks}` : '');
    if (track !== '') this.rows.add('track', JSON.stringify(track));
    if (this.#segment > 1) this.rows.add('segment', String(this.#segment));
  }

  protected outsideOpened(name: string): void {
    if (name === 'trk') this.#newTrack();
    else if (name === 'rte') this.#route = '';
    else if (name === 'trkseg') {
      // The tag of its track is lost; its points do not belong to the track before it.
      if (!this.elements.path.includes('trk')) this.#newTrack();
      this.#segment++;
    }
  }

  protected outsideClosed(name: string, text: string): void {
    if (name !== 'name') return;
    if (this.elements.path.at(-1) === 'trk') this.#track = text;
    else if (this.elements.path.at(-1) === 'rte') this.#route = text;
  }

  #newTrack(): void {
    this.#tracks++;
    this.#track = '';
    this.#segment = 0;
  }
}
