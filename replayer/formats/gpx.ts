import type { SaxesAttributePlain, SaxesParser, SaxesTagPlain } from 'saxes';
import { objectOf } from './support/json-text.ts';
import { jsonOfCell } from './support/cells.ts';
import { badRow, ROW_MAX_CHARACTERS, type Format, type FormatOptions, type Row } from './support/format.ts';

/** What GPX and the usual extensions call something, in our words. Everything else keeps its name. */
const NAMES: { [name: string]: string } = {
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

/**
 * GPX 1.0 and 1.1: the points of all tracks, each with the name of its track and, from the second segment on, the number
 * of its segment. Elements of extensions are members by their local name. Routes and waypoints are no recordings.
 */
export default {
  name: 'gpx',
  endings: ['.gpx'],
  looksLike: (head) => /^\s*<(?:\?xml|!--|gpx)/.test(head) && /<gpx[\s>]/.test(head),
  async *rows(input, options) {
    const { SaxesParser } = await import('saxes');
    const reader = new GpxReader((fragment) => new SaxesParser({ fragment }), options);
    for await (const piece of input.text()) {
      const rows = reader.push(piece);
      if (rows.length > 0) yield rows;
    }
    const rows = reader.end();
    if (rows.length > 0) yield rows;
  },
} satisfies Format;

/** A point that is being read. */
interface Point {
  line: number;
  members: Map<string, string>;
  problem: string | null;
}

class GpxReader {
  readonly #options: FormatOptions;
  readonly #newParser: (fragment: boolean) => SaxesParser;
  #parser: SaxesParser;
  #rows: Row[] = [];
  #point: Point | null = null;
  /** Local names of the elements that are open, from the track on. */
  #open: string[] = [];
  #text = '';
  #tracks = 0;
  #track = '';
  #segment = 0;
  /** Lines before those that the parser has seen. */
  #linesBefore = 0;
  /** Characters since the parser last found anything. */
  #silent = 0;
  /** After what the parser can't leave by itself: looking for the next track or point. */
  #searching: string | null = null;

  constructor(newParser: (fragment: boolean) => SaxesParser, options: FormatOptions) {
    this.#newParser = newParser;
    this.#options = options;
    this.#parser = this.#wired(false);
  }

  push(piece: string): Row[] {
    let text = piece;
    if (this.#searching !== null) text = this.#search(text);
    this.#silent += text.length;
    if (text !== '') this.#parser.write(text);
    if (this.#silent > ROW_MAX_CHARACTERS) this.#giveUp();
    return this.#rows.splice(0);
  }

  end(): Row[] {
    if (this.#searching === null) this.#parser.close();
    if (this.#point) this.#finish('The file ends within it.');
    return this.#rows.splice(0);
  }

  #wired(fragment: boolean): SaxesParser {
    const parser = this.#newParser(fragment);
    parser.on('opentag', (tag) => this.#opened(tag));
    parser.on('closetag', (tag) => this.#closed(local(tag.name)));
    parser.on('attribute', () => (this.#silent = 0));
    parser.on('text', (text) => this.#said(text));
    parser.on('cdata', (text) => this.#said(text));
    parser.on('error', (error) => this.#broken(error.message));
    return parser;
  }

  get #line(): number {
    return this.#linesBefore + this.#parser.line;
  }

  #said(text: string): void {
    this.#silent = 0;
    // Of an element that nobody closes only so much.
    if (this.#text.length < ROW_MAX_CHARACTERS) this.#text += text;
  }

  #opened({ name: full, attributes }: SaxesTagPlain): void {
    this.#silent = 0;
    this.#text = '';
    const name = local(full);
    if (name === 'trk') {
      this.#tracks++;
      this.#track = '';
      this.#segment = 0;
      this.#open = [];
    } else if (name === 'trkseg') this.#segment++;
    else if (name === 'trkpt') {
      if (this.#point) this.#finish('It is not closed before the next point.');
      this.#point = { line: this.#line, members: new Map(), problem: null };
      for (const [attribute, value] of Object.entries(attributes)) this.#add(attribute, attributeText(value));
      this.#open = [];
    }
    this.#open.push(name);
  }

  #closed(name: string): void {
    this.#silent = 0;
    const text = this.#text.trim();
    this.#text = '';
    if (name === 'trkpt' && this.#point) this.#finish(this.#point.problem);
    else if (this.#point && text !== '' && this.#open.at(-1) === name) this.#add(name, text);
    else if (name === 'name' && this.#open.at(-2) === 'trk') this.#track = text;
    const at = this.#open.lastIndexOf(name);
    if (at !== -1) this.#open.length = at;
  }

  #add(name: string, text: string): void {
    this.#point!.members.set(NAMES[name] ?? name, jsonOfCell(text));
  }

  #finish(problem: string | null): void {
    const { line, members } = this.#point!;
    this.#point = null;
    if (problem !== null) {
      this.#rows.push(
        badRow(line, problem, `<trkpt> ${[...members].map((pair) => pair.join(' ')).join(', ')}`),
      );
      return;
    }
    const track = this.#track || (this.#tracks > 1 ? `track ${this.#tracks}` : '');
    if (track !== '') members.set('track', JSON.stringify(track));
    if (this.#segment > 1) members.set('segment', String(this.#segment));
    this.#rows.push({ line, ...objectOf(members, this.#options.rename) });
  }

  /** What is wrong inside a point is the point's; outside, tags that do not match hurt nobody. */
  #broken(message: string): void {
    const problem = `Not XML: ${message.replace(/^\d+:\d+: /, '')}`;
    if (this.#point) this.#point.problem ??= problem;
    else if (!/unmatched closing tag|unclosed tag|text data outside/i.test(message)) {
      if (this.#rows.at(-1)?.line !== this.#line) this.#rows.push(badRow(this.#line, problem, ''));
    }
  }

  /** A comment, a quote or a word without an end has swallowed a million characters: on with the next point. */
  #giveUp(): void {
    const line = this.#point?.line ?? this.#line;
    const problem = 'The row is longer than 1,000,000 characters; is a tag or a comment never closed?';
    this.#point = null;
    this.#rows.push(badRow(line, problem, this.#text));
    this.#linesBefore = this.#line - 1;
    this.#parser = this.#wired(true);
    this.#text = '';
    this.#silent = 0;
    this.#searching = '';
  }

  /** Leaves out what is before the next track, segment or point. */
  #search(piece: string): string {
    const text = this.#searching! + piece;
    const at = text.search(/<trk(?:pt|seg)?[\s>]/);
    this.#searching = at === -1 ? text.slice(-8) : null;
    const passed = at === -1 ? text.slice(0, -8) : text.slice(0, at);
    this.#linesBefore += passed.split('\n').length - 1;
    return at === -1 ? '' : text.slice(at);
  }
}

const local = (name: string) => name.slice(name.indexOf(':') + 1);

const attributeText = (value: string | SaxesAttributePlain) =>
  (typeof value === 'string' ? value : value.value).trim();
