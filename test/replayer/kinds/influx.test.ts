import assert from 'node:assert/strict';
import fc from 'fast-check';
import { assertDamageStaysInLine, playedContent, rowsOf, sortedRows } from '../../helpers/format-rows.ts';

const only = async (line: string) => {
  const { values, problems } = await sortedRows('influx', line);
  assert.deepEqual(problems, []);
  assert.equal(values.length, 1);
  return values[0]!;
};

describe('Influx line protocol', () => {
  it('measurement, tags, fields of every type, time', async () => {
    const rows = await rowsOf(
      'influx',
      'weather,location=us-midwest,season=summer temperature=82,humidity=-7.10,n=12i,u=18446744073709551615u,ok=T,bad=false,e=1.5e3,note="a, \\"b\\" c\\\\ d=e" 1465839830100400200\n',
    );
    assert.equal(
      rows[0]!.json,
      '{"measurement":"weather","location":"us-midwest","season":"summer","temperature":82,"humidity":-7.10,"n":12,' +
        '"u":18446744073709551615,"ok":true,"bad":false,"e":1.5e3,"note":"a, \\"b\\" c\\\\ d=e","time":1465839830100400200}',
    );
    assert.equal(rows[0]!.subject, 'weather,location=us-midwest,season=summer');
  });

  it('escapes, as in the reference of InfluxDB', async () => {
    assert.deepEqual(await only('my\\ Measure\\,ment,tag\\ Key1=tag\\,Value\\=1 fie\\ ldKey=100 1'), {
      measurement: 'my Measure,ment',
      'tag Key1': 'tag,Value=1',
      'fie ldKey': 100,
      time: 1,
    });
    assert.equal((await only('m,path=C:\\temp f=1 1'))['path'], 'C:\\temp');
    assert.equal((await only('"m",k="v" f="a" 1'))['k'], '"v"');
  });

  it('the unit of the timestamps is told by their digits, and by --time-format', async () => {
    for (const [stamp, unit] of [
      ['1465839830', 's'],
      ['1465839830000', 'ms'],
      ['1465839830000000', 'us'],
      ['1465839830000000000', 'ns'],
    ] as const) {
      const { records, recording } = await playedContent('x.lp', `m,a=b v=1 ${stamp}\nm,a=c v=2 ${stamp}\n`);
      assert.deepEqual(
        records.map(({ time, subject }) => [time, subject]),
        [
          ['2016-06-13T17:43:50.000Z', 'm,a=b'],
          ['2016-06-13T17:43:50.000Z', 'm,a=c'],
        ],
      );
      assert.equal('interpretation' in recording && recording.interpretation.timeFormat.value, unit);
    }
    const { records } = await playedContent('x.lp', 'm v=1 100000\nm v=2 100001\n', {
      timeFormat: 's',
      time: 'time',
    });
    assert.equal(records[0]!.timeMs, 100_000_000);
  });

  it('series that differ in one tag are two subjects, in any order of the tags', async () => {
    const rows = await rowsOf(
      'influx',
      ['m,b=1,a=2 v=1 1', 'm,a=2,b=1 v=1 2', 'm,a=2,b=1\\,c\\=3 v=1 3'].join('\n'),
    );
    assert.deepEqual(
      rows.map(({ subject }) => subject),
      ['m,a=2,b=1', 'm,a=2,b=1', 'm,a=2,b=1\\,c\\=3'],
    );
  });

  it('a field with the name of a tag loses neither', async () => {
    const values = await only('m,host=a,time=x host=1,measurement=2 5');
    assert.deepEqual(values, {
      measurement: 'm',
      host: 'a',
      time_1: 'x',
      host_1: 1,
      measurement_1: 2,
      time: 5,
    });
  });

  it('what is not right is refused with words; comments and statements are passed over', async () => {
    const { values, problems } = await sortedRows(
      'influx',
      [
        '# DDL',
        'CREATE DATABASE x WITH NAME autogen',
        'm v=1 1',
        'm',
        'm v= 1',
        'm v=abc 1',
        'm,a v=1 1',
        'm,a= v=1 1',
        'm v=1 1x',
        'm v=9223372036854775808i 1',
        'm v=-1u 1',
        'm v=NaN 1',
        'm v=1,v=2 1',
        ',a=b v=1 1',
        'm v="a"b 1',
        '',
        'm v=2 2',
      ].join('\n'),
    );
    assert.deepEqual(
      values.map(({ v }) => v),
      [1, 2],
    );
    assert.deepEqual(
      problems.map((each) => Number.parseInt(each, 10)),
      [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    );
  });

  it('points without a timestamp are refused, and --every plays them', async () => {
    const { records, refused } = await playedContent('x.lp', 'm v=1 1465839830000000000\nm v=2\n');
    assert.deepEqual([records.length, refused.length], [1, 1]);
    assert.match(refused[0]!.reason, /^No time/);
    await assert.rejects(playedContent('x.lp', 'm v=1\nm v=2\n'), (error: { hint?: string }) =>
      /--every/.test(error.hint ?? ''),
    );
    assert.equal((await playedContent('x.lp', 'm v=1\nm v=2\n', { every: '1s' })).records.length, 2);
  });

  const name = fc
    .string({ unit: fc.constantFrom(...'ab ,=é"x'), minLength: 1, maxLength: 6 })
    .filter((each) => !/^[#"]|^\s*$/.test(each));
  const point = fc.record({
    measurement: name,
    tags: fc.uniqueArray(fc.tuple(name, name), { maxLength: 3, selector: ([key]) => key }),
    text: fc.string({ unit: fc.constantFrom(...'a ",=\\\n#é1'), maxLength: 12 }),
    number: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    time: fc.bigInt({ min: 1n, max: 1n << 62n }),
  });
  const escaped = (text: string, what: RegExp) => text.replace(what, '\\$&');
  type Written = typeof point extends fc.Arbitrary<infer T> ? T : never;
  const written = ({ measurement, tags, text, number, time }: Written) =>
    [
      escaped(measurement, /[, ]/g),
      ...tags.map(([key, value]) => `,${escaped(key, /[,= ]/g)}=${escaped(value, /[,= ]/g)}`),
      ` zt="${escaped(text, /["\\]/g)}",zn=${number}i ${time}`,
    ].join('');

  it('any points come back as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(point, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        async (points, size) => {
          const rows = await rowsOf('influx', `${points.map(written).join('\n')}\n`, size);
          assert.equal(rows.length, points.length);
          for (const [i, { measurement, tags, text, number, time }] of points.entries()) {
            const { values, json } = rows[i]!;
            assert.ok(values, JSON.stringify(rows[i]));
            assert.equal(values['measurement'], measurement);
            assert.equal(values['zt'], text);
            for (const [key, value] of tags) assert.equal(values[key], value);
            assert.ok(json!.includes(`"zn":${number},"time":${time}}`));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('damage stays in its line, an open quote too', async () => {
    const lines = Array.from({ length: 8 }, (_, i) => `m,host=h${i} v=${i},text="t ${i}" ${1465839830 + i}`);
    const content = `${lines.join('\n')}\n`;
    const intact = (await rowsOf('influx', content)).map(({ json }) => json);
    await assertDamageStaysInLine('influx', lines, 300);
    for (let at = 0; at < content.length; at += 5) {
      const rows = await rowsOf('influx', content.slice(0, at));
      const whole = content.slice(0, at).split('\n').length - 1;
      assert.deepEqual(
        rows.slice(0, whole).map(({ json }) => json),
        intact.slice(0, whole),
      );
    }
  });
});

describe('Influx annotated CSV', () => {
  /** As in the documentation of InfluxDB 2. */
  const table = [
    '#group,false,false,true,true,false,false,true,true,true,true',
    '#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string,string',
    '#default,mean,,,,,,,,,',
    ',result,table,_start,_stop,_time,_value,_field,_measurement,host,region',
    ',,0,2022-12-31T05:41:24Z,2023-01-31T05:41:24.001Z,2023-01-01T00:52:00Z,15.43,mem,m,A,east',
    ',,1,2022-12-31T05:41:24Z,2023-01-31T05:41:24.001Z,2023-01-01T00:53:00Z,59.25,mem,m,B,east',
    ',,2,2022-12-31T05:41:24Z,2023-01-31T05:41:24.001Z,2023-01-01T00:54:00Z,52.62,mem,m,C,east',
  ];

  it('plays records typed by their annotations, with the series as subject', async () => {
    for (const name of ['x.csv', 'x.fluxcsv', 'query.out']) {
      const { records, refused, recording } = await playedContent(name, `${table.join('\r\n')}\r\n\r\n`);
      assert.equal(recording.format, 'flux');
      assert.deepEqual(refused, []);
      assert.deepEqual(
        records.map(({ time, subject }) => [time, subject]),
        ['A', 'B', 'C'].map((host, i) => [
          `2023-01-01T00:5${2 + i}:00.000Z`,
          `m,_field=mem,host=${host},region=east`,
        ]),
      );
      const { result, table: number, _value: value } = records[0]!.data;
      assert.deepEqual([result, number, value], ['mean', 0, 15.43]);
    }
  });

  it('reads several tables, each with its own columns and types', async () => {
    const content = [
      ...table,
      '',
      '#group,false,false,false,false,true',
      '#datatype,string,long,dateTime:RFC3339,unsignedLong,string',
      '#default,_result,,,,',
      ',result,table,_time,_value,id',
      ',,3,2023-01-01T00:55:00Z,18446744073709551615,007',
      '',
      ',result,table,_time,_value,id',
      ',,4,2023-01-01T00:56:00Z,2,"a ""b"", c"',
      '',
      '#datatype,string,boolean,double,dateTime:RFC3339',
      '#group,false,true,false,false',
      '#default,,,,',
      ',id,on,v,_time',
      ',0x1F,true,NaN,2023-01-01T00:57:00Z',
    ].join('\n');
    const rows = await rowsOf('flux', content);
    assert.deepEqual(
      rows.slice(3).map(({ line, json, subject, absent }) => [line, json, subject, absent]),
      [
        [
          13,
          '{"result":"_result","table":3,"_time":"2023-01-01T00:55:00Z","_value":18446744073709551615,"id":"007"}',
          'id=007',
          undefined,
        ],
        [
          16,
          '{"result":"_result","table":4,"_time":"2023-01-01T00:56:00Z","_value":2,"id":"a \\"b\\", c"}',
          'id=a\\ "b"\\,\\ c',
          undefined,
        ],
        [22, '{"id":"0x1F","on":true,"_time":"2023-01-01T00:57:00Z"}', 'on=true', 1],
      ],
    );
  });

  it('tells the error of a query, and a cell that is not of its type', async () => {
    const content = [
      ...table.slice(0, 5),
      ',,0,2022-12-31T05:41:24Z,2023-01-31T05:41:24.001Z,2023-01-01T00:52:00Z,fifteen,mem,m,A,east',
      ',,0,2023-01-01T00:52:00Z',
      '',
      '#datatype,string,string',
      '#group,true,true',
      '#default,,',
      ',error,reference',
      ',Failed to parse query,897',
    ].join('\n');
    const { values, problems } = await sortedRows('flux', content);
    assert.equal(values.length, 1);
    assert.deepEqual(problems, [
      '6: "fifteen" in column _value is not a double.',
      '7: 4 cells where the header has 11.',
      '13: The query failed: Failed to parse query (897).',
    ]);
  });

  it('reads what `influx write` takes: annotations with a value in the first column', async () => {
    const content = [
      '#datatype measurement,tag,double,dateTime:RFC3339',
      'm,host,used,time',
      'mem,host1,64.23,2020-01-01T00:00:00Z',
    ];
    const { records } = await playedContent('x.csv', content.join('\n'));
    assert.deepEqual(
      records.map(({ time, subject, json }) => [time, subject, json]),
      [
        [
          '2020-01-01T00:00:00.000Z',
          'host=host1',
          '{"m":"mem","host":"host1","used":64.23,"time":"2020-01-01T00:00:00Z"}',
        ],
      ],
    );
  });

  it('damage to a record stays there, an open quote and a blank line too', async () => {
    const records = Array.from({ length: 8 }, (_, i) =>
      table[4]!.replace('15.43', `${i}.5`).replace('A,', `"h ${i}",`),
    );
    const head = `${table.slice(0, 4).join('\n')}\n`;
    const content = `${head}${records.join('\n')}\n`;
    const intact = (await rowsOf('flux', content)).map(({ json }) => json);
    assert.equal(intact.length, 8);
    const from = head.length;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: from, max: content.length - 1 }),
        fc.constantFrom('"', '\n', '\n\n', ',', 'x', '#'),
        async (at, put) => {
          const hit = content.slice(from, at).split('\n').length - 1;
          const rows = (await rowsOf('flux', content.slice(0, at) + put + content.slice(at + 1))).map(
            ({ json }) => json,
          );
          for (const [i, row] of intact.entries())
            if (i !== hit && !(content[at] === '\n' && i === hit + 1))
              assert.ok(rows.includes(row), `${at} ${JSON.stringify(put)} ${i}`);
        },
      ),
      { numRuns: 400 },
    );
  });
});
