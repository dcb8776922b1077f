import type { Data } from '../../../../core/wire/event.ts';
import { mapMeaning, type NameMeans } from './map-names.ts';
import { memberPath } from './paths.ts';
import { placeIn } from './place.ts';
import { beginsWithNames, tableIn } from './tables.ts';
import { formOf, isObject, OFFSET_MINUTES, saysPlaceOrText, timePathOf, valueAt } from './timed.ts';

/** What is known of the elements at a path. */
export interface Survey {
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

/** Looks at all objects that stand in arrays, in objects that are maps, or at the root. */
export class DocumentSurvey {
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
