import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { played, type PlayedRecord } from '../../helpers/played.ts';

const scratch = mkdtempSync(join(tmpdir(), 'reprise-xml-'));
after(() => rmSync(scratch, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

const START_MS = Date.UTC(2024, 4, 1, 10);
const timeOf = (i: number) => new Date(START_MS + i * 1000).toISOString();

/** What the point of this number holds. */
const contentOf = (i: number) => ({
  latitude: 48 + i / 1000,
  longitude: 11.5,
  elevation: 500 + i,
  heart_rate: 100 + i,
});

/** The element of a point; `gap` stands between its elements. */
function pointXml(i: number, gap: string): string {
  const { latitude, longitude, elevation, heart_rate } = contentOf(i);
  return `<trkpt lat="${latitude}" lon="${longitude}">${gap}<ele>${elevation}</ele>${gap}<time>${timeOf(i)}</time>${gap}<extensions><h:hr>${heart_rate}</h:hr></extensions>${gap}</trkpt>`;
}

/** The element of a point of TCX. */
function trackpointXml(i: number, gap: string): string {
  const { latitude, longitude, elevation, heart_rate } = contentOf(i);
  return `<Trackpoint>${gap}<Time>${timeOf(i)}</Time>${gap}<Position><LatitudeDegrees>${latitude}</LatitudeDegrees>${gap}<LongitudeDegrees>${longitude}</LongitudeDegrees></Position><AltitudeMeters>${elevation}</AltitudeMeters><HeartRateBpm><Value>${heart_rate}</Value></HeartRateBpm>${gap}</Trackpoint>`;
}

/** What a format puts around its points. */
const FORMATS = {
  gpx: {
    head: `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1" xmlns:h="urn:h">\n`,
    point: pointXml,
    first: '<trk><name>first</name><trkseg>',
    between: '</trkseg></trk><trk><name>second</name><trkseg>',
    end: '</trkseg></trk></gpx>\n',
  },
  tcx: {
    head: `<?xml version="1.0" encoding="UTF-8"?>
<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>\n`,
    point: trackpointXml,
    first: '<Activity Sport="Biking"><Id>2024-05-01</Id><Lap><Track>',
    between: '</Track></Lap><Lap StartTime="2024-05-01T10:00:00Z"><Track>',
    end: '</Track></Lap></Activity></Activities></TrainingCenterDatabase>\n',
  },
};

/** A file of two tracks, and where each of its points stands. */
function fileOf({ head, point, first, between, end }: (typeof FORMATS)['gpx'], count: number, gap: string) {
  const spans: { from: number; to: number }[] = [];
  let text = head;
  for (let i = 0; i < count; i++) {
    if (i === 0) text += first + gap;
    if (i === Math.ceil(count / 2)) text += gap + between + gap;
    const element = point(i, gap);
    spans.push({ from: text.length, to: text.length + element.length });
    text += element + gap;
  }
  return { text: text + end, spans };
}

const INSERTED = [
  ...[
    '&',
    '<',
    '>',
    '"',
    "'",
    '/',
    '=',
    'x',
    ' ',
    '\n',
    '\0',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '<!',
  ],
  ...['</', '/>', '<x>', '</x>', '<b', '< b', '&foo;', '&#', '&#0;', '&#x110000;', 'a & b', '1<2', '<trkpt>'],
  ...[
    '</trkpt>',
    '<trkseg>',
    '</trkseg>',
    '</trk>',
    '</gpx>',
    '<time>',
    '</time>',
    '<ele',
    '<trkpt lat="1"',
    '<Trackpoint>',
    '</Trackpoint>',
    '</Track>',
    '<Lap>',
    '<Position>',
  ],
];

const numberOf = ({ timeMs }: PlayedRecord) => (timeMs - START_MS) / 1000;

describe('R11: XML that is damaged in one place', () => {
  for (const [ending, parts] of Object.entries(FORMATS))
    it(`costs at most the points of ${ending} that the damage touches, and counts what is missing`, async () => {
      const damage = fc.oneof(
        { weight: 4, arbitrary: fc.record({ put: fc.constantFrom(...INSERTED), cut: fc.constant(0) }) },
        { weight: 2, arbitrary: fc.record({ put: fc.constant(''), cut: fc.integer({ min: 1, max: 3 }) }) },
        { weight: 2, arbitrary: fc.record({ put: fc.constantFrom(...INSERTED), cut: fc.constant(1) }) },
      );
      const gaps = fc.constantFrom('', '\n', '\r\n  ');
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 4, max: 9 }),
          gaps,
          damage,
          fc.double({ min: 0, max: 1, noNaN: true }),
          async (count, gap, { put, cut }, place) => {
            const { text, spans } = fileOf(parts, count, gap);
            const at = parts.head.length + Math.floor(place * (text.length - parts.head.length - cut));
            const damaged = text.slice(0, at) + put + text.slice(at + cut);
            const { records, refused, recording } = await played(file(`damaged.${ending}`, damaged));
            const isTouched = spans.map(({ from, to }) => at + cut >= from && at <= to);
            const touched = isTouched.filter(Boolean).length;
            const found = new Map(records.map((record) => [numberOf(record), record.data]));
            for (let i = 0; i < count; i++) {
              if (isTouched[i]) continue;
              const data = found.get(i);
              assert.ok(data, `point ${i} is lost: ${JSON.stringify(refused)}`);
              const { latitude, longitude, elevation, heart_rate } = data;
              assert.deepEqual({ latitude, longitude, elevation, heart_rate }, contentOf(i));
            }
            const missing = count - records.length;
            assert.ok(
              missing >= 0 && missing <= touched,
              `${missing} of ${touched} touched points are missing`,
            );
            assert.ok(recording.refused >= missing, `${recording.refused} refused, ${missing} missing`);
            assert.ok(recording.refused <= missing + 1, JSON.stringify(refused));
          },
        ),
        { numRuns: 300 },
      );
    }).timeout(120_000);
});
