/** A value that a document holds at a path that leads to rows, or in an object that leads to them. */
export interface ScannedValue {
  /** Line in which it begins, from 1. */
  line: number;
  /** Where it is: names of members joined by points, `''` for a value of the root. */
  path: string;
  /** The name of the member that it is; '' for an element of an array and for a value of the root. */
  name: string;
  /** The names of the maps' members that lead to it, the outermost first. */
  keys: readonly string[];
  text: string;
  /** Scalars that stood before it in the objects around it: name -> text. */
  outer: ReadonlyMap<string, string>;
  /** Why it is not a whole value, as far as brackets, quotes and length tell; `text` is then only its beginning. */
  problem?: string;
  /** With a problem: how many bytes of the text are lost with it. */
  bytes?: number;
}

/** What a scanner does with an object or array: keep it as one value, or enter it, at once or if it can't be kept whole. */
export type Entering = 'keep' | 'enter' | 'enter if broken';

/** How a scanner moves through a document. */
export interface Route {
  /** What to do with an object or array (a list) at a path, where it stands as a member, as an element, or at the root. */
  entering(path: string, place: 'member' | 'element' | 'root', isList: boolean): Entering;
  /** The path of a member, and whether its name is one of a map. */
  member(path: string, name: string): { path: string; isKey: boolean };
  /** Whether a scalar that stands once in a document is kept for the rows in it. */
  carries(name: string): boolean;
}
