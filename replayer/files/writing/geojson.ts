import { isoTime } from '../../../core/wire/event.ts';
import { membersOf } from '../../formats/support/json-text.ts';
import { columnOf, isReserved, OWN_COLUMNS } from '../../formats/support/own-columns.ts';
import { ROW_MAX_CHARACTERS } from '../../formats/support/format.ts';
import type { WrittenRow } from './event-line.ts';
import { TOO_LONG } from './ndjson.ts';
import { placeOf } from './place.ts';
import type { OutputFormat } from './sink.ts';
import { TextFile } from './text-file.ts';

/**
 * GeoJSON (RFC 7946): a feature for each row, with all its members as properties. Its geometry is the point that
 * `longitude`, `latitude` and `elevation` name; null where the row has no coordinates. Rows that do not speak for
 * themselves also have the properties `@time`, `@subject` and `@channel`.
 */
export default {
  name: 'geojson',
  endings: ['.geojson'],
  isText: true,
  holdsPlainRows: true,
  open({ path, packed, plain }) {
    const file = new TextFile(path, packed);
    let before = '{"type":"FeatureCollection","features":[\n';
    return {
      add(row) {
        const feature = featureOf(row, plain);
        if (feature.length > ROW_MAX_CHARACTERS) return TOO_LONG;
        file.write(before + feature);
        before = ',\n';
        return null;
      },
      ready: () => file.ready(),
      end() {
        file.write('\n]}\n');
        return file.end();
      },
    };
  },
} satisfies OutputFormat;

function featureOf(row: WrittenRow, plain: boolean): string {
  const members = membersOf(row.json);
  const place = placeOf(members);
  const geometry = place
    ? `{"type":"Point","coordinates":[${[place.longitude, place.latitude, ...(place.elevation === null ? [] : [place.elevation])].join(',')}]}`
    : 'null';
  const properties = plain ? row.json : withEvent(row, members);
  return `{"type":"Feature","geometry":${geometry},"properties":${properties}}`;
}

/** The members of a datum, with those that say how it is played before them. */
function withEvent({ timeMs, subject, channel, json }: WrittenRow, members: Map<string, string>): string {
  const own = [
    `"${OWN_COLUMNS.time}":"${isoTime(timeMs)}"`,
    `"${OWN_COLUMNS.subject}":${JSON.stringify(subject)}`,
    `"${OWN_COLUMNS.channel}":${JSON.stringify(channel)}`,
  ];
  if (members.size === 0) return `{${own.join(',')}}`;
  if (![...members.keys()].some(isReserved)) return `{${own.join(',')},${json.slice(1)}`;
  const named = Array.from(members, ([name, value]) => `${JSON.stringify(columnOf(name))}:${value}`);
  return `{${[...own, ...named].join(',')}}`;
}
