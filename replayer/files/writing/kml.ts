import { isoTime } from '../../../core/wire/event.ts';
import { membersOf } from '../../formats/support/json-text.ts';
import { ROW_MAX_CHARACTERS } from '../../formats/support/format.ts';
import { EVENTS } from '../../formats/support/xml/kml-track.ts';
import { eventLine } from './event-line.ts';
import { PLACELESS } from './gpx.ts';
import { GroupedText } from './grouped-text.ts';
import { TOO_LONG } from './ndjson.ts';
import { placeOf } from './place.ts';
import type { OutputFormat } from './sink.ts';
import { TextFile } from './text-file.ts';
import { decimalInXml, jsonInXml, nameInXml } from './xml-text.ts';

/**
 * A subject with more text has several tracks: a reader holds a whole track in memory, and takes its first rows from the
 * first MiB of a file.
 */
const TRACK_CHARACTERS = 500_000;
/** The parts of a track, in the order that its schema asks for. */
const PARTS = ['when', 'coord', 'event'] as const;

/** KML 2.2 with a `gx:Track` for each subject of each channel, or several. An array of the track has the events as JSON. */
export default {
  name: 'kml',
  endings: ['.kml'],
  isText: true,
  holdsPlainRows: false,
  open({ path, packed, folder }) {
    const file = new TextFile(path, packed);
    const tracks = new GroupedText(folder);
    /** Subject of a channel -> how many characters its points have. */
    const characters = new Map<string, number>();
    const copy = async (group: string) => {
      for (const text of tracks.read(group)) {
        file.write(text);
        await file.ready();
      }
    };
    return {
      add(row) {
        const place = placeOf(membersOf(row.json));
        if (!place) return PLACELESS;
        const event = eventLine(row);
        if (event.length > ROW_MAX_CHARACTERS) return TOO_LONG;
        const { longitude, latitude, elevation } = place;
        const texts = {
          when: `<when>${isoTime(row.timeMs)}</when>\n`,
          coord: `<gx:coord>${[longitude, latitude, elevation ?? '0'].map(decimalInXml).join(' ')}</gx:coord>\n`,
          event: `<gx:value>${jsonInXml(event)}</gx:value>\n`,
        };
        const whose = JSON.stringify([row.channel, row.subject]);
        const all =
          (characters.get(whose) ?? 0) + texts.when.length + texts.coord.length + texts.event.length;
        characters.set(whose, all);
        const track = Math.floor(all / TRACK_CHARACTERS);
        for (const part of PARTS)
          tracks.add(JSON.stringify([row.channel, row.subject, track, part]), texts[part]);
        return null;
      },
      ready: () => Promise.resolve(),
      async end() {
        file.write(
          '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2" ' +
            'xmlns:gx="http://www.google.com/kml/ext/2.2">\n<Document>\n' +
            `<Schema id="event"><gx:SimpleArrayField name="${EVENTS}" type="string"/></Schema>\n`,
        );
        for (const group of tracks.groups) {
          const [channel, subject, track, part] = JSON.parse(group) as [string, string, number, string];
          if (part !== 'when') continue;
          file.write(
            `<Placemark><name>${nameInXml(subject)}</name><description>${nameInXml(channel)}</description>` +
              '<gx:Track><altitudeMode>absolute</altitudeMode>\n',
          );
          await copy(group);
          await copy(JSON.stringify([channel, subject, track, 'coord']));
          file.write(`<ExtendedData><SchemaData schemaUrl="#event"><gx:SimpleArrayData name="${EVENTS}">\n`);
          await copy(JSON.stringify([channel, subject, track, 'event']));
          file.write('</gx:SimpleArrayData></SchemaData></ExtendedData></gx:Track></Placemark>\n');
        }
        file.write('</Document>\n</kml>\n');
        tracks.close();
        await file.end();
      },
    };
  },
} satisfies OutputFormat;
