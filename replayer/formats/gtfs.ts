import { PbfReader } from 'pbf';
import { isoTime } from '../../core/wire/event.ts';
import { badRow, skippedRow, type Format, type Row } from './support/format.ts';
import { feedFields } from './support/gtfs/feed.ts';
import { entity, header, messageOf, type Value, type Values } from './support/gtfs/messages.ts';
import { objectOf } from './support/json-text.ts';

const ROWS_PER_CHUNK = 500;

/**
 * GTFS Realtime in protobuf: one FeedMessage, or several that follow one another, with or without their lengths. A row is an
 * entity, with its own time or else the header's. Vehicles with a position have the vehicle as subject; trip updates and
 * alerts are on the channels `trip_updates` and `service_alerts`. Extensions and unknown fields are passed over.
 */
export default {
  name: 'gtfs',
  endings: ['.gtfsrt', '.pb'],
  isBinary: true,
  looksLike(head) {
    // The length of a message, perhaps; a header and its length; a version, its length and its first digit.
    const [, length] = /^[\s\S]{0,5}?\n[\s\S]{1,3}?\n([\s\S])\d/.exec(head) ?? [];
    return length !== undefined && length.charCodeAt(0) > 0 && length.charCodeAt(0) < 9;
  },
  async *rows(input, { rename }) {
    let headerTime: string | undefined;
    let line = 0;
    let rows: Row[] = [];
    for await (const part of feedFields(input.bytes())) {
      if ('problem' in part)
        rows.push(badRow(++line, `${part.problem.replace(/[.]?$/, '')} (byte ${part.at}).`, ''));
      else if (part.field === 1) headerTime = timeOf(valuesOf(part.bytes, header)?.['timestamp']);
      else if (part.field === 2) rows.push(rowOf(++line, part.bytes, headerTime, rename));
      if (rows.length < ROWS_PER_CHUNK) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
  },
} satisfies Format;

function rowOf(
  line: number,
  bytes: Buffer,
  headerTime: string | undefined,
  rename: ReadonlyMap<string, string>,
): Row {
  const values = valuesOf(bytes, entity);
  if (!values) return badRow(line, 'The entity is damaged.', bytes.toString('hex'));
  if (values['is_deleted'] === true) return skippedRow(line, 'an entity that was deleted');
  const kind = ['vehicle', 'trip_update', 'alert'].find((name) => values[name] !== undefined);
  if (kind === undefined)
    return skippedRow(line, `an entity of another kind (${Object.keys(values).at(-1)})`);
  const { trip, vehicle, position, timestamp, ...more } = values[kind] as Values;
  const place = position as Values | undefined;
  const hasPlace = typeof place?.['latitude'] === 'number' && typeof place['longitude'] === 'number';
  if (kind === 'vehicle' && !hasPlace) return skippedRow(line, 'a vehicle without a position');
  const time = timeOf(timestamp) ?? headerTime;
  const datum: Values = {
    ...(time !== undefined && { time }),
    ...(vehicle as Values | undefined),
    ...place,
    ...(trip as Values | undefined),
    ...more,
    entity_id: values['id'] ?? '',
  };
  const members = Object.entries(datum).filter(([, value]) => value !== '' && !Number.isNaN(value));
  const about =
    kind === 'vehicle' ? ['vehicle_id', 'vehicle_label'] : kind === 'alert' ? [] : ['trip_id', 'vehicle_id'];
  const subject = [...about, 'entity_id']
    .map((name) => datum[name])
    .find((value) => value !== undefined && value !== '');
  return {
    line,
    ...objectOf(
      members.map(([name, value]) => [name, JSON.stringify(value)]),
      rename,
    ),
    ...(typeof subject === 'string' && { subject }),
    ...(kind !== 'vehicle' && { channel: kind === 'alert' ? 'service_alerts' : 'trip_updates' }),
  };
}

/** The fields of a message; null where its bytes are damaged. */
function valuesOf(bytes: Buffer, shape: typeof entity): Values | null {
  try {
    return messageOf(new PbfReader(bytes), shape, bytes.length);
  } catch {
    return null;
  }
}

/** Epoch seconds (milliseconds in some feeds) as ISO 8601; undefined where there is no time. */
function timeOf(timestamp: Value | undefined): string | undefined {
  if (typeof timestamp !== 'number' || !(timestamp > 0 && timestamp < 1e14)) return undefined;
  return isoTime(timestamp < 1e11 ? timestamp * 1000 : timestamp);
}
