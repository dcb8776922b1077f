import { jsonOfCell } from './support/cells.ts';
import type { Format } from './support/format.ts';
import { decimalJson } from './support/xml/decimal.ts';
import type { Elements } from './support/xml/elements.ts';
import { RowElements } from './support/xml/row-elements.ts';
import type { Attributes } from './support/xml/tags.ts';
import { XmlRows } from './support/xml/xml-row-list.ts';

/** Element names of TCX and its activity extension -> our names, for numbers. Others keep their names. */
const NUMBERS: { [name: string]: string } = {
  LatitudeDegrees: 'latitude',
  LongitudeDegrees: 'longitude',
  AltitudeMeters: 'elevation',
  DistanceMeters: 'distance_meters',
  HeartRateBpm: 'heart_rate',
  Cadence: 'cadence',
  RunCadence: 'cadence',
  Speed: 'speed_meters_per_second',
  Watts: 'power',
};
const TEXTS: { [name: string]: string } = { Time: 'time', Name: 'name', Notes: 'notes' };
/** Where points go that have no position: those of a treadmill, or under a bridge. */
const CHANNEL_WITHOUT_POSITION = 'workout';

/**
 * Training Center XML (TCX): one row for each `Trackpoint` of the activities and courses, and for each `CoursePoint`. A row has
 * the sport and the id of its activity and the number of its lap, or the name of its course. A row without a position goes to
 * the channel "workout". Summaries of laps are not read.
 */
export default {
  name: 'tcx',
  endings: ['.tcx'],
  looksLike: (head) => /<(?:\w+:)?TrainingCenterDatabase[\s>]/.test(head),
  async *rows(input, options) {
    const { xmlRows } = await import('./support/xml/xml-rows.ts');
    const rows = new XmlRows(options, CHANNEL_WITHOUT_POSITION);
    yield* xmlRows(input, rows, (elements) => new TcxReader(elements, rows));
  },
} satisfies Format;

/** Makes rows of the elements of a TCX file. */
class TcxReader extends RowElements {
  readonly texts = new Set(['Notes', 'Name']);
  /** Members that all rows of an activity or course share: name -> JSON. */
  #shared = new Map<string, string>();
  #lap = 0;

  constructor(elements: Elements, rows: XmlRows) {
    const parents = ['TrainingCenterDatabase', 'Activities', 'Activity', 'Courses', 'Course', 'Lap', 'Track'];
    super(elements, rows, ['Trackpoint', 'CoursePoint'], parents, [
      ...Object.keys(NUMBERS),
      'Time',
      'Position',
      'Extensions',
    ]);
  }

  protected begin(name: string): void {
    this.rows.begin(this.elements.line, false, null);
    if (name === 'CoursePoint') this.rows.add('kind', '"course_point"');
  }

  protected child(name: string, text: string): void {
    const element = name === 'Value' ? this.elements.path.at(-1)! : name;
    if (Object.hasOwn(NUMBERS, element)) this.rows.add(NUMBERS[element]!, decimalJson(text));
    else this.rows.add(TEXTS[element] ?? element, jsonOfCell(text));
  }

  protected complete(): void {
    for (const [name, json] of this.#shared) this.rows.add(name, json);
    if (this.#lap > 0) this.rows.add('lap', String(this.#lap));
  }

  protected outsideOpened(name: string, attributes: Attributes): void {
    if (name === 'Lap') this.#lap++;
    if (name !== 'Activity' && name !== 'Course') return;
    this.#shared = new Map();
    this.#lap = 0;
    const sport = attributes.get('Sport');
    if (sport) this.#shared.set('sport', JSON.stringify(sport));
  }

  protected outsideClosed(name: string, text: string): void {
    const parent = this.elements.path.at(-1);
    if (name === 'Id' && parent === 'Activity') this.#shared.set('activity', JSON.stringify(text));
    if (name === 'Name' && parent === 'Course') this.#shared.set('course', JSON.stringify(text));
  }
}
