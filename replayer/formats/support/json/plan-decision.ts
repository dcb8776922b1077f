import { certain, guess, likely, type Decision } from '../decision.ts';
import type { Survey } from './survey.ts';

/** What a decision on the rows of a document is told with. */
export interface Reasons {
  found: ReadonlyMap<string, Survey>;
  leftOut: ReadonlyMap<string, string>;
  isGuess: boolean;
  liftsTime: boolean;
  liftsPlace: boolean;
  isGiven: boolean;
}

/** The decision on which paths are rows, with its reasons, and the paths that could be rows instead. */
export function decisionOf(
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
