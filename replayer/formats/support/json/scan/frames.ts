import type { Route, ScannedValue } from './scanned.ts';

/** The root, or an array or object that was entered. */
export interface Frame {
  /** What it stands in; null for the root. */
  parent: Frame | null;
  kind: 'root' | 'list' | 'object';
  path: string;
  name: string;
  keys: readonly string[];
  outer: Map<string, string>;
  /** For an object that is an element: its members that were kept, so that it is a value at its end. */
  kept: Map<string, string> | null;
  isBroken: boolean;
  /** Whether an array with objects in it was left inside of it. */
  isHull: boolean;
  /** Whether it has a member that is a scalar, as a row has. */
  hasScalars: boolean;
  /** The first name of an object, and for the root that of its first object that was entered; null so far. */
  firstName: string | null;
  line: number;
  /** How the last element of an array or a root began, up to the end of its first name, and all first names so far. */
  beginning: string;
  firstNames: Set<string>;
}

const OUTER_MAX_CHARACTERS = 10_000;
const FIRST_NAME = /^\{\s*"((?:[^"\\]|\\.)*)"/;
const FIRST_NAMES_MAX = 20;

/** What a scanner has entered, the innermost last. */
export class Frames {
  readonly #route: Route;
  readonly #stack: Frame[] = [
    {
      parent: null,
      kind: 'root',
      path: '',
      name: '',
      keys: [],
      outer: new Map(),
      kept: null,
      isBroken: false,
      isHull: false,
      hasScalars: false,
      firstName: null,
      line: 1,
      beginning: '',
      firstNames: new Set(),
    },
  ];
  /** The last array of rows, or of what leads to rows, that was left with objects in it. */
  #lastList: Frame | null = null;

  constructor(route: Route) {
    this.#route = route;
  }

  get top(): Frame {
    return this.#stack.at(-1)!;
  }

  get isAtRoot(): boolean {
    return this.#stack.length === 1;
  }

  /** The path and the keys of a value in the innermost frame, where `name` is that of the present member. */
  placeOf(name: string): { path: string; keys: readonly string[] } {
    const frame = this.top;
    if (frame.kind !== 'object') return { path: frame.path, keys: frame.keys };
    const { path, isKey } = this.#route.member(frame.path, name);
    return { path, keys: isKey ? [...frame.keys, name] : frame.keys };
  }

  /** Enters an array or object that begins in a line. `isElement`: whether it is a value at its end. */
  enter(kind: 'list' | 'object', name: string, line: number, isElement: boolean): void {
    const parent = this.top;
    this.#stack.push({
      parent,
      kind,
      ...this.placeOf(name),
      name: parent.kind === 'object' ? name : '',
      outer: new Map(parent.outer),
      kept: kind === 'object' && isElement ? new Map<string, string>() : null,
      isBroken: false,
      isHull: false,
      hasScalars: false,
      firstName: null,
      line,
      beginning: '',
      firstNames: new Set(),
    });
  }

  /** Leaves the innermost frame. An object that is an element is a value, without the members that were entered; else null. */
  leave(isBroken: boolean): ScannedValue | null {
    const frame = this.#stack.pop()!;
    const { kept, line, path, keys } = frame;
    if (frame.isHull || (frame.kind === 'list' && frame.firstNames.size > 0)) this.top.isHull = true;
    const isOfRows = frame.kind === 'list' && this.#route.entering(path, 'member', true) === 'enter';
    if (isOfRows && frame.firstNames.size > 0) this.#lastList = frame;
    if (kept === null || (kept.size === 0 && !isBroken)) return null;
    const text = `{${[...kept].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
    const problem = isBroken
      ? 'The object is broken: some of its members could be read, but not all.'
      : undefined;
    const { outer } = this.top;
    return { line, path, name: '', keys, outer, text, ...(problem && { problem, bytes: 0 }) };
  }

  /** How the elements of the last array began that was left; empty where there is none. */
  get namesOfLastList(): ReadonlySet<string> {
    return this.#lastList?.firstNames ?? new Set();
  }

  /** How many of the innermost frames are to be left before the last array can be entered again; -1 where there is none. */
  get countAboveLastList(): number {
    if (!this.#lastList) return -1;
    let open: Frame | null = this.#lastList;
    while (open && !this.#stack.includes(open)) open = open.parent;
    return open ? this.#stack.length - 1 - this.#stack.indexOf(open) : -1;
  }

  /** Enters the last array again, with the objects around it, because its elements go on. */
  reopenLastList(): void {
    const again: Frame[] = [];
    for (let frame = this.#lastList; frame && frame !== this.top; frame = frame.parent) again.unshift(frame);
    // An object that was an element is a value already.
    for (const frame of again) this.#stack.push(Object.assign(frame, { kept: null, isBroken: false }));
  }

  /** Keeps a member of the innermost object for the rows in it, or for the object itself. */
  keep(name: string, text: string, isScalar: boolean): void {
    const { outer, kept } = this.top;
    this.top.hasScalars ||= isScalar;
    const isCarried = kept !== null || this.#route.carries(name);
    if (isScalar && isCarried && text.length <= OUTER_MAX_CHARACTERS) outer.set(name, text);
    kept?.set(name, text);
  }
}

/** The name of the first member of an object; '' for none. */
export function firstNameOf(text: string): string {
  return FIRST_NAME.exec(text)?.[1] ?? '';
}

/** Notes how an element of a frame begins. */
export function noteBeginning(frame: Frame, text: string): void {
  const [beginning, name] = FIRST_NAME.exec(text) ?? [];
  if (beginning === undefined || frame.firstNames.size >= FIRST_NAMES_MAX) return;
  frame.beginning = beginning;
  frame.firstNames.add(name!);
}
