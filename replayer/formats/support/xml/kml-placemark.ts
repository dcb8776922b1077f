import { jsonOfCell } from '../cells.ts';
import { positionMembers } from './kml-position.ts';
import type { XmlRows } from './xml-row-list.ts';

/** Why the positions of a line are not played where other rows have times. */
const LINE = 'a position of a line without a time of its own';

/** A placemark whose element is open, or was. */
export class Placemark {
  readonly line: number;
  /** How many elements it lies in; -1 where its own tag is lost. */
  readonly depth: number;
  name = '';
  folder = '';
  /** The time of `TimeStamp`, or the beginning of `TimeSpan`. */
  time = '';
  /** The end of `TimeSpan`. */
  end = '';
  altitudeMode = '';
  problem: string | null = null;
  /** How many of its tracks were read. */
  tracks = 0;
  readonly #data = new Map<string, string>();
  readonly #geometries: { kind: string; text: string }[] = [];

  constructor(line: number, depth: number) {
    this.line = line;
    this.depth = depth;
  }

  add(name: string, text: string): void {
    if (text !== '') this.#data.set(name, jsonOfCell(text));
  }

  addGeometry(kind: string, text: string): void {
    this.#geometries.push({ kind, text });
  }

  /** The members of each point of its tracks. */
  trackMembers(): Map<string, string> {
    const members = new Map(this.#data);
    const track = this.name || this.folder;
    if (track !== '') members.set('track', JSON.stringify(track));
    if (this.tracks > 1) members.set('segment', String(this.tracks));
    return members;
  }

  /** Adds its rows, but for those of its tracks. `problem`: why it is not whole. */
  finish(rows: XmlRows, problem: string | null): void {
    const wrong = this.problem ?? problem;
    const isTrack = this.tracks > 0 && this.#geometries.length === 0;
    if (isTrack) return;
    if (wrong !== null) {
      rows.refuse(this.line, wrong, [this.name, this.time].filter(Boolean).join(', '));
      return;
    }
    if (this.#geometries.length === 0)
      rows.pushMembers(this.line, this.#members(), 'a placemark without a time and a position');
    for (const geometry of this.#geometries) this.#finishGeometry(rows, geometry);
  }

  #finishGeometry(rows: XmlRows, { kind, text }: { kind: string; text: string }): void {
    const { line } = this;
    if (kind === 'LinearRing') return rows.skip(line, 'the outline of an area');
    const tuples = text
      .replace(/\s*,\s*/g, ',')
      .split(/\s+/)
      .filter(Boolean);
    if (tuples.length === 0) rows.refuse(line, `A ${kind} without coordinates.`);
    for (const tuple of tuples) {
      const position = positionMembers(tuple.split(','), this.altitudeMode);
      if (!position) rows.refuse(line, `Not a position: ${tuple.slice(0, 60)}.`, tuple);
      else if (kind === 'Point')
        rows.pushMembers(line, new Map([...this.#members(), ...position]), 'a placemark without a time');
      else {
        const members = new Map([...this.#members(), ...position]);
        // Its beginning and its end are known, and no time between them.
        members.delete('time');
        rows.pushMembers(line, members, LINE);
      }
    }
  }

  #members(): Map<string, string> {
    const members = new Map<string, string>();
    if (this.time !== '') members.set('time', JSON.stringify(this.time));
    if (this.end !== '') members.set('end', JSON.stringify(this.end));
    if (this.name !== '') members.set('name', jsonOfCell(this.name));
    if (this.folder !== '') members.set('track', JSON.stringify(this.folder));
    for (const [name, json] of this.#data) members.set(name, json);
    return members;
  }
}
