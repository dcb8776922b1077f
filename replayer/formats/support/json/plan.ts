import type { Data } from '../../../../core/wire/event.ts';
import { certain, guess, likely, type Decision } from '../decision.ts';
import { valuesIn } from './beginning.ts';
import { placeIn } from './place.ts';
import { beginsWithNames, tableIn } from './tables.ts';
import {
  formOf,
  isObject,
  namesIdentity,
  OFFSET_MINUTES,
  readsAsTime,
  saysPlaceOrText,
  timePathOf,
  valueAt,
} from './timed.ts';

/**
 * Which values of a JSON document are rows. A path names the members that lead to an array, joined by points; the root's
 * own values are at the path `''`, and `*` stands for any member of an object whose members are things by their names.
 */
export interface DocumentPlan {
  /** The paths whose elements are rows. */
  rows: ReadonlySet<string>;
  /** The paths of the objects whose members' names name things, and what a name is. */
  maps: ReadonlyMap<string, NameMeans>;
  /** Whether the root holds several values, and not one document. */
  isSequence: boolean;
  /** Whether rows name their time in different members, so that each gets a member `time`. */
  liftsTime: boolean;
  /** Whether rows say their place in different members, so that each gets members `latitude` and `longitude`. */
  liftsPlace: boolean;
  /** The members that hold the time of the elements at a path, as far as they are known. */
  timePaths: ReadonlyMap<string, readonly string[][]>;
  /** Whether times of different forms (epochs and texts) have to become ISO 8601 when they are lifted. */
  mixesTimes: boolean;
  /** The paths of tables: objects that hold columns, or arrays of arrays. */
  tables: ReadonlySet<string>;
  /** Paths that are not read although their elements hold times, and why. */
  leftOut: ReadonlyMap<string, string>;
  decision: Decision<readonly string[]>;
}

/** What the name of a member is to the rows in it: the thing they are about, their time, or a key of the record. */
export type NameMeans = 'subject' | 'time' | 'key' | 'nothing';

/** How much of a document decides on its plan, in characters. It is less than any reader's sample of a file. */
export const PLAN_CHARACTERS = 1 << 18;
const ALIKE = 0.5;
/** With more lists than this a name is one of many, and not a kind. */
const KINDS_MAX = 20;

/** What is known of the elements at a path. */
interface Survey {
  count: number;
  timed: number;
  /** How many hold their time in themselves, and not in an object inside. */
  direct: number;
  /** Whether the objects that hold the elements say a place or a text themselves. */
  isInFix: boolean;
  timePaths: Map<string, string[]>;
  /** The members that hold their places. */
  places: Set<string>;
  /** How the times are written: as text, or as epochs of which unit. */
  forms: Set<string>;
  /** The first element with a time; the object that holds the last one, and how many objects hold such elements. */
  first: Data;
  holder: Data | null;
  holders: number;
  /** The paths of the elements that hold it, the innermost last. */
  within: string[];
}

/** Plans how a document with this beginning is read. `given` are paths that the user named. */
export function planOf(beginning: string, given?: readonly string[]): DocumentPlan {
  return planOfValues(valuesIn(beginning.slice(0, PLAN_CHARACTERS)), given);
}

/** The same of values that were read. */
export function planOfValues(roots: unknown[], given?: readonly string[]): DocumentPlan {
  const survey = new DocumentSurvey(roots);
  const { found, maps, tables, isList } = survey;
  const isSequence = survey.isSequence && !isBrokenDocument(survey, roots);
  if (survey.isSequence && !isSequence) found.delete('');
  const leftOut = new Map<string, string>();
  const rows = new Set(
    given?.map((path) => (path === '.' ? '' : path)) ?? timedPaths(survey, roots, leftOut),
  );
  const isGuess = rows.size === 0;
  if (isGuess) for (const path of outermost(found, isSequence || isList)) rows.add(path);
  const surveyed = [...rows].flatMap((path) => found.get(path) ?? []);
  const liftsTime = differ(surveyed.map(({ timePaths }) => [...timePaths.keys()]));
  const liftsPlace = differ(surveyed.map(({ places }) => [...places]));
  return {
    rows,
    maps,
    tables,
    isSequence,
    leftOut,
    liftsTime,
    liftsPlace,
    mixesTimes: liftsTime && new Set(surveyed.flatMap(({ forms }) => [...forms])).size > 1,
    timePaths: new Map([...found].map(([path, { timePaths }]) => [path, [...timePaths.values()]])),
    decision: decisionOf([...rows], {
      found,
      leftOut,
      isGuess,
      liftsTime,
      liftsPlace,
      isGiven: given !== undefined,
    }),
  };
}

/** Whether the values of the root are the rows of one document, behind a bracket too much in it. */
function isBrokenDocument({ found }: DocumentSurvey, [first]: unknown[]): boolean {
  const root = found.get('');
  if (!root || root.timed === 0 || !isObject(first) || areAlike([root.first, first])) return false;
  return [...found].some(
    ([path, each]) => path !== '' && each.timed > 0 && areAlike([each.first, root.first]),
  );
}

/** Whether the elements at several paths hold something in more than one member. */
function differ(members: string[][]): boolean {
  return new Set(members.flat()).size > 1;
}

/** The paths whose elements hold times; where elements inside each other do, both, unless the outer one is the fix or post. */
function timedPaths(
  { found, tables, isSequence, isList }: DocumentSurvey,
  roots: unknown[],
  leftOut: Map<string, string>,
): string[] {
  const isLookup = roots.some((root) => isObject(root) && isObject(root['includes']) && 'data' in root);
  const paths = [...tables];
  for (const [path, { timed, direct, within, isInFix, holders, first }] of found) {
    if (timed === 0) continue;
    const hasInner =
      [...found].some(([inner, { timed: times }]) => isBelow(inner, path) && times > 0) ||
      paths.some((inner) => isBelow(inner, path));
    if (path === '' && !isList && hasInner) {
      // The time of a document (when it was made) is none of a row; that of one of many values may be.
      if (!isSequence || direct === 0) continue;
    }
    if (isLookup && /^includes\./.test(path)) {
      leftOut.set(path, 'other rows refer to them');
      continue;
    }
    const isInRow = within.some((outer) => paths.includes(outer));
    const outer = found.get(within.at(-1) ?? '');
    if (isInRow && outer && holders === 1 && outer.count > 2 && areAlike([outer.first, first])) {
      leftOut.set(path, 'it is an array whose end is missing');
      continue;
    }
    if (isInRow && (isInFix || direct === 0)) {
      leftOut.set(path, 'they are details of the rows that hold them');
      continue;
    }
    paths.push(path);
  }
  return paths;
}

/** Where nothing holds a time, the arrays nearest to the root are the rows. */
function outermost(found: ReadonlyMap<string, Survey>, isRootList: boolean): string[] {
  const paths = [...found.keys()].filter((path) => path !== '');
  if (isRootList || paths.length === 0) return [''];
  return paths.filter((path) => !paths.some((outer) => isBelow(path, outer)));
}

/** Whether a path leads through another. */
export function isBelow(path: string, outer: string): boolean {
  return outer === '' ? path !== '' : path.startsWith(`${outer}.`);
}

/** The path of a member. */
export function memberPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

interface Reasons {
  found: ReadonlyMap<string, Survey>;
  leftOut: ReadonlyMap<string, string>;
  isGuess: boolean;
  liftsTime: boolean;
  liftsPlace: boolean;
  isGiven: boolean;
}

function decisionOf(
  rows: string[],
  { found, leftOut, isGuess, liftsTime, liftsPlace, isGiven }: Reasons,
): Decision<readonly string[]> {
  const shown = rows.map((path) => (path === '' ? '.' : path));
  if (isGiven) return certain(shown, 'given');
  const names = shown.slice(0, 8).map((path) => (path === '.' ? 'the root' : `"${path}"`));
  const list = names.join(', ') + (shown.length > names.length ? ', ...' : '');
  const others = [...found].filter(([path]) => path !== '' && !rows.includes(path)).map(([path]) => path);
  const rest = others
    .slice(0, 8)
    .map((path) => `"${path}" ${leftOut.has(path) ? `(${leftOut.get(path)})` : '(no times)'}`);
  const because = [
    isGuess ? `the objects of ${list} hold no time that is recognised` : `the objects of ${list} hold times`,
    ...(rest.length > 0 ? [`not rows are ${rest.join(', ')}`] : []),
    ...(liftsTime ? ['their times are in different members, so each row gets a member "time"'] : []),
    ...(liftsPlace
      ? ['their places are in different members, so each row gets "latitude" and "longitude"']
      : []),
  ].join('; ');
  const instead =
    others.length > 0 ? { value: others, because: 'they are arrays of objects as well' } : undefined;
  if (isGuess && others.length + rows.length > 1) return guess(shown, because, instead);
  return others.length === 0 ? certain(shown, because) : likely(shown, because, instead);
}

/** Looks at all objects that stand in arrays, in objects that are maps, or at the root. */
class DocumentSurvey {
  readonly found = new Map<string, Survey>();
  readonly maps = new Map<string, NameMeans>();
  readonly tables = new Set<string>();
  readonly isSequence: boolean;
  readonly isList: boolean;
  /** The element that is looked at. */
  #holder: Data | null = null;

  constructor(roots: unknown[]) {
    this.isSequence = roots.length > 1;
    this.isList = roots.some(Array.isArray);
    for (const root of roots) {
      if (Array.isArray(root)) this.#list(root, '', []);
      else if (isObject(root) && !this.#map(root, '', [])) this.#element(root, '', []);
    }
  }

  #list(list: unknown[], path: string, within: string[]): void {
    if (beginsWithNames(list)) this.tables.add(path);
    for (const value of list) if (isObject(value)) this.#element(value, path, within);
  }

  #element(value: Data, path: string, within: string[], isTimed = false): void {
    const survey: Survey = this.found.get(path) ?? {
      count: 0,
      timed: 0,
      direct: 0,
      isInFix: false,
      timePaths: new Map(),
      places: new Set(),
      forms: new Set(),
      within,
      first: value,
      holder: null,
      holders: 0,
    };
    this.found.set(path, survey);
    survey.isInFix ||= this.#holder !== null && saysPlaceOrText(this.#holder);
    survey.count++;
    if (tableIn(value)) {
      this.tables.add(path);
      return;
    }
    const timePath = isTimed ? ['time'] : OFFSET_MINUTES in value ? [OFFSET_MINUTES] : timePathOf(value);
    if (timePath) {
      if (survey.timed === 0) survey.first = value;
      if (survey.holder !== this.#holder) survey.holders++;
      survey.holder = this.#holder;
      survey.timed++;
      if (timePath.length === 1) survey.direct++;
      survey.timePaths.set(timePath.join('.'), timePath);
      survey.forms.add(isTimed || timePath[0] === OFFSET_MINUTES ? 'text' : formOf(valueAt(value, timePath)));
    }
    const place = timePath && placeIn(value);
    if (place) survey.places.add(place.path);
    const holder = this.#holder;
    this.#holder = value;
    this.#members(value, path, [...within, path]);
    this.#holder = holder;
  }

  #members(object: Data, path: string, within: string[]): void {
    for (const [name, value] of Object.entries(object)) {
      const at = memberPath(path, name);
      if (Array.isArray(value)) this.#list(value, at, within);
      else if (isObject(value) && tableIn(value)) this.tables.add(at);
      else if (isObject(value) && !this.#map(value, at, within)) this.#members(value, at, within);
    }
  }

  /** Looks at an object as a map; false where it is none. */
  #map(object: Data, path: string, within: string[]): boolean {
    const means = this.maps.get(path) ?? mapMeaning(object);
    if (means === null) return false;
    this.maps.set(path, means);
    for (const value of Object.values(object)) {
      const at = memberPath(path, '*');
      if (Array.isArray(value)) this.#list(value, at, within);
      else if (isObject(value) && !this.#map(value, at, within))
        this.#element(value, at, within, means === 'time');
    }
    return true;
  }
}

/** What the names of an object's members are, where they name things; null where they are names of members. */
function mapMeaning(object: Data): NameMeans | null {
  const entries = Object.entries(object);
  const names = entries.map(([name]) => name);
  const values = entries.map(([, value]) => value);
  const lists = values.filter((value): value is unknown[] => Array.isArray(value));
  if (lists.length > 1) {
    const first = lists.map((list) => list.find(isObject)).filter(isObject);
    const others = values.filter(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    );
    const isMap = others.length === 0 && first.length > 1 && areAlike(first) && first.some(timePathOf);
    if (!isMap) return null;
    if (first.some((each) => Object.keys(each).some(namesIdentity)))
      return names.length > KINDS_MAX ? 'nothing' : null;
    return 'subject';
  }
  if (values.length === 0 || lists.length > 0 || !values.every(isObject)) return null;
  const objects = values.filter(isObject);
  if (
    objects.length > 1 &&
    objects.every((each) => Object.keys(each).length > 0 && mapMeaning(each) !== null)
  )
    return 'subject';
  const areTimes = names.every(readsAsTime);
  if (areTimes) return 'time';
  if (objects.length < 2 || !areAlike(objects)) return null;
  const timed = objects.filter((each) => timePathOf(each) !== null).length;
  if (timed * 2 < objects.length) return null;
  // Numbers and generated keys number the records; they name nothing that recurs.
  const areKeys = names.every((name) => /^\d+$|^-[\w-]{19}$|^[0-9a-f]{24}$/.test(name));
  return areKeys || objects.some((each) => Object.keys(each).some(namesIdentity)) ? 'key' : 'subject';
}

/** Whether most of the objects have most of their members in common with the first. */
function areAlike(objects: Data[]): boolean {
  const first = new Set(Object.keys(objects[0]!));
  const alike = objects.filter((object) => {
    const names = Object.keys(object);
    const common = names.filter((name) => first.has(name)).length;
    return common / (first.size + names.length - common) >= ALIKE;
  });
  return alike.length * 2 > objects.length;
}
