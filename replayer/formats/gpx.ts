import type { SaxesAttributePlain, SaxesParser, SaxesTagPlain } from 'saxes';
import { objectOf } from './support/json-text.ts';
import { jsonOfCell } from './support/cells.ts';
import { badRow, ROW_MAX_CHARACTERS, type Format, type FormatOptions, type Row } from './support/format.ts';

/** Element and attribute names of GPX and common extensions -> our names. All others keep their names. */
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
 * GPX 1.0 and 1.1: one row for each point of all tracks, with the name of its track and, from the second segment on, the
 * number of its segment. Extension elements become members under their local names. Routes and waypoints are skipped:
 * they hold plans, not recordings.
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

/** A track point whose element is still open. */
interface Point {
  line: number;
  members: Map<string, string>;
  problem: string | null;
}

/** Turns parser events into rows, and restarts the parser where broken XML would swallow the rest of the file. */
class GpxReader {
  readonly #options: FormatOptions;
  readonly #newParser: (fragment: boolean) => SaxesParser;
  #parser: SaxesParser;
  #rows: Row[] = [];
  #point: Point | null = null;
  /** Local names of the open elements, outermost first, starting at the track. */
  #open: string[] = [];
  #text = '';
  #tracks = 0;
  #track = '';
  #segment = 0;
  /** Lines read before the present parser was started. */
  #linesBefore = 0;
  /** Characters since the parser last reported an event. */
  #silent = 0;
  /** Not null while looking for the next track or point after broken XML: the text kept from the last piece. */
  #searching: string | null = null;

  constructor(newParser: (fragment: boolean) => SaxesParser, options: FormatOptions) {
    this.#newParser = newParser;
    this.#options = options;
    this.#parser = this.#connectedParser(false);
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
    if (this.#point) this.#finish('The file ends inside this point.');
    return this.#rows.splice(0);
  }

  #connectedParser(fragment: boolean): SaxesParser {
    const parser = this.#newParser(fragment);
    parser.on('opentag', (tag) => this.#opened(tag));
    parser.on('closetag', (tag) => this.#closed(local(tag.name)));
    parser.on('attribute', () => (this.#silent = 0));
    parser.on('text', (text) => this.#addText(text));
    parser.on('cdata', (text) => this.#addText(text));
    parser.on('error', (error) => this.#noteError(error.message));
    return parser;
  }

  get #line(): number {
    return this.#linesBefore + this.#parser.line;
  }

  #addText(text: string): void {
    this.#silent = 0;
    // Bounded, because the element may never be closed.
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
      if (this.#point) this.#finish('The point is not closed before the next one begins.');
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

  /** An error inside a point belongs to that point. Outside of points, tags that do not match do no harm. */
  #noteError(message: string): void {
    const problem = `Not XML: ${message.replace(/^\d+:\d+: /, '')}`;
    if (this.#point) this.#point.problem ??= problem;
    else if (!/unmatched closing tag|unclosed tag|text data outside/i.test(message)) {
      if (this.#rows.at(-1)?.line !== this.#line) this.#rows.push(badRow(this.#line, problem, ''));
    }
  }

  /** A comment, quote or tag that is never closed has swallowed a million characters: go on at the next point. */
  #giveUp(): void {
    const line = this.#point?.line ?? this.#line;
    const problem = 'The row is longer than 1,000,000 characters; is a tag or a comment never closed?';
    this.#point = null;
    this.#rows.push(badRow(line, problem, this.#text));
    this.#linesBefore = this.#line - 1;
    this.#parser = this.#connectedParser(true);
    this.#text = '';
    this.#silent = 0;
    this.#searching = '';
  }

  /** Skips the text before the next track, segment or point; returns the text from there on. */
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
