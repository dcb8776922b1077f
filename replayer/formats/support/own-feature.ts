import type { Row } from './format.ts';
import { objectOf } from './json-text.ts';
import { memberOf, OWN_COLUMNS, ownEvent } from './own-columns.ts';

/** The row of a feature's properties that `convert` wrote with the row's time, subject and channel; null for any other. */
export function ownFeature(
  properties: ReadonlyMap<string, string>,
  rename: ReadonlyMap<string, string>,
): Omit<Row, 'line'> | null {
  const { time, subject, channel } = OWN_COLUMNS;
  const own = [time, subject, channel].map((name) => properties.get(name));
  if (!own.every((value) => value?.startsWith('"'))) return null;
  const members = [...properties]
    .filter(([name]) => name !== time && name !== subject && name !== channel)
    .map(([name, value]): [string, string] => [memberOf(name), value]);
  const [ofTime, ofSubject, ofChannel] = own.map((value) => JSON.parse(value!) as string);
  return { ...objectOf(members, rename), ...ownEvent(ofTime, undefined, ofChannel), subject: ofSubject! };
}
