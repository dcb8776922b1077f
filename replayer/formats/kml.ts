import { ROW_MAX_CHARACTERS, type Format } from './support/format.ts';
import type { Elements, ElementHandler } from './support/xml/elements.ts';
import { Placemark } from './support/xml/kml-placemark.ts';
import { KmlTrack, type TrackPart } from './support/xml/kml-track.ts';
import type { Attributes } from './support/xml/tags.ts';
import { XmlRows } from './support/xml/xml-row-list.ts';

const CONTAINERS = ['Document', 'Folder'];
const TIMES = ['TimeStamp', 'TimeSpan'];
const GEOMETRIES = ['Point', 'LineString', 'LinearRing'];
const TRACK_PARTS: readonly string[] = ['when', 'coord', 'angles'] satisfies TrackPart[];
/** Children of a placemark that become members. */
const MEMBERS = ['description', 'address', 'phoneNumber'];

/**
 * KML 2.2 with Google's extension.
 *
 * - A placemark with a point is a row. Its time is that of its `TimeStamp`, or the beginning of its `TimeSpan`.
 * - Each position of a `gx:Track` is a row, with the name of its placemark as `track`, and its values by their order: `bearing`
 *   (the first of `gx:angles`) and the lists of `ExtendedData`. In a `gx:MultiTrack` the second and later ones have `segment`.
 * - Placemarks and lines without times are plans, and skipped, unless the file has no time at all. Areas are skipped.
 *
 * The name of the folder of a placemark is its `track`.
 */
export default {
  name: 'kml',
  endings: ['.kml'],
  looksLike: (head) => /<(?:\w+:)?kml[\s>]/.test(head),
  async *rows(input, options) {
    const { xmlRows } = await import('./support/xml/xml-rows.ts');
    const rows = new XmlRows(options);
    yield* xmlRows(input, rows, (elements) => new KmlReader(elements, rows));
  },
} satisfies Format;

/** Makes rows of the elements of a KML file. */
class KmlReader implements ElementHandler {
  readonly known = new Set([
    ...['kml', 'Placemark', 'Track', 'MultiTrack', 'Polygon', 'MultiGeometry', 'ExtendedData', 'SchemaData'],
    ...['SimpleArrayData', 'SimpleData', 'Data', 'value', 'coordinates', 'begin', 'end', 'altitudeMode'],
    ...[...CONTAINERS, ...TIMES, ...GEOMETRIES, ...TRACK_PARTS],
  ]);
  readonly texts = new Set(['name', 'description', 'Snippet', 'address']);
  readonly #elements: Elements;
  readonly #rows: XmlRows;
  #place: Placemark | null = null;
  #track: KmlTrack | null = null;
  /** Names of the open folders, the innermost last. */
  #folders: string[] = [];
  /** The line and the attribute `name` of the element that was opened last. */
  #line = 1;
  #dataName = '';
  /** Whether the open part of a track is damaged, and whether there is text in it. */
  #isPartDamaged = false;
  #hasText = false;

  constructor(elements: Elements, rows: XmlRows) {
    this.#elements = elements;
    this.#rows = rows;
  }

  opened(name: string, attributes: Attributes): void {
    const { path, textBefore } = this.#elements;
    if (textBefore !== '') this.#hasText = true;
    this.#line = this.#elements.line;
    if (name === 'Placemark' || CONTAINERS.includes(name)) {
      const depth = this.#place?.depth ?? -1;
      if (this.#place) this.#finishPlace('The placemark is not closed before the next one begins.');
      if (depth !== -1) this.#elements.abandon(depth);
      if (name === 'Placemark') this.#newPlace(path.length - 1);
      else if (name === 'Folder') this.#folders.push('');
    } else if (name === 'Track') this.#newTrack(path.length);
    else if (TRACK_PARTS.includes(name) && !TIMES.includes(path.at(-2) ?? '')) this.#openPart();
    const dataName = attributes.get('name');
    if (dataName !== undefined) this.#dataName = dataName;
  }

  closed(name: string, text: string): void {
    const { path } = this.#elements;
    const parent = path.at(-1) ?? '';
    if (isTrackPart(name) && this.#track && path.length === this.#track.depth)
      this.#track.add(name, this.#line, this.#isPartDamaged ? null : text);
    else if (name === 'Track') this.#closeTrack();
    else if (name === 'Placemark') this.#finishPlace(null);
    else if (name === 'Folder') this.#folders.pop();
    else if (name === 'name' && parent === 'Folder') this.#folders[this.#folders.length - 1] = text;
    else if (name === 'value' && parent === 'SimpleArrayData') this.#track?.addToList(this.#dataName, text);
    else if (name === 'altitudeMode' && parent === 'Track' && this.#track) this.#track.mode = text;
    else if (this.#place) this.#closedInPlace(this.#place, name, parent, text);
  }

  lost(name: string): void {
    const { path, textBefore } = this.#elements;
    if (isTrackPart(name) && this.#track && path.length === this.#track.depth) {
      if (textBefore !== '' || this.#hasText) this.#track.addCut(name, this.#line);
    } else if (name === 'Track') this.#finishTrack();
    else if (name === 'Placemark') this.#finishPlace('The placemark is never closed.');
    else if (name === 'Folder') this.#folders.pop();
    else this.#damage(`Not XML: <${name}> is not closed.`);
  }

  stray(name: string): void {
    const isInPart = this.#track !== null && isTrackPart(this.#elements.path[this.#track.depth] ?? '');
    if (this.#track && isTrackPart(name) && !isInPart)
      this.#track.addEnd(name, this.#elements.line, this.#elements.textBefore);
    else if (this.#track && name === 'Track') this.#finishTrack();
    else if (name !== 'Placemark') this.#damage(`Not XML: </${name}> closes nothing.`);
    else if (this.#place) this.#finishPlace(null);
    else this.#rows.endOnly(this.#elements.line, "A placemark ends here whose beginning can't be read.");
  }

  damaged(problem: string): void {
    this.#damage(problem);
  }

  unclosed(problem: string): void {
    if (this.#place && !this.#track) this.#damage(problem);
    else this.#rows.refuse(this.#elements.line, problem);
  }

  /** Damage within a track is that of the part which is open. */
  #damage(problem: string): void {
    if (this.#track) this.#isPartDamaged = true;
    else if (this.#place) this.#place.problem ??= problem;
  }

  #closedInPlace(place: Placemark, name: string, parent: string, text: string): void {
    const isOwn = this.#elements.path.length === place.depth + 1;
    if (isOwn && name === 'name') place.name = text;
    else if (isOwn && MEMBERS.includes(name)) place.add(name, text);
    else if (TIMES.includes(parent) && this.#elements.path.length === place.depth + 2) {
      if (name === 'end') place.end = text;
      else place.time = text;
    } else if (name === 'altitudeMode') place.altitudeMode = text;
    else if (name === 'SimpleData' || (name === 'value' && parent === 'Data'))
      place.add(this.#dataName, text);
    else if (name === 'coordinates' && GEOMETRIES.includes(parent)) {
      if (text.length > ROW_MAX_CHARACTERS)
        place.problem ??= 'The coordinates are longer than 1,000,000 characters.';
      else place.addGeometry(parent, text);
    }
  }

  #newPlace(depth: number): Placemark {
    this.#place = new Placemark(this.#line, depth);
    this.#place.folder = this.#folders.findLast((folder) => folder !== '') ?? '';
    return this.#place;
  }

  #newTrack(depth: number): KmlTrack {
    this.#finishTrack();
    // Without a placemark, its tag is lost.
    const place = this.#place ?? this.#newPlace(-1);
    place.tracks++;
    this.#track = new KmlTrack(depth, this.#rows, () => place.trackMembers());
    return this.#track;
  }

  /** A part of a track begins. What stands open in the track was never closed; without a track, its tag is lost. */
  #openPart(): void {
    const { path } = this.#elements;
    const { depth } = this.#track ?? this.#newTrack(path.length - 1);
    for (const name of path.slice(depth, -1))
      if (isTrackPart(name) && this.#hasText) this.#track!.addCut(name, this.#line);
    this.#isPartDamaged = this.#hasText = false;
    if (path.length - 1 > depth) this.#elements.abandon(depth);
  }

  /** A track whose times wait for positions may not be at its end: a tag is damaged, or the positions are missing. */
  #closeTrack(): void {
    if (this.#track?.isHalf && this.#place?.depth !== -1) this.#track.depth = this.#elements.path.length;
    else this.#finishTrack();
  }

  #finishTrack(): void {
    this.#track?.finish(this.#elements.line);
    this.#track = null;
  }

  #finishPlace(problem: string | null): void {
    this.#finishTrack();
    this.#place?.finish(this.#rows, problem);
    this.#place = null;
  }
}

function isTrackPart(name: string): name is TrackPart {
  return TRACK_PARTS.includes(name);
}
