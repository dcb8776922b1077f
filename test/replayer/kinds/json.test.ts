import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Row } from '../../../replayer/formats/support/format.ts';
import { formatOf } from '../../../replayer/reading/formats.ts';
import { played, recordedCase } from '../../helpers/played.ts';
import { rowsOf } from '../../helpers/rows.ts';

const caseText = (name: string) => readFileSync(recordedCase(name), 'utf8');
const values = (rows: Row[]) => rows.filter((row) => row.values).map((row) => row.values);
const T = (second: number) => `2024-05-01T10:00:${String(second).padStart(2, '0')}Z`;
const row = (second: number, more: object = {}) => ({ time: T(second), ...more });
const layoutOf = (text: string) => formatOf('x.json', text).layout!(text, { rename: new Map() }).rows!;

describe('R2: a JSON document with several arrays', () => {
  it('plays all arrays whose elements hold a time, in the order of the file', async () => {
    const { records } = await played(recordedCase('errors-first.json'), { outliers: 'keep' });
    assert.deepEqual(
      records.map(({ data }) => data),
      [{ code: 1, time: '2020-01-01T00:00:00Z' }, row(0, { id: 'a', v: 1 }), row(10, { id: 'a', v: 2 })],
    );
  });

  it('takes the name of an array for the subject where nothing else tells its rows apart', async () => {
    const { records } = await played(recordedCase('array-per-device.json'));
    assert.deepEqual(
      records.map(({ subject, data }) => [subject, data['v']]),
      [
        ['a', 1],
        ['b', 2],
        ['b', 3],
      ],
    );
  });

  it('keeps the subject that rows have', async () => {
    const text = JSON.stringify({ buses: [row(0, { id: 'x' })], trams: [row(1, { id: 'y' })] });
    const rows = await rowsOf('x.json', text);
    assert.deepEqual(values(rows), [row(0, { id: 'x' }), row(1, { id: 'y' })]);
    assert.ok(rows.every(({ subject }) => subject === undefined));
  });

  it('counts the elements of arrays that are not read, with the reason', async () => {
    const text = JSON.stringify({
      errors: [{ code: 1 }, { code: 2 }],
      data: [row(0), row(1)],
      links: ['a', 'b'],
    });
    const rows = await rowsOf('x.json', text);
    assert.deepEqual(values(rows), [row(0), row(1)]);
    assert.deepEqual(
      rows.flatMap(({ skipped }) => skipped ?? []),
      [
        'an object of "errors" that holds no time',
        'an object of "errors" that holds no time',
        'the plain values of "links"',
      ],
    );
    const { value, certainty, because } = layoutOf(text);
    assert.deepEqual([value, certainty], [['data'], 'likely']);
    assert.match(because, /objects of "data" hold times; not rows are "errors" \(no times\)/);
  });

  it('reads an array that the sample does not show by the same rule', async () => {
    const first = Array.from({ length: 10_000 }, (_, i) => row(i % 60, { v: i }));
    const text = JSON.stringify({ a: first, notes: [{ n: 1 }], late: { deep: [row(1, { v: -1 })] } });
    const rows = await rowsOf('x.json', text);
    assert.deepEqual(values(rows), [...first, row(1, { v: -1 })]);
    assert.equal(rows.filter(({ skipped }) => skipped).length, 1);
  });

  it('reads the arrays that are named, and counts the others', async () => {
    const text = caseText('errors-first.json');
    const rows = await rowsOf('x.json', text, { rows: ['data'] });
    assert.equal(values(rows).length, 2);
    assert.deepEqual(
      rows.flatMap(({ skipped }) => skipped ?? []),
      ['an element of "warnings", which is not read'],
    );
  });

  it('gives nested rows what the objects around them say', async () => {
    const text = JSON.stringify([
      { device: 'a', meta: { kind: 1 }, points: [row(0, { v: 1 }), row(1, { v: 2 })] },
      { points: [row(2, { v: 3 })], device: 'b' },
    ]);
    assert.deepEqual(values(await rowsOf('x.json', text)), [
      { device: 'a', ...row(0, { v: 1 }) },
      { device: 'a', ...row(1, { v: 2 }) },
      { device: 'b', ...row(2, { v: 3 }) },
    ]);
    const one = JSON.stringify({ status: 'ok', imei: '35', count: 1, list: { points: [row(0)] } });
    assert.deepEqual(values(await rowsOf('x.json', one)), [{ imei: '35', ...row(0) }]);
  });

  it('plays both where an object with a time holds rows with times', async () => {
    const text = JSON.stringify({ uploads: [{ ...row(9), battery: 5, readings: [row(1, { v: 1 })] }] });
    assert.deepEqual(values(await rowsOf('x.json', text)), [
      row(9, { battery: 5 }),
      { battery: 5, ...row(1, { v: 1 }) },
    ]);
  });

  it('reads objects that stand under their names', async () => {
    const rows = await rowsOf(
      'x.json',
      JSON.stringify({ devices: { a: row(0, { v: 1 }), b: row(1, { v: 2 }) } }),
    );
    assert.deepEqual(
      rows.map(({ subject, values }) => [subject, values]),
      [
        ['a', row(0, { v: 1 })],
        ['b', row(1, { v: 2 })],
      ],
    );
    const pushed = { '-NxAbcdefghijklmnop1': row(0, { v: 1 }), '-NxAbcdefghijklmnop2': row(1, { v: 2 }) };
    const nested = await rowsOf('x.json', JSON.stringify({ log: { bus: pushed, tram: pushed } }));
    assert.deepEqual(
      nested.map(({ subject, values }) => [subject, values!['key'], values!['v']]),
      [
        ['bus', '-NxAbcdefghijklmnop1', 1],
        ['bus', '-NxAbcdefghijklmnop2', 2],
        ['tram', '-NxAbcdefghijklmnop1', 1],
        ['tram', '-NxAbcdefghijklmnop2', 2],
      ],
    );
    const byTime = { 'Time Series': { [T(0)]: { open: 1 }, [T(5)]: { open: 2 } } };
    assert.deepEqual(values(await rowsOf('x.json', JSON.stringify(byTime))), [
      row(0, { open: 1 }),
      row(5, { open: 2 }),
    ]);
  });

  it('has the objects of the outermost arrays as rows where nothing holds a time', async () => {
    const text = '{"page":1,"points":[{"lat":1,"tags":[{"k":1}]},{"lat":2}],"more":[{"lat":3}]}';
    assert.deepEqual(values(await rowsOf('x.json', text)), [
      { lat: 1, tags: [{ k: 1 }] },
      { lat: 2 },
      { lat: 3 },
    ]);
    assert.equal(layoutOf(text).certainty, 'guess');
  });

  it('reads tables in objects and in arrays', async () => {
    const expected = [row(0, { v: 1 }), row(1)];
    for (const table of [
      {
        columns: ['time', 'v'],
        index: [0, 1],
        data: [
          [T(0), 1],
          [T(1), null],
        ],
      },
      { hourly_units: { time: 'iso8601' }, hourly: { time: [T(0), T(1)], v: [1, null] } },
      {
        results: [
          {
            series: [
              {
                columns: ['time', 'v'],
                values: [
                  [T(0), 1],
                  [T(1), null],
                ],
              },
            ],
          },
        ],
      },
      [
        ['time', 'v'],
        [T(0), 1],
        [T(1), null],
      ],
    ])
      assert.deepEqual(values(await rowsOf('x.json', JSON.stringify(table, null, 1))), expected);
  });
});

describe('R3 and R17: JSON in lines that are not rows, and rows that are not lines', () => {
  it('looks at the first value, whatever the ending says', async () => {
    const { records } = await played(recordedCase('object-then-lines.json'));
    assert.deepEqual(
      records.map(({ data }) => data),
      [row(0, { id: 'a', v: 1 }), row(10, { id: 'a', v: 2 })],
    );
    for (const name of ['firehose.ndjson', 'jq-pretty.ndjson']) {
      const { records, refused } = await played(recordedCase(name));
      assert.deepEqual(
        [records.map(({ data }) => data), refused],
        [[0, 10, 20].map((second, i) => row(second, { id: 'a', v: i + 1 })), []],
        name,
      );
    }
  });

  it('reads values behind marks, assignments and calls', async () => {
    const list = JSON.stringify([row(0), row(1)], null, 1);
    for (const text of [
      `\ufeff${list}`,
      `window.YTD.tweets.part0 = ${list}`,
      `const data = ${list};\n`,
      `callback(${list});`,
      `)]}',\n${list}`,
      `\u001e${JSON.stringify(row(0))}\n\u001e${JSON.stringify(row(1))}\n`,
      `${JSON.stringify(row(0))},${JSON.stringify(row(1))}`,
      `${list.replace('\n', '')}[]`,
      JSON.stringify([row(0)]) + JSON.stringify([row(1)]),
    ])
      for (const name of ['x.json', 'x.ndjson', 'x.js', 'unnamed']) {
        const rows = await rowsOf(name, text);
        assert.deepEqual([values(rows), rows.length], [[row(0), row(1)], 2], `${name}: ${text}`);
      }
  });

  it('keeps lines of objects for lines', () => {
    const line = JSON.stringify(row(0, { deep: { list: [{ a: 1 }] } }));
    assert.equal(formatOf('x.json', `${line}\n${line}\n`).name, 'ndjson');
    assert.equal(formatOf('x.ndjson', `{"broken\n${line}\n${line}\n`).name, 'ndjson');
    assert.equal(formatOf('x.ndjson', `${line}\n`).name, 'ndjson');
    assert.equal(formatOf('x.ndjson', `${line.repeat(2)}\n`).name, 'json');
    assert.equal(formatOf('x.ndjson', `{"device":"a","points":[${line}]}\n`.repeat(2)).name, 'json');
  });
});

describe('R17: lines that hold several objects, and objects over several lines', () => {
  const lines = Array.from({ length: 40 }, (_, i) => JSON.stringify(row(i % 60, { v: i })));

  it('is all read in a file of lines', async () => {
    const text = [
      ...lines.slice(0, 20),
      lines.slice(20, 23).join(''),
      lines.slice(23, 25).join(', '),
      JSON.stringify(row(25, { v: 25 }), null, 2),
      ...lines.slice(26),
    ].join('\n');
    const rows = await rowsOf('x.ndjson', text);
    assert.deepEqual(
      rows.map(({ values, json }) => [values!['v'], json!.includes('\n')]),
      lines.map((_, i) => [i, false]),
    );
    assert.equal(rows.at(-1)!.line, text.split('\n').length);
  });

  it('loses only the object that does not end', async () => {
    for (const broken of ['{"time": 1, "list": [', '{"time": 1,', '{"time": "x', '{"a": 1}}', 'nonsense']) {
      const rows = await rowsOf('x.ndjson', [...lines.slice(0, 5), broken, ...lines.slice(5)].join('\n'));
      assert.deepEqual(
        rows.map(({ values }) => values?.['v']),
        [0, 1, 2, 3, 4, undefined, ...lines.slice(5).map((_, i) => i + 5)],
        broken,
      );
      assert.equal(rows[5]!.line, 6);
    }
  });
});

describe('R4: digits of JSON', () => {
  it('keeps identifiers beyond 2^53 apart', async () => {
    const { records } = await played(recordedCase('big-ids.ndjson'), { subject: 'user_id' });
    assert.deepEqual(
      records.map(({ subject }) => subject),
      ['1234567890123456789', '1234567890123456790', '1234567890123456791'],
    );
    assert.match(records[0]!.json, /"user_id":1234567890123456789,/);
  });

  it('keeps on the wire what is in the file', async () => {
    const line = `{"time":"${T(0)}","a":1.10,"b":1e400,"c":-0,"d":"\\ud800","__proto__":{"x":1},"e":12345678901234567890,"f":"12345678901234567"}`;
    for (const text of [`${line}\n${line}\n`, `[\n${line},\n${line}]`]) {
      const rows = await rowsOf('x.json', text);
      assert.deepEqual(
        rows.map(({ json }) => json),
        [line, line],
      );
      const { e, f } = rows[0]!.values!;
      assert.deepEqual([e, f], ['12345678901234567890', '12345678901234567']);
    }
  });

  it('leaves out members that are NaN or Infinity, which Python writes, and counts them', async () => {
    const line = `{"a": NaN, "time": "${T(0)}", "s": "NaN", "b": -Infinity, "l": [NaN, 1], "c":Infinity}`;
    for (const text of [`${line}\n${line}\n`, `[${line},${line}]`])
      assert.deepEqual(
        (await rowsOf('x.json', text)).map(({ values, absent }) => [values, absent]),
        Array(2).fill([row(0, { s: 'NaN', l: [null, 1] }), 4]),
      );
  });
});

describe('GeoJSON in other places than a collection at the root', () => {
  const point = (second: number, more: object = {}) => ({
    type: 'Feature',
    id: second,
    properties: row(second),
    geometry: { type: 'Point', coordinates: [11.5, 48.1] },
    ...more,
  });
  const fix = (second: number) => row(second, { id: second, longitude: 11.5, latitude: 48.1 });
  const geoRows = async (value: unknown) => values(await rowsOf('x.geojson', JSON.stringify(value, null, 1)));

  it('is found below other members, in lines and in sequences', async () => {
    const collection = { type: 'FeatureCollection', features: [point(0), point(1)] };
    const line = (value: object) => JSON.stringify(value);
    for (const text of [
      line(collection),
      JSON.stringify({ ok: true, result: { layer: collection } }, null, 2),
      line({ bounds: [1, 2], items: collection.features }),
      line(collection.features),
      `${line(point(0))}\n${line(point(1))}\n`,
      `\u001e${line(point(0))}\n\u001e${line(point(1))}\n`,
      JSON.stringify(point(0), null, 2) + JSON.stringify(point(1), null, 2),
      `${line({ ...collection, features: [point(0)] })}\n${line({ ...collection, features: [point(1)] })}`,
      `var tracks = ${line(collection)};`,
    ])
      for (const name of ['x.json', 'x.ndjson', 'x.geojson', 'unnamed'])
        assert.deepEqual(values(await rowsOf(name, text)), [fix(0), fix(1)], `${name}: ${text}`);
  });

  it('keeps rows that only hold a feature', () => {
    const text = JSON.stringify([{ ...row(0), area: point(0) }]);
    assert.equal(formatOf('x.json', text).name, 'json');
  });

  it('has times of points, lines and collections, and in positions', async () => {
    const at = (i: number) => ({ time: T(i), longitude: i, latitude: 48 });
    const feature = (geometry: object, properties: object | null) => ({
      type: 'Feature',
      properties,
      geometry,
    });
    const times = [T(0), T(1)];
    const coordinates = [
      [0, 48],
      [1, 48],
    ];
    for (const geometry of [
      { type: 'MultiPoint', coordinates },
      { type: 'LineString', coordinates },
    ])
      for (const name of ['coordTimes', 'times'])
        assert.deepEqual(await geoRows(feature(geometry, { name: 'x', [name]: times })), [
          { name: 'x', ...at(0) },
          { name: 'x', ...at(1) },
        ]);
    const points = coordinates.map((position) => ({ type: 'Point', coordinates: position }));
    assert.deepEqual(
      await geoRows(
        feature({ type: 'GeometryCollection', geometries: points }, { times: times.map((t) => [t]) }),
      ),
      [at(0), at(1)],
    );
    const trip = coordinates.map((position, i) => [...position, 5, 1714557600 + i]);
    assert.deepEqual(await geoRows(feature({ type: 'LineString', coordinates: trip }, null)), [
      { time: 1714557600, longitude: 0, latitude: 48, elevation: 5 },
      { time: 1714557601, longitude: 1, latitude: 48, elevation: 5 },
    ]);
    const shape = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }; // prettier-ignore
    const around = { type: 'GeometryCollection', geometries: [points[1]!, shape] };
    assert.deepEqual(await geoRows(feature(around, row(0))), [{ ...at(1), time: T(0), geometry: around }]);
  });

  it('keeps members of a feature that are not properties', async () => {
    assert.deepEqual(await geoRows(point(0, { properties: null, timestamp: T(0) })), [
      { id: 0, timestamp: T(0), longitude: 11.5, latitude: 48.1 },
    ]);
  });
});
