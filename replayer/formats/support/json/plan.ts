import type { Decision } from '../decision.ts';
import { valuesIn } from './beginning.ts';
import { areAlike, type NameMeans } from './map-names.ts';
import { isBelow } from './paths.ts';
import { decisionOf } from './plan-decision.ts';
import { DocumentSurvey, type Survey } from './survey.ts';
import { isObject } from './timed.ts';

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

/** How much of a document decides on its plan, in characters. It is less than any reader's sample of a file. */
export const PLAN_CHARACTERS = 1 << 18;
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
