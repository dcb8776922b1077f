import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { played, recordedCase, type Played, type PlayedRecord } from '../../helpers/played.ts';

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

/** The placemark of a point of KML. */
function placemarkXml(i: number, gap: string): string {
  const { latitude, longitude, elevation, heart_rate } = contentOf(i);
  return `<Placemark>${gap}<name>${i}</name>${gap}<TimeStamp><when>${timeOf(i)}</when></TimeStamp><ExtendedData><Data name="heart_rate"><value>${heart_rate}</value></Data></ExtendedData>${gap}<Point><coordinates>${longitude},${latitude},${elevation}</coordinates></Point>${gap}</Placemark>`;
}

const coordXml = (i: number) => {
  const { latitude, longitude, elevation } = contentOf(i);
  return `<gx:coord>${longitude} ${latitude} ${elevation}</gx:coord>`;
};

/** A file, and where the parts of each of its points stand. */
interface Sample {
  text: string;
  spans: { point: number; from: number; to: number }[];
}

class SampleText implements Sample {
  text: string;
  readonly spans: Sample['spans'] = [];

  constructor(head: string) {
    this.text = head;
  }

  add(text: string, point?: number): this {
    if (point !== undefined)
      this.spans.push({ point, from: this.text.length, to: this.text.length + text.length });
    this.text += text;
    return this;
  }
}

/** A file of two tracks, each of whose points is an element. */
function elements(
  head: string,
  point: typeof pointXml,
  [first, between, end]: [string, string, string],
): (count: number, gap: string) => Sample {
  return (count, gap) => {
    const sample = new SampleText(head).add(first + gap);
    for (let i = 0; i < count; i++) {
      if (i === Math.ceil(count / 2)) sample.add(gap + between + gap);
      sample.add(point(i, gap), i).add(gap);
    }
    return sample.add(`${end}\n`);
  };
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
const HEADS = {
  gpx: `${XML}<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1" xmlns:h="urn:h">\n`,
  tcx: `${XML}<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>\n`,
  kml: `${XML}<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>\n`,
};
const TRACK = '<Placemark><name>first</name><gx:Track>';
const TRACK_END = '</gx:Track></Placemark></Document></kml>\n';

const FORMATS: { [kind: string]: (count: number, gap: string) => Sample } = {
  gpx: elements(HEADS.gpx, pointXml, [
    '<trk><name>first</name><trkseg>',
    '</trkseg></trk><trk><name>second</name><trkseg>',
    '</trkseg></trk></gpx>',
  ]),
  tcx: elements(HEADS.tcx, trackpointXml, [
    '<Activity Sport="Biking"><Id>2024-05-01</Id><Lap><Track>',
    '</Track></Lap><Lap StartTime="2024-05-01T10:00:00Z"><Track>',
    '</Track></Lap></Activity></Activities></TrainingCenterDatabase>',
  ]),
  kml: elements(HEADS.kml, placemarkXml, [
    '<Folder><name>first</name>',
    '</Folder><Folder><name>second</name>',
    '</Folder></Document></kml>',
  ]),
  'kml, a track of pairs': (count, gap) => {
    const sample = new SampleText(HEADS.kml).add(TRACK + gap);
    for (let i = 0; i < count; i++) sample.add(`<when>${timeOf(i)}</when>${gap}${coordXml(i)}`, i).add(gap);
    return sample.add(TRACK_END);
  },
  'kml, a track of times, then positions': (count, gap) => {
    const sample = new SampleText(HEADS.kml).add(TRACK + gap);
    for (let i = 0; i < count; i++) sample.add(`<when>${timeOf(i)}</when>`, i).add(gap);
    for (let i = 0; i < count; i++) sample.add(coordXml(i), i).add(gap);
    return sample.add(TRACK_END);
  },
};

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
    '</Folder>',
    '<when>',
    '</when>',
    '</gx:coord>',
    '<gx:coord>',
    '<name>',
  ],
];

const numberOf = ({ timeMs }: PlayedRecord) => (timeMs - START_MS) / 1000;

describe('R11: XML that is damaged in one place', () => {
  for (const [kind, sampleOf] of Object.entries(FORMATS))
    it(`costs at most the points of ${kind} that the damage touches, and counts what is missing`, async () => {
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
            const { text, spans } = sampleOf(count, gap);
            const ending = kind.slice(0, 3) as keyof typeof HEADS;
            const head = HEADS[ending].length;
            const at = head + Math.floor(place * (text.length - head - cut));
            const damaged = text.slice(0, at) + put + text.slice(at + cut);
            const { records, refused, recording } = await played(file(`damaged.${ending}`, damaged));
            const touched = new Set(
              spans.filter(({ from, to }) => at + cut >= from && at <= to).map(({ point }) => point),
            );
            const found = new Map(records.map((record) => [numberOf(record), record.data]));
            for (let i = 0; i < count; i++) {
              if (touched.has(i)) continue;
              const data = found.get(i);
              assert.ok(data, `point ${i} is lost: ${JSON.stringify(refused)}`);
              const { heart_rate, ...place } = contentOf(i);
              const { latitude, longitude, elevation } = data;
              assert.deepEqual({ latitude, longitude, elevation }, place);
              if (!kind.includes('track')) assert.equal(data['heart_rate'], heart_rate);
            }
            const missing = count - records.length;
            assert.ok(
              missing >= 0 && missing <= touched.size,
              `${missing} of ${touched.size} touched points are missing`,
            );
            assert.ok(recording.refused >= missing, `${recording.refused} refused, ${missing} missing`);
            assert.ok(recording.refused <= missing + 1, JSON.stringify(refused));
          },
        ),
        { numRuns: 300 },
      );
    }).timeout(120_000);
});

describe('R11: a part of XML that is never closed', () => {
  const point = (i: number) => pointXml(i, '');
  const wrap = (...parts: string[]) =>
    `${HEADS.gpx}<trk><trkseg>\n${parts.map((part) => `${part}\n`).join('')}</trkseg></trk></gpx>\n`;

  for (const [what, mark] of Object.entries({
    'A comment': '<!--',
    'A CDATA section': '<![CDATA[',
    'A processing instruction': '<?',
  }))
    it(`is told with its line, and what follows it plays: ${what}`, async () => {
      const { records, refused } = await played(file('open.gpx', wrap(point(0), mark, point(1), point(2))));
      assert.deepEqual(records.map(numberOf), [0, 1, 2]);
      assert.deepEqual(
        refused.map(({ line, reason }) => [line, reason.startsWith(what)]),
        [[5, true]],
      );
    });

  it('is told where a file was cut off, between points and within one', async () => {
    const text = wrap(point(0), point(1), point(2));
    for (const [end, count] of [
      [text.indexOf('</trkseg>'), 3],
      [text.lastIndexOf('<trkpt') + 9, 2],
      [text.lastIndexOf('</time>'), 2],
    ] as const) {
      const { records, recording } = await played(file('cut.gpx', text.slice(0, end)));
      assert.equal(records.length, count);
      assert.equal(recording.refused, 1);
    }
  });

  it('leaves valid comments, CDATA sections and declarations alone', async () => {
    const whole = wrap(
      point(0),
      `<!-- ${point(1)} - > -->`,
      '<![CDATA[ <trkpt ]]>',
      '<?note a > b?>',
      point(2),
    );
    const text = whole.replace('?>\n', '?>\n<!DOCTYPE gpx [<!ENTITY x "y"> <!ENTITY z "y">]>\n');
    const { records, refused } = await played(file('valid.gpx', text));
    assert.deepEqual(records.map(numberOf), [0, 2]);
    assert.deepEqual(refused, []);
  });

  it('does not read twice what XML allows: text with entities, in any pieces, with any line ends', async () => {
    const text = wrap(
      `<trkpt lat='48.5' lon = "11.5"><time>${timeOf(0)}</time><cmt>a &amp; b &lt;c&gt;\r\nd &#228; &foo; &</cmt></trkpt>`,
    );
    const { records, refused } = await played(file('text.gpx', text));
    assert.deepEqual(refused, []);
    assert.equal(records[0]!.data['cmt'], 'a & b <c>\nd ä &foo; &');
  });

  it('takes unquoted attributes, and text with HTML in it', async () => {
    const text = wrap(
      `<trkpt lat=48.5 lon=11.5><desc>one<br>two <b>three</b> <i>four</desc><time>${timeOf(0)}</time></trkpt>`,
    );
    const { records, refused } = await played(file('html.gpx', text));
    assert.deepEqual(refused, []);
    const { latitude, longitude, desc } = records[0]!.data;
    assert.deepEqual([latitude, longitude, desc], [48.5, 11.5, 'onetwo three four']);
  });
});

describe('R11: the cases', () => {
  it('plays all points of files with one bare & in a name', async () => {
    for (const [name, count] of [
      ['amp-only.gpx', 100],
      ['amp-second.gpx', 300],
    ] as const) {
      const { records, refused } = await played(recordedCase(name));
      assert.equal(records.length, count);
      assert.deepEqual(refused, []);
      assert.ok(records.some(({ subject }) => subject === 'Fish & Chips'));
    }
  });
});

describe('R12: GPX of waypoints or routes', () => {
  const time = `<time>${timeOf(0)}</time>`;
  const waypoint = (inside: string) => `<wpt lat="48.1" lon="11.5">${inside}<name>P1</name></wpt>`;
  const route = (inside: string) => `<rte><name>r</name><rtept lat="48.2" lon="11.6">${inside}</rtept></rte>`;
  const track = (inside: string) =>
    `<trk><trkseg><trkpt lat="48.3" lon="11.7">${inside}</trkpt></trkseg></trk>`;
  const gpx = (...parts: string[]) => file('plan.gpx', `${HEADS.gpx}${parts.join('\n')}</gpx>\n`);
  const skipped = ({ recording }: Played) => ('skipped' in recording ? [...recording.skipped] : []);

  it('plays them where they have times, and says what kind of point each is', async () => {
    const wpt = await played(recordedCase('wpt.gpx'));
    assert.deepEqual(
      wpt.records.map(({ data }) => [data['kind'], data['name'], data['latitude']]),
      [
        ['waypoint', 'P1', 48.1],
        ['waypoint', 'P2', 48.2],
      ],
    );
    const rte = await played(recordedCase('rte.gpx'));
    assert.deepEqual(
      rte.records.map(({ data }) => [data['kind'], data['route'], data['latitude']]),
      [
        ['route_point', 'r', 48.1],
        ['route_point', 'r', 48.2],
      ],
    );
    const all = await played(gpx(waypoint(time), route(time), track(time)));
    assert.deepEqual(
      all.records.map(({ data }) => data['kind']),
      ['waypoint', 'route_point', undefined],
    );
  });

  it('skips those without a time in a file with times, wherever they stand, and counts them in words', async () => {
    for (const parts of [
      [waypoint(''), waypoint(''), route(''), track(time)],
      [track(time), waypoint(''), route(''), waypoint('')],
    ]) {
      const found = await played(gpx(...parts));
      assert.equal(found.records.length, 1);
      assert.deepEqual(found.refused, []);
      assert.deepEqual(skipped(found), [
        ['a waypoint without a time', 2],
        ['a point of a route without a time', 1],
      ]);
    }
  });

  it('names --every for a file without any time, and plays all its points with it', async () => {
    const path = gpx(waypoint(''), route(''), track(''));
    await assert.rejects(played(path), ({ hint }: { hint: string }) => hint.includes('--every'));
    const { records } = await played(path, { every: '1s' });
    assert.deepEqual(
      records.map(({ data }) => data['kind']),
      ['waypoint', 'route_point', undefined],
    );
  });
});

describe('R2: a track of KML whose times all stand before its positions', () => {
  it('plays where the positions lie beyond the beginning of the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kml-'));
    try {
      const path = join(folder, 'long.kml');
      const count = 30_000;
      const each = (text: (n: number) => string) =>
        Array.from({ length: count }, (_, n) => text(n)).join('\n');
      const times = each((n) => `<when>${new Date(1_714_500_000_000 + n * 1000).toISOString()}</when>`);
      const positions = each((n) => `<gx:coord>${n / 1000} 50 100</gx:coord>`);
      writeFileSync(path, `<kml><Document>${TRACK}${times}${positions}${TRACK_END}`);
      const { records, refused } = await played(path);
      assert.deepEqual(refused, []);
      assert.equal(records.length, count);
      assert.deepEqual(records.at(-1)!.data['longitude'], (count - 1) / 1000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('R13: an optional value of XML that means none', () => {
  it('plays the fix without it', async () => {
    const { records, refused } = await played(recordedCase('ele-nan.gpx'));
    assert.deepEqual(refused, []);
    assert.equal(records.length, 3);
    assert.ok(!('elevation' in records[0]!.data) && !('elevation' in records[1]!.data));
  });

  it('reads decimal numbers as XML writes them', async () => {
    const text = `${HEADS.gpx}<trk><trkseg><trkpt lat="+48.10" lon="011."><ele>-.5</ele><time>${timeOf(0)}</time></trkpt></trkseg></trk></gpx>`;
    const { records } = await played(file('decimal.gpx', text));
    const { latitude, longitude, elevation } = records[0]!.data;
    assert.deepEqual([latitude, longitude, elevation], [48.1, 11, -0.5]);
  });
});
