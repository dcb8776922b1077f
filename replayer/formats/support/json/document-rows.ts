import type { Data } from '../../../../core/wire/event.ts';
import { objectRow } from '../event-rows.ts';
import { badRow, skippedRow, type Row } from '../format.ts';
import { membersOf, objectOf, oneLine, parseObject, partsWithLines } from '../json-text.ts';
import type { NameMeans } from './map-names.ts';
import type { DocumentPlan } from './plan.ts';
import { DocumentRoute } from './route.ts';
import type { Route, ScannedValue } from './scan/scanned.ts';
import { placeIn } from './place.ts';
import { cellsOf, tableIn, tableRows } from './tables.ts';
import { formOf, isObject, OFFSET_MINUTES, readsAsTime, timePathOf, timeRank, valueAt } from './timed.ts';

/** Where a value stands, and what the objects around it say of it. */
interface Place {
  path: string;
  keys: readonly string[];
  /** Scalars of the objects around: name -> text. */
  outer: ReadonlyMap<string, string>;
}

type Members = Map<string, string>;
const MS_PER_FORM: { [form: string]: number } = { s: 1_000, ms: 1, us: 1e-3, ns: 1e-6 };
/** An object around rows that says nothing but its times is not a row itself. */
const SAYS_ONLY_WHEN = /offset|zone|duration/i;
/** Bound on the different reasons for which values are left out, because each is counted by itself. */
const REASONS_MAX = 50;
/** What may hold several rows, which can't be counted because it is broken. */
const SEVERAL_OBJECTS = /\}\s*,?\s*\{/;

/** Makes the rows of a document from its values, by the document's plan. */
export class DocumentRows {
  readonly #plan: DocumentPlan;
  readonly #rename: ReadonlyMap<string, string>;
  /** Whether the user named the arrays to read, so that no other one is. */
  readonly #isGiven: boolean;
  readonly #route: DocumentRoute;
  readonly #means = new Map<string, NameMeans[]>();
  readonly #headers = new Map<string, string[]>();
  readonly #reasons = new Set<string>();
  #rows: Row[] = [];

  constructor(plan: DocumentPlan, rename: ReadonlyMap<string, string>, isGiven: boolean) {
    this.#plan = plan;
    this.#route = new DocumentRoute(plan);
    this.#rename = rename;
    this.#isGiven = isGiven;
  }

  /** The way to the values. */
  get route(): Route {
    return this.#route;
  }

  /** The rows of a value: one, none, or those inside it. */
  rowsOf(value: ScannedValue): Row[] {
    const { line, path, keys, outer, text, problem, bytes } = value;
    if (problem !== undefined) return [{ ...badRow(line, problem, text), ...(bytes && { bytes }) }];
    this.#rows = [];
    if (value.name === '' || this.#plan.rows.has(path)) this.#element(line, text, { path, keys, outer });
    else this.#aside(line, text, { path, keys, outer });
    return this.#rows;
  }

  /** A value where rows may be: an element of an array, a value of the root, or a member of a map. */
  #element(line: number, text: string, place: Place): void {
    const { path } = place;
    const isRow = this.#plan.rows.has(path);
    try {
      if (text.startsWith('[')) return this.#inList(line, text, place);
      if (!isRow && !text.startsWith('{')) {
        // A member without its object, or an object with something before it, is broken and may have been a row.
        if (!text.startsWith('"') && /^:|\{/.test(text)) parseObject(text, new Map());
        return this.#skip(line, `a plain value in "${path}"`);
      }
      const row = objectRow(line, oneLine(text), this.#rename);
      if (row.timeMs !== undefined) return void this.#rows.push(row);
      if (this.#plan.tables.has(path) && this.#table(line, text, place)) return;
      if (isRow && !this.#route.leadsToRows(path) && this.#hasTime(row.values!, path))
        return void this.#rows.push(this.#finished(row, text, place));
      this.#withInner(line, text, place);
    } catch (error) {
      this.#rows.push(brokenRow(line, (error as Error).message, text));
    }
  }

  /** Whether an object holds its time; the members that held it in the sample are looked at first. */
  #hasTime(values: Data, path: string): boolean {
    const known = this.#plan.timePaths.get(path) ?? [];
    if (known.some((time) => valueAt(values, time) !== undefined)) return true;
    return !hasLists(values) || timePathOf(values) !== null;
  }

  /** An object that may hold further rows: it is a row without them, and they are rows with what it says of them. */
  #withInner(line: number, text: string, place: Place): void {
    const { values } = parseObject(text, new Map());
    const isRow = this.#plan.rows.has(place.path);
    const isTimed = this.#isTimed(values, place);
    const inner: { line: number; text: string; place: Place }[] = [];
    const outer = new Map(place.outer);
    const kept = this.#split(line, text, values, { ...place, outer }, isTimed, inner);
    const isHull =
      inner.length > 0 &&
      [...kept.keys()].every((name) => SAYS_ONLY_WHEN.test(name) || timeRank(name) !== null);
    if ((isTimed && !isHull) || (isRow && inner.length === 0)) {
      const row =
        inner.length === 0
          ? objectRow(line, oneLine(text), this.#rename)
          : { line, ...objectOf(kept, this.#rename) };
      if (isRow || !this.#isGiven) this.#rows.push(this.#finished(row, text, place));
      else this.#skip(line, `an object of "${place.path || '.'}"`);
    } else if (inner.length === 0) this.#skip(line, this.#reasonFor(place.path));
    for (const each of inner) this.#element(each.line, each.text, each.place);
  }

  #isTimed(values: Data, place: Place): boolean {
    if (this.#meansOf(place.path).includes('time')) return true;
    if (OFFSET_MINUTES in values && place.outer.has('startTime')) return true;
    return timePathOf(values) !== null;
  }

  /** Takes the rows out of an object's members; returns the members that are left, and notes its scalars in `place.outer`. */
  #split(
    line: number,
    text: string,
    values: Data,
    place: Place & { outer: Members },
    isTimed: boolean,
    inner: { line: number; text: string; place: Place }[],
  ): Members {
    const kept: Members = new Map();
    const taken: [path: string, keys: readonly string[], text: string, at: number][] = [];
    for (const [name, member, at] of membersWithLines(text)) {
      const value = values[name];
      const { path, isKey } = this.#route.member(place.path, name);
      const keys = isKey ? [...place.keys, name] : place.keys;
      const from = line + at;
      if (Array.isArray(value) && this.#isTaken(path, value, isTimed)) taken.push([path, keys, member, from]);
      else if (isObject(value) && isKey && this.#plan.rows.has(path))
        taken.push([path, keys, `[${member}]`, from]);
      else if (isObject(value) && this.#route.leadsToRows(path)) {
        const rest = this.#split(from, member, value, { path, keys, outer: place.outer }, isTimed, inner);
        if (rest.size > 0)
          kept.set(name, `{${[...rest].map((each) => `${JSON.stringify(each[0])}:${each[1]}`).join(',')}}`);
      } else {
        kept.set(name, oneLine(member));
        if (typeof value !== 'object') place.outer.set(name, member);
      }
    }
    for (const [path, keys, list, at] of taken) {
      for (const part of partsWithLines(list))
        inner.push({ line: at + part.line, text: part.text, place: { path, keys, outer: place.outer } });
    }
    return kept;
  }

  /** Whether the elements of an array inside an object are rows of their own. */
  #isTaken(path: string, list: unknown[], isOuterTimed: boolean): boolean {
    if (this.#plan.rows.has(path) || this.#route.leadsToRows(path)) return true;
    if (this.#isGiven || isOuterTimed || this.#plan.leftOut.has(path)) return false;
    return list.some((value) => isObject(value) && timePathOf(value) !== null);
  }

  /** An array where an object is expected: the rows of a table, or a list of objects. */
  #inList(line: number, text: string, place: Place): void {
    const { path } = place;
    if (this.#plan.tables.has(path)) {
      const header = this.#headers.get(path);
      if (header === undefined) this.#headers.set(path, JSON.parse(text) as string[]);
      else this.#addMembers(line, cellsOf(header, text), place);
      return;
    }
    const parts = partsWithLines(text);
    if (parts.some((part) => part.text.startsWith('{')))
      for (const part of parts) this.#element(line + part.line, part.text, place);
    else if (this.#plan.rows.has(path)) parseObject(text, this.#rename);
    else this.#skip(line, `an array of plain values in "${path || '.'}"`);
  }

  /** The rows of a table that is one object; false where it is none. */
  #table(line: number, text: string, place: Place): boolean {
    const { values } = parseObject(text, new Map());
    const table = tableIn(values);
    if (!table) return false;
    const members = membersOf(text);
    const outer = new Map(place.outer);
    const tags = isObject(values['tags']) ? [...membersOf(members.get('tags')!)] : [];
    for (const [name, value] of [...members, ...tags]) if (!/^[[{]/.test(value)) outer.set(name, value);
    for (const row of tableRows(members, table)) this.#addMembers(line, row, { ...place, outer });
    return true;
  }

  #addMembers(line: number, members: [string, string][], place: Place): void {
    const oneLined = members.map(([name, text]): [string, string] => [name, oneLine(text)]);
    const row = { line, ...objectOf(oneLined, this.#rename) };
    this.#rows.push(this.#finished(row, row.json, place));
  }

  /** What stands beside the rows in a document: arrays in it are looked at, too, because the sample may not have shown them. */
  #aside(line: number, text: string, place: Place): void {
    const skipped = `"${place.path}", which is not read`;
    try {
      if (text.startsWith('[')) {
        const parts = partsWithLines(text);
        if (this.#plan.leftOut.has(place.path) || this.#isGiven)
          for (const part of parts) this.#skip(line + part.line, `an element of ${skipped}`);
        else if (parts.some((part) => /^[[{]/.test(part.text)))
          for (const part of parts) this.#element(line + part.line, part.text, place);
        else if (parts.length > 0) this.#skip(line, `the plain values of "${place.path}"`);
      } else if (text.includes('[')) {
        const { values } = parseObject(text, new Map());
        const inner: { line: number; text: string; place: Place }[] = [];
        this.#split(line, text, values, { ...place, outer: new Map(place.outer) }, false, inner);
        for (const each of inner) this.#element(each.line, each.text, each.place);
      }
    } catch (error) {
      this.#rows.push(brokenRow(line, (error as Error).message, text));
    }
  }

  /** A row with what stands around it: the names that lead to it, the scalars that hold for it, its time as `time`. */
  #finished(row: Row, text: string, place: Place): Row {
    const { path, keys, outer } = place;
    const { liftsTime, liftsPlace } = this.#plan;
    if (keys.length === 0 && outer.size === 0 && !liftsTime && !liftsPlace) return row;
    const values = row.values!;
    const added: Members = new Map();
    const names: string[] = [];
    for (const [i, means] of this.#meansOf(path).entries()) {
      if (means === 'subject') names.push(keys[i]!);
      else if (means !== 'nothing' && !(means in values)) added.set(means, JSON.stringify(keys[i]));
    }
    for (const [name, value] of outer) {
      if (name in values || value === 'null' || (timeRank(name) !== null && readsAsTime(JSON.parse(value))))
        continue;
      added.set(name, value);
    }
    if (liftsTime && !added.has('time')) {
      const time = this.#timeOf(values, place);
      if (time !== null) added.set('time', time);
    }
    const spot = liftsPlace && !('latitude' in values && 'longitude' in values) ? placeIn(values) : null;
    if (spot) added.set('latitude', spot.latitude).set('longitude', spot.longitude);
    const subject = names.length > 0 ? { subject: names.join('/') } : {};
    if (added.size === 0) return { ...row, ...subject };
    const own = membersOf(row.json ?? text);
    for (const name of added.keys()) own.delete(name);
    return { ...row, ...subject, ...objectOf([...added, ...own], this.#rename) };
  }

  /** The JSON text of a row's time, where it is not its member `time` anyway; null for none. */
  #timeOf(values: Data, { path, outer }: Place): string | null {
    if (OFFSET_MINUTES in values && outer.has('startTime')) {
      const startMs = Date.parse(JSON.parse(outer.get('startTime')!) as string);
      const timeMs = startMs + Number(values[OFFSET_MINUTES]) * 60_000;
      return Number.isNaN(timeMs) ? null : JSON.stringify(new Date(timeMs).toISOString());
    }
    const known = this.#plan.timePaths.get(path)?.find((time) => readsAsTime(valueAt(values, time)));
    const timePath = known ?? timePathOf(values);
    if (!timePath) return null;
    const value = valueAt(values, timePath);
    const plain = isObject(value)
      ? isObject(value['$date'])
        ? value['$date']['$numberLong']
        : value['$date']
      : value;
    const form = formOf(plain);
    if (form === 'text' || !this.#plan.mixesTimes)
      return timePath.join('.') === 'time' && plain === value ? null : (JSON.stringify(plain) ?? null);
    return JSON.stringify(new Date(Number(plain) * MS_PER_FORM[form]!).toISOString());
  }

  /** What the names mean that lead to a path, the outermost first. */
  #meansOf(path: string): NameMeans[] {
    let means = this.#means.get(path);
    if (means) return means;
    const steps = path.split('.');
    means = steps.flatMap((step, i) =>
      step === '*' ? [this.#plan.maps.get(steps.slice(0, i).join('.')) ?? 'nothing'] : [],
    );
    this.#means.set(path, means);
    return means;
  }

  #reasonFor(path: string): string {
    const shown = path === '' ? 'the root' : `"${path}"`;
    return this.#isGiven
      ? `an object of ${shown}, which is not read`
      : `an object of ${shown} that holds no time`;
  }

  #skip(line: number, reason: string): void {
    const isKnown = this.#reasons.has(reason) || this.#reasons.size < REASONS_MAX;
    if (isKnown) this.#reasons.add(reason);
    this.#rows.push(skippedRow(line, isKnown ? reason : 'something in an array that holds no times'));
  }
}

/** A value that can't be read. Its bytes are told where rows may be lost with it. */
function brokenRow(line: number, problem: string, text: string): Row {
  const row = badRow(line, problem, text);
  return SEVERAL_OBJECTS.test(text) ? { ...row, bytes: Buffer.byteLength(text) } : row;
}

function hasLists(values: Data): boolean {
  return Object.values(values).some((value) => typeof value === 'object' && value !== null);
}

/** The members of an object with the number of line ends before each. */
function* membersWithLines(text: string): Generator<[name: string, value: string, line: number]> {
  for (const { text: part, line } of partsWithLines(text)) {
    const [[name, value]] = [...membersOf(`{${part}}`)] as [[string, string]];
    yield [name, value, line];
  }
}
