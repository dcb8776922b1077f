import { isoTime } from '../../../core/wire/event.ts';
import { membersOf } from '../../formats/support/json-text.ts';
import { ROW_MAX_CHARACTERS } from '../../formats/support/format.ts';
import { eventLine } from './event-line.ts';
import { GroupedText } from './grouped-text.ts';
import { TOO_LONG } from './ndjson.ts';
import { placeOf } from './place.ts';
import type { OutputFormat } from './sink.ts';
import { TextFile } from './text-file.ts';
import { decimalInXml, jsonInXml, nameInXml, NAMESPACE } from './xml-text.ts';

/** Why formats of tracks refuse a row. */
export const PLACELESS =
  'It has no coordinates (latitude, longitude), which every point of a track must have.';

/** GPX 1.1: a track for each subject of each channel. A point has the whole event as JSON in its extensions. */
export default {
  name: 'gpx',
  endings: ['.gpx'],
  isText: true,
  holdsPlainRows: false,
  open({ path, packed, folder }) {
    const file = new TextFile(path, packed);
    const tracks = new GroupedText(folder);
    return {
      add(row) {
        const place = placeOf(membersOf(row.json));
        if (!place) return PLACELESS;
        const event = eventLine(row);
        if (event.length > ROW_MAX_CHARACTERS) return TOO_LONG;
        const elevation = place.elevation === null ? '' : `<ele>${decimalInXml(place.elevation)}</ele>`;
        tracks.add(
          JSON.stringify([row.channel, row.subject]),
          `<trkpt lat="${decimalInXml(place.latitude)}" lon="${decimalInXml(place.longitude)}">${elevation}<time>${isoTime(row.timeMs)}</time>` +
            `<extensions><reprise:event>${jsonInXml(event)}</reprise:event></extensions></trkpt>\n`,
        );
        return null;
      },
      ready: () => Promise.resolve(),
      async end() {
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n');
        file.write(
          `<gpx version="1.1" creator="reprise" xmlns="http://www.topografix.com/GPX/1/1" xmlns:reprise="${NAMESPACE}">\n`,
        );
        for (const group of tracks.groups) {
          const [channel, subject] = JSON.parse(group) as [string, string];
          file.write(`<trk><name>${nameInXml(subject)}</name><type>${nameInXml(channel)}</type><trkseg>\n`);
          for (const text of tracks.read(group)) {
            file.write(text);
            await file.ready();
          }
          file.write('</trkseg></trk>\n');
        }
        file.write('</gpx>\n');
        tracks.close();
        await file.end();
      },
    };
  },
} satisfies OutputFormat;
