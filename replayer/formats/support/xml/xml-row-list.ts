import { badRow, ROW_MAX_CHARACTERS, skippedRow, type FormatOptions, type Row } from '../format.ts';
import { objectRow } from '../event-rows.ts';
import { objectOf } from '../json-text.ts';

/** Whether the text of an element is an event that `convert` wrote. */
export const isWrittenEvent = (text: string): boolean => text.startsWith('{"specversion":"1.0",');

/** Rows that wait for the first time of the file. */
const WAITING_MAX = 10_000;

/** A row that a format collects while its element is open. */
interface OpenRow {
  line: number;
  /** Name -> value as JSON. */
  members: Map<string, string>;
  characters: number;
  problem: string | null;
  /** The event that the row is, as JSON, where `convert` wrote it beside the members. */
  event: string | null;
  /** Whether its element has attributes. */
  hasAttributes: boolean;
  /** Whether it began right behind a row that was refused. */
  followsRefusal: boolean;
  /** Why the row is skipped where other rows of the file have a time and it has none; null: it is refused then. */
  plan: string | null;
}

/**
 * The rows of an XML file: the one whose element is open, and those that are finished. A row that is damaged or lost is a
 * bad row, once.
 *
 * A plan, such as a waypoint without a time, is skipped in a file of which other rows have times. In a file without times
 * it is a row as any other, so that it can be played with `--every`. Until a time is found, up to 10,000 rows wait.
 */
export class XmlRows {
  #open: OpenRow | null = null;
  /** The beginning of the row was found and is accounted for, so that its end alone is not another lost row. */
  #endIsKnown = false;
  #ready: Row[] = [];
  #waiting: { row: Row; plan: string | null }[] = [];
  #isDecided = false;
  readonly #rename: FormatOptions['rename'];
  readonly #placeless: string | undefined;

  /** @param placeless the channel of rows without a latitude; without it they go where all rows go */
  constructor({ rename }: FormatOptions, placeless?: string) {
    this.#rename = rename;
    this.#placeless = placeless;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Whether the element of the open row has attributes. */
  get hasAttributes(): boolean {
    return this.#open?.hasAttributes === true;
  }

  /** The rows that are finished, in the order of the file. */
  take(): Row[] {
    return this.#ready.splice(0);
  }

  /** Ends the file: rows that wait for a time get none. */
  end(): void {
    this.#isDecided = true;
    for (const { row } of this.#waiting.splice(0)) this.#ready.push(row);
  }

  begin(line: number, hasAttributes: boolean, plan: string | null): void {
    const followsRefusal = this.#endIsKnown;
    this.#open = {
      line,
      members: new Map(),
      characters: 0,
      problem: null,
      event: null,
      hasAttributes,
      followsRefusal,
      plan,
    };
    this.#endIsKnown = false;
  }

  /** Sets a member of the open row. `json` is its value as JSON. */
  add(name: string, json: string): void {
    const row = this.#open!;
    row.characters += name.length + json.length;
    if (row.characters <= ROW_MAX_CHARACTERS) row.members.set(name, json);
    else row.problem ??= 'The row is longer than 1,000,000 characters; is its element never closed?';
  }

  /** Takes the text of an element named `event` for the whole row where it is one that `convert` wrote. Returns whether it is. */
  takeEvent(text: string): boolean {
    if (!isWrittenEvent(text)) return false;
    this.#open!.event = text;
    return true;
  }

  has(name: string): boolean {
    return this.#open?.members.has(name) === true;
  }

  /** Notes what is wrong with the open row; it will be a bad row. */
  damage(problem: string): void {
    if (this.#open) this.#open.problem ??= problem;
  }

  /** Forgets the open row if it is no more than a damaged closing tag of the row before it. Returns whether it was. */
  discard(): boolean {
    const { members, followsRefusal } = this.#open!;
    const isPartOfAnother = followsRefusal && members.size === 0;
    if (isPartOfAnother) this.#open = null;
    return isPartOfAnother;
  }

  /** Finishes the open row. Its time is the member `time`. `problem`: why it is not whole. */
  finish(problem: string | null = null): void {
    const { line, members, plan, problem: earlier, event } = this.#open!;
    this.#open = null;
    this.#endIsKnown = problem !== null;
    const wrong = earlier ?? problem;
    if (wrong === null && event !== null) this.pushEvent(line, event);
    else if (wrong === null) this.pushMembers(line, members, plan);
    else this.refuse(line, wrong, [...members].map((pair) => pair.join(' ')).join(', '));
  }

  /** Adds the row that an event is which `convert` wrote. `event`: JSON, for which `isWrittenEvent` holds. */
  pushEvent(line: number, event: string): void {
    try {
      this.push(objectRow(line, event, this.#rename), true, null);
    } catch (error) {
      this.refuse(line, (error as Error).message, event);
    }
  }

  /** The end of a row whose beginning was not found: the row is lost. */
  endOnly(line: number, problem: string): void {
    if (!this.#endIsKnown) this.refuse(line, problem);
    this.#endIsKnown = false;
  }

  refuse(line: number, problem: string, text = ''): void {
    this.#endIsKnown = true;
    this.push(badRow(line, problem, text), false, null);
  }

  /** Adds a row of members as JSON. Its time is the member `time`. `plan`: why it is skipped if other rows have times. */
  pushMembers(line: number, members: ReadonlyMap<string, string>, plan: string | null = null): void {
    const row: Row = { line, ...objectOf(members, this.#rename) };
    if (this.#placeless !== undefined && !members.has('latitude')) row.channel = this.#placeless;
    this.push(row, members.has('time'), plan);
  }

  /** Adds a row that is intact and not read. */
  skip(line: number, reason: string): void {
    this.push(skippedRow(line, reason), false, null);
  }

  /** Adds a row that is whole. `plan`: why it is skipped if other rows have times. */
  push(row: Row, hasTime: boolean, plan: string | null): void {
    if (this.#isDecided) this.#ready.push(plan !== null && !hasTime ? skippedRow(row.line, plan) : row);
    else {
      this.#waiting.push({ row, plan: hasTime ? null : plan });
      if (hasTime || this.#waiting.length === WAITING_MAX) this.#decide(hasTime);
    }
  }

  #decide(hasTimes: boolean): void {
    this.#isDecided = true;
    for (const { row, plan } of this.#waiting.splice(0))
      this.#ready.push(hasTimes && plan !== null ? skippedRow(row.line, plan) : row);
  }
}
