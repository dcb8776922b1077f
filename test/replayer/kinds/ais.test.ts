import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import type { Data } from '../../../core/wire/event.ts';
import { assertDamageStaysInLine, playedContent, sortedRows } from '../../helpers/format-rows.ts';
import { aivdm, classA, sentence, type AisField } from '../../helpers/nmea.ts';

const KNOT = 1852 / 3600;
const only = async (...lines: string[]): Promise<Data> => {
  const { values, problems } = await sortedRows('nmea', lines.join('\n'));
  assert.deepEqual(problems, []);
  assert.equal(values.length, 1);
  return values[0]!;
};

/**
 * Messages whose values are published: in the tests of pyais (MIT) and in "AIVDM/AIVDO protocol decoding" of gpsd.
 * Speeds there are in knots.
 */
const PUBLISHED: [lines: string[], knots: number | null, values: Data][] = [
  [
    ['!AIVDM,1,1,,B,15M67FC000G?ufbE`FepT@3n00Sa,0*5C'],
    0,
    {
      mmsi: '366053209',
      message_type: 1,
      navigation_status: 3,
      rate_of_turn_degrees_per_minute: 0,
      high_accuracy: false,
      longitude: -122.3416183,
      latitude: 37.8021183,
      bearing: 219.3,
      heading: 1,
      utc_second: 59,
    },
  ],
  [
    // Course, heading and rate of turn are not available.
    ['!AIVDM,1,1,,A,15NPOOPP00o?b=bE`UNv4?w428D;,0*24'],
    0,
    {
      mmsi: '367533950',
      message_type: 1,
      navigation_status: 0,
      high_accuracy: true,
      longitude: -122.4082317,
      latitude: 37.8084183,
      utc_second: 34,
    },
  ],
  [
    ['!AIVDM,1,1,,A,403OviQuMGCqWrRO9>E6fE700@GO,0*4D'],
    null,
    {
      mmsi: '003669702',
      message_type: 4,
      clock_epoch_seconds: Date.UTC(2007, 4, 14, 19, 57, 39) / 1000,
      high_accuracy: true,
      longitude: -76.3523617,
      latitude: 36.8837667,
    },
  ],
  [
    [
      '!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C',
      '!AIVDM,2,2,1,A,88888888880,2*25',
    ],
    null,
    {
      mmsi: '351759000',
      message_type: 5,
      imo: 9134270,
      callsign: '3FOF8',
      name: 'EVER DIADEM',
      ship_type: 70,
      length_meters: 295,
      width_meters: 32,
      eta: '05-15T14:00Z',
      draught_meters: 12.2,
      destination: 'NEW YORK',
    },
  ],
  [
    ['!AIVDM,1,1,,B,91b55wi;hbOS@OdQAC062Ch2089h,0*30'],
    42,
    {
      mmsi: '111232511',
      message_type: 9,
      elevation: 303,
      high_accuracy: false,
      longitude: -6.2788433,
      latitude: 58.144,
      bearing: 154.5,
      utc_second: 15,
    },
  ],
  [
    ['!AIVDM,1,1,,B,;4R33:1uUK2F`q?mOt@@GoQ00000,0*5D'],
    null,
    {
      mmsi: '304137000',
      message_type: 11,
      clock_epoch_seconds: Date.UTC(2009, 4, 22, 2, 22, 40) / 1000,
      high_accuracy: true,
      longitude: -94.4076833,
      latitude: 28.4091167,
    },
  ],
  [
    ['!AIVDM,1,1,,B,C5N3SRgPEnJGEBT>NhWAwwo862PaLELTBJ:V00000000S0D:R220,0*0B'],
    8.7,
    {
      mmsi: '367059850',
      message_type: 19,
      high_accuracy: false,
      longitude: -88.8103939,
      latitude: 29.543695,
      bearing: 335.9,
      utc_second: 46,
      name: 'CAPT.J.RIMES',
      ship_type: 70,
      length_meters: 26,
      width_meters: 8,
    },
  ],
  [
    ['!AIVDM,2,1,7,B,E4eHJhPR37q0000000000000000KUOSc=rq4h00000a,0*4A', '!AIVDM,2,2,7,B,@20,4*54'],
    null,
    {
      mmsi: '316021442',
      message_type: 21,
      aid_type: 1,
      name: 'DFO2',
      high_accuracy: true,
      longitude: -123.429155,
      latitude: 48.65457,
      utc_second: 18,
      off_position: true,
      virtual: false,
    },
  ],
  [
    ['!AIVDM,1,1,,A,H52KMeDU653hhhi0000000000000,0*1A'],
    null,
    { mmsi: '338091445', message_type: 24, ship_type: 37 },
  ],
  [
    ['!AIVDO,1,1,,A,H>W@vFTe6??406t2??21J0Wg8Jb0,0*6F'],
    null,
    {
      mmsi: '980696666',
      message_type: 24,
      ship_type: 45,
      callsign: 'BOOBAZ',
      mothership_mmsi: '666666666',
      own_ship: true,
    },
  ],
  [
    ['!AIVDM,1,1,,B,KC5E2b@U19PFdLbMuc5=ROv62<7m,0*16'],
    57,
    {
      mmsi: '206914217',
      message_type: 27,
      high_accuracy: false,
      navigation_status: 2,
      longitude: 137.0233333,
      latitude: 4.84,
      bearing: 167,
    },
  ],
];

/** ggencoder, another decoder. It has no types. */
interface Oracle {
  mmsi: string;
  lat?: number;
  lon?: number;
  sog?: number;
  cog?: number;
  hdg?: number;
  shipname?: string;
  callsign?: string;
  destination?: string;
  cargo?: number;
  draught?: number;
}
const { AisDecode } = createRequire(import.meta.url)('ggencoder') as {
  AisDecode: new (line: string, session: object) => Oracle;
};
const oracle = (lines: string[]): Oracle => {
  const session = {};
  return lines.map((line) => new AisDecode(line, session)).at(-1)!;
};

describe('AIS: what a message says', () => {
  for (const [lines, knots, wanted] of PUBLISHED)
    it(`message ${String(wanted['message_type'])}: as published`, async () => {
      const { speed_meters_per_second: speed, ...values } = await only(...lines);
      assert.deepEqual(
        { ...values, longitude: Number((values['longitude'] as number | undefined)?.toFixed(5)) },
        { ...wanted, longitude: Number((wanted['longitude'] as number | undefined)?.toFixed(5)) },
      );
      if (knots === null) assert.equal(speed, undefined);
      else assert.ok(Math.abs(Number(speed) - knots * KNOT) < 1e-4);
    });

  const word = fc
    .string({ unit: fc.constantFrom(...'ABCXYZ0189 .-'), minLength: 1, maxLength: 7 })
    .map((each) => each.trim());
  const raw = fc.record({
    mmsi: fc.integer({ min: 0, max: 999_999_999 }),
    longitude: fc.integer({ min: -108_000_000, max: 108_000_000 }),
    latitude: fc.integer({ min: -54_000_000, max: 54_000_000 }),
    speed: fc.integer({ min: 0, max: 1022 }),
    course: fc.integer({ min: 0, max: 3599 }),
    heading: fc.integer({ min: 0, max: 359 }),
    type: fc.constantFrom(1, 2, 3, 18, 19),
  });
  const classB = ({
    type,
    mmsi,
    longitude,
    latitude,
    speed,
    course,
    heading,
  }: Parameters<typeof classA>[0]): AisField[] => [
    [6, type!],
    [2, 0],
    [30, mmsi],
    [8, 0],
    [10, speed!],
    [1, 1],
    [28, longitude],
    [27, latitude],
    [12, course!],
    [9, heading!],
    [6, 17],
    ...(type === 19
      ? ([
          [4, 0],
          [120, 'SOME NAME'],
          [8, 36],
          [30, 0],
          [4, 1],
          [1, 0],
          [1, 0],
          [1, 0],
          [4, 0],
        ] as AisField[])
      : ([[29, 0]] as AisField[])),
  ];

  it('positions of every kind: the values that were encoded, and those of another decoder', async () => {
    await fc.assert(
      fc.asyncProperty(raw, async (each) => {
        const lines = aivdm(each.type < 4 ? classA(each) : classB(each));
        const values = await only(...lines);
        assert.equal(values['mmsi'], String(each.mmsi).padStart(9, '0'));
        const near = (name: string, wanted: number, by: number) =>
          assert.ok(
            Math.abs(Number(values[name]) - wanted) <= by,
            `${name}: ${String(values[name])}, ${wanted}`,
          );
        near('longitude', each.longitude / 600_000, 1e-7);
        near('latitude', each.latitude / 600_000, 1e-7);
        near('speed_meters_per_second', (each.speed / 10) * KNOT, 1e-4);
        near('bearing', each.course / 10, 1e-9);
        near('heading', each.heading, 0);
        const other = oracle(lines);
        assert.equal(values['mmsi'], other.mmsi);
        near('longitude', other.lon!, 1e-6);
        near('latitude', other.lat!, 1e-6);
        near('speed_meters_per_second', other.sog! * KNOT, 1e-4);
        near('bearing', other.cog!, 1e-9);
        near('heading', other.hdg!, 0);
        if (each.type === 19) assert.equal(values['name'], other.shipname);
      }),
      { numRuns: 300 },
    );
  });

  it('what ships say of themselves: as it was encoded, and as another decoder reads it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(999_999_999),
        word,
        word,
        word,
        fc.integer({ min: 1, max: 99 }),
        async (mmsi, name, callsign, destination, type) => {
          const voyage = aivdm([
            [6, 5],
            [2, 0],
            [30, mmsi],
            [2, 0],
            [30, 9_134_270],
            [42, callsign],
            [120, name],
            [8, type],
            [9, 225],
            [9, 70],
            [6, 1],
            [6, 31],
            [4, 1],
            [4, 5],
            [5, 15],
            [5, 24],
            [6, 60],
            [8, 122],
            [120, destination],
            [1, 0],
            [1, 0],
          ]);
          const values = await only(...voyage);
          const said = { name, callsign, destination };
          for (const [member, text] of Object.entries(said))
            assert.equal(values[member], text === '' ? undefined : text);
          assert.equal(values['eta'], '05-15');
          assert.equal(values['ship_type'], type);
          const other = oracle(voyage);
          assert.deepEqual(
            [other.shipname, other.callsign, other.destination, other.cargo],
            [name, callsign, destination, type],
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it('what is not available is absent, and a message without a position is counted', async () => {
    const here = { mmsi: 1_234_567, longitude: 600_000, latitude: 600_000 };
    assert.deepEqual(await only(...aivdm(classA(here))), {
      mmsi: '001234567',
      message_type: 1,
      high_accuracy: false,
      longitude: 1,
      latitude: 1,
    });
    for (const nowhere of [
      { ...here, longitude: 181 * 600_000 },
      { ...here, latitude: 91 * 600_000 },
    ]) {
      const { values, skipped } = await sortedRows('nmea', aivdm(classA(nowhere)).join('\n'));
      assert.deepEqual([values, skipped.length], [[], 1]);
    }
  });

  it('other messages are counted by their number', async () => {
    const { skipped, problems } = await sortedRows(
      'nmea',
      [
        '!AIVDM,1,1,,A,702R5`hwCjq8,0*6B',
        '!AIVDM,1,1,,B,,0*25',
        '!AIVDM,1,1,,B,F030p:j2N2P5aJR0r;6f3rj10000,0*11',
      ].join('\n'),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(skipped, [
      '1: AIS message 7',
      '2: an AIS sentence without a message',
      '3: AIS message 22',
    ]);
  });
});

describe('AIS: when a message was received', () => {
  const [line] = aivdm(classA({ mmsi: 211_000_001, longitude: 600_000, latitude: 600_000 })) as [string];
  const tagged = (tag: string) => `${sentence(tag, '\\')}\\${line}`;
  const at = '2015-04-07T17:34:13.000Z';

  for (const [form, wanted] of [
    [tagged('s:FooBar,c:1428428053'), at],
    [tagged('g:1-1-4512,c:1428428053250,s:r003669945'), '2015-04-07T17:34:13.250Z'],
    [`\\c:1428428053\\${line}`, at],
    [`1428428053 ${line}`, at],
    [`1428428053.25,${line}`, '2015-04-07T17:34:13.250Z'],
    [`1428428053250\t${line}`, '2015-04-07T17:34:13.250Z'],
    [`[2015-04-07 17:34:13] ${line}`, at],
    [`[2015-04-07T17:34:13Z] ${line}`, at],
    [`2015-04-07T19:34:13+02:00;${line}`, at],
    [`2015/04/07 17:34:13.25 UTC,${line}`, '2015-04-07T17:34:13.250Z'],
    [`20150407T173413Z ${line}`, at],
    [`20150407173413 ${line}`, at],
    [`"2015-04-07 17:34:13","${line}"`, at],
    [`${line},1428428053`, at],
    [`${line},s-22,d-120,r003669961,1428428053`, at],
    [`COM3 2015-04-07 17:34:13.000: ${line}`, at],
  ] as const)
    it(form.replace(line, '...'), async () => {
      const { records } = await playedContent('x.ais', `${form}\n${form}\n`);
      assert.deepEqual(
        records.map(({ time, subject, channel }) => [time, subject, channel]),
        [
          [wanted, '211000001', 'gps'],
          [wanted, '211000001', 'gps'],
        ],
      );
    });

  it('a time without a zone is in --tz', async () => {
    const content = `2015-04-07 19:34:13 ${line}\n`;
    const { records } = await playedContent('x.ais', content, { tz: 'Europe/Berlin' });
    assert.equal(records[0]!.time, at);
  });

  it('the fix before it, in the log of a ship', async () => {
    const rmc = sentence('GPRMC,173413,A,0100.000,N,00100.000,E,0.0,0.0,070415,,');
    const { records } = await playedContent('x.nmea', [rmc, line, rmc.replace(/.*/, '')].join('\n'));
    assert.deepEqual(
      records.map(({ time, subject }) => [time, subject]),
      [
        [at, '211000001'],
        [at, 'x'],
      ],
    );
  });

  it('nothing tells it: it is said, and --every plays it', async () => {
    await assert.rejects(playedContent('x.ais', `${line}\n${line}\n`), (error: { hint?: string }) =>
      /--every/.test(error.hint ?? ''),
    );
    const { records } = await playedContent('x.ais', `${line}\n${line}\n`, { every: '1s' });
    assert.equal(records.length, 2);
  });

  it('a tag block whose checksum is wrong is refused', async () => {
    const { problems, values } = await sortedRows('nmea', tagged('c:1428428053').replace('c:14', 'c:15'));
    assert.deepEqual([values.length, problems.length], [0, 1]);
  });
});

describe('AIS: messages in parts', () => {
  const voyage = (mmsi: number, options: { sequence?: number; channel?: string }) =>
    aivdm(
      [
        [6, 5],
        [2, 0],
        [30, mmsi],
        [2, 0],
        [30, 0],
        [42, 'CALL'],
        [120, `SHIP ${mmsi}`],
        [190, 0],
        [2, 0],
      ],
      options,
    );

  it('are put together by sequence and channel, in any order', async () => {
    const [a, b, c] = [
      voyage(1, { sequence: 1 }),
      voyage(2, { sequence: 1, channel: 'B' }),
      voyage(3, { sequence: 2 }),
    ];
    const lines = [a[0]!, b[1]!, c[0]!, a[1]!, b[0]!, c[1]!];
    const { values, problems } = await sortedRows('nmea', lines.join('\n'));
    assert.deepEqual(problems, []);
    assert.deepEqual(values.map(({ name }) => name).sort(), ['SHIP 1', 'SHIP 2', 'SHIP 3']);
  });

  it('are counted where a part is missing or damaged, and no other part takes its place', async () => {
    const [a, b] = [voyage(1, {}), voyage(2, {})];
    const { values, problems } = await sortedRows(
      'nmea',
      [a[0]!, `${a[1]!.slice(0, -2)}00`, b[1]!].join('\n'),
    );
    assert.deepEqual(values, []);
    assert.deepEqual(
      problems.map((each) => each.slice(0, 30)),
      ['2: The checksum is 00, the sen', '1: An AIS message is incomplet', '3: An AIS message is incomplet'],
    );
  });

  it('play on a channel of their own, beside the positions', async () => {
    const position = aivdm(classA({ mmsi: 1, longitude: 600_000, latitude: 600_000 }));
    const tag = '\\c:1428428053\\';
    const content = [...position, ...voyage(1, {}), ...position].map((line) => tag + line).join('\n');
    const { records, refused } = await playedContent('x.ais', content);
    assert.deepEqual(refused, []);
    assert.deepEqual(
      records.map(({ channel, subject }) => [channel, subject]),
      [
        ['gps', '000000001'],
        ['ships', '000000001'],
        ['gps', '000000001'],
      ],
    );
  });
});

describe('AIS: damage stays where it is', () => {
  it('whatever byte is another, each other message is the same', async () => {
    const lines = Array.from({ length: 9 }, (_, i) => {
      const [line] = aivdm(
        classA({ mmsi: 211_000_000 + i, longitude: 600_000 + i, latitude: -600_000 + i, speed: i }),
      );
      return `\\c:${1_428_428_053 + i}\\${line}`;
    });
    await assertDamageStaysInLine('nmea', lines, 400);
  });
});
