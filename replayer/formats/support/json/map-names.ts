import type { Data } from '../../../../core/wire/event.ts';
import { isObject, namesIdentity, readsAsTime, timePathOf } from './timed.ts';

/** What the name of a member is to the rows in it: the thing they are about, their time, or a key of the record. */
export type NameMeans = 'subject' | 'time' | 'key' | 'nothing';

const ALIKE = 0.5;
/** With more lists than this a name is one of many, and not a kind. */
const KINDS_MAX = 20;

/** What the names of an object's members are, where they name things; null where they are names of members. */
export function mapMeaning(object: Data): NameMeans | null {
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
export function areAlike(objects: Data[]): boolean {
  const first = new Set(Object.keys(objects[0]!));
  const alike = objects.filter((object) => {
    const names = Object.keys(object);
    const common = names.filter((name) => first.has(name)).length;
    return common / (first.size + names.length - common) >= ALIKE;
  });
  return alike.length * 2 > objects.length;
}
