import type { Data } from '../../../../core/wire/event.ts';
import { membersOf, parseObject, partsOf } from '../json-text.ts';
import { fixesOf, linesOf, position, type Members } from './feature-lines.ts';
import { isObject } from './timed.ts';

/** Members of a feature that are not properties. */
const OWN_MEMBERS = new Set(['type', 'geometry', 'properties', 'bbox']);

/** The members of each row that a feature, or a collection of features, consists of. @throws Error naming the problem when the object is not a valid feature */
export function* rowsOfFeature(value: Data, text: string): Generator<Members> {
  const feature = membersOf(text);
  if (value['type'] === 'FeatureCollection' && Array.isArray(value['features'])) {
    for (const part of partsOf(feature.get('features')!))
      yield* rowsOfFeature(parseObject(part, new Map()).values, part);
    return;
  }
  if (value['type'] !== 'Feature')
    throw new Error(`Not a GeoJSON feature: its type is ${JSON.stringify(value['type'])?.slice(0, 40)}.`);
  const properties = propertiesOf(value, feature);
  if (!isObject(value['geometry'])) {
    yield properties;
    return;
  }
  const geometry = membersOf(feature.get('geometry')!);
  if (value['geometry']['type'] === 'Point')
    yield new Map([...properties, ...position(geometry.get('coordinates') ?? '[]')]);
  else yield* fixesOf(linesOf(value['geometry'], geometry), properties, feature);
}

/** The properties of a feature, and its other members, such as its id or a time, where no property has their names. */
function propertiesOf(value: Data, feature: Members): Members {
  const properties: Members = isObject(value['properties'])
    ? membersOf(feature.get('properties')!)
    : new Map<string, string>();
  for (const [name, text] of feature)
    if (!OWN_MEMBERS.has(name) && !properties.has(name)) properties.set(name, text);
  return properties;
}
