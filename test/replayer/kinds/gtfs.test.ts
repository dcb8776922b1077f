import assert from 'node:assert/strict';
import fc from 'fast-check';
import { feed, vehicleAt, type ProtoField } from '../../helpers/gtfs.ts';
import { playedContent, rowsOf, sortedRows } from '../../helpers/format-rows.ts';

const NOW = 1_714_560_000;
const at = '2024-05-01T10:40:00.000Z';
const tripUpdate: ProtoField[] = [
  [1, 'u1'],
  [
    3,
    [
      [
        1,
        [
          [1, 'T1'],
          [3, '20240501'],
          [5, 'R'],
        ],
      ],
      [
        2,
        [
          [1, 3],
          [
            2,
            [
              [1, -45],
              [2, NOW + 60],
            ],
          ],
          [4, 'S3'],
          [5, 1],
        ],
      ],
      [
        2,
        [
          [1, 4],
          [4, 'S4'],
        ],
      ],
      [3, [[1, 'bus-1']]],
      [5, -45],
    ],
  ],
];
const alert: ProtoField[] = [
  [1, 'a1'],
  [
    5,
    [
      [
        1,
        [
          [1, NOW],
          [2, NOW + 3600],
        ],
      ],
      [5, [[2, 'R']]],
      [6, 9],
      [7, 4],
      [
        10,
        [
          [
            1,
            [
              [1, 'Umleitung'],
              [2, 'de'],
            ],
          ],
        ],
      ],
    ],
  ],
];
const lengthOf = (bytes: Buffer) => {
  const digits: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest >>= 7) digits.push((rest & 127) | 128);
  return Buffer.from([...digits, rest]);
};

describe('GTFS Realtime', () => {
  it('vehicles in our names, with their own time or the one of the header', async () => {
    const content = feed(NOW, [
      vehicleAt('bus-1', 52.52, 13.405, [
        [
          2,
          [
            [1, { float: 52.52 }],
            [2, { float: 13.405 }],
            [3, { float: 271.5 }],
            [4, { double: 1234.5 }],
            [5, { float: 8.3 }],
          ],
        ],
        [
          1,
          [
            [1, 'T1'],
            [4, 3],
            [6, 1],
          ],
        ],
        [4, 1],
        [5, NOW + 5],
        [6, 99],
        [9, 7],
      ]),
      vehicleAt('bus-2', -33.868, 151.209),
    ]);
    const { values, problems } = await sortedRows('gtfs', content);
    assert.deepEqual(problems, []);
    assert.deepEqual(values, [
      {
        time: '2024-05-01T10:40:05.000Z',
        vehicle_id: 'bus-1',
        latitude: 52.52,
        longitude: 13.405,
        bearing: 271.5,
        odometer_meters: 1234.5,
        speed_meters_per_second: 8.3,
        trip_id: 'T1',
        schedule_relationship: 'CANCELED',
        direction_id: 1,
        current_status: 'STOPPED_AT',
        congestion_level: 99,
        occupancy_status: 'NO_DATA_AVAILABLE',
        entity_id: 'e-bus-1',
      },
      { time: at, vehicle_id: 'bus-2', latitude: -33.868, longitude: 151.209, entity_id: 'e-bus-2' },
    ]);
  });

  it('plays vehicles, trip updates and alerts of one feed on channels of their own', async () => {
    const content = feed(NOW, [
      vehicleAt('bus-1', 1, 2),
      tripUpdate,
      alert,
      [
        [1, 'd'],
        [2, 1],
      ],
      [
        [1, 'v'],
        [4, [[8, [[1, 'bus-9']]]]],
      ],
      [
        [1, 's'],
        [6, [[1, 'shape']]],
      ],
    ]);
    for (const name of ['x.pb', 'x.gtfsrt', 'x.bin', 'vehicle_positions']) {
      const { records, refused } = await playedContent(name, content);
      assert.deepEqual(refused, []);
      assert.deepEqual(
        records.map(({ channel, subject, time }) => [channel, subject, time]),
        [
          ['gps', 'bus-1', at],
          ['trip_updates', 'T1', at],
          ['service_alerts', 'a1', at],
        ],
      );
      assert.deepEqual(records[1]!.data['stop_time_updates'], [
        {
          stop_sequence: 3,
          arrival: { delay: -45, time: NOW + 60 },
          stop_id: 'S3',
          schedule_relationship: 'SKIPPED',
        },
        { stop_sequence: 4, stop_id: 'S4' },
      ]);
      assert.equal(records[2]!.data['effect'], 'DETOUR');
    }
    assert.deepEqual((await sortedRows('gtfs', content)).skipped, [
      '4: an entity that was deleted',
      '5: a vehicle without a position',
      '6: an entity of another kind (shape)',
    ]);
  });

  it('reads feeds that follow one another, with and without their lengths, in pieces of any size', async () => {
    const feeds = [0, 1, 2].map((i) =>
      feed(NOW + i, [vehicleAt('a', i, 1), vehicleAt('b'.repeat(200), i, 2)]),
    );
    const wanted = [0, 0, 1, 1, 2, 2].map((i) => new Date((NOW + i) * 1000).toISOString());
    for (const content of [
      Buffer.concat(feeds),
      Buffer.concat(feeds.flatMap((each) => [lengthOf(each), each])),
    ])
      for (const size of [1, 7, 64, 10_000]) {
        const rows = await rowsOf('gtfs', content, size);
        assert.deepEqual(
          rows.map(({ values }) => values?.['time']),
          wanted,
        );
      }
  });

  it('any 32-bit positions come back with the digits that they were written with', async () => {
    const degrees = fc.integer({ min: -9_000_000, max: 9_000_000 }).map((each) => each / 1e5);
    await fc.assert(
      fc.asyncProperty(degrees, async (latitude) => {
        const { values } = await sortedRows('gtfs', feed(NOW, [vehicleAt('a', latitude, 1)]));
        assert.equal(Math.fround(Number(values[0]!['latitude'])), Math.fround(latitude));
        if (Math.abs(latitude) < 10) assert.equal(values[0]!['latitude'], latitude);
      }),
    );
  });

  it('damage inside an entity stays there; what can not be read is said with its place', async () => {
    const entities = Array.from({ length: 6 }, (_, i) => vehicleAt(`bus-${i}`, i, 1, [[5, NOW + i]]));
    const content = feed(NOW, entities);
    const intact = (await rowsOf('gtfs', content)).map(({ json }) => json);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: content.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const bytes = Buffer.from(content);
          bytes[at]! ^= flip;
          const rows = await rowsOf('gtfs', bytes);
          const begins = entities.map((_, i) => feed(NOW, entities.slice(0, i)).length);
          const hit = begins.filter((begin) => begin <= at).length - 1;
          const isLength = hit >= 0 && at - begins[hit]! < 2;
          for (const [i, row] of intact.entries())
            if (i < hit || (hit >= 0 && i > hit && !isLength))
              assert.ok(rows.some(({ json }) => json === row));
        },
      ),
      { numRuns: 400 },
    );
    const { values, problems } = await sortedRows('gtfs', content.subarray(0, content.length - 3));
    assert.equal(values.length, 5);
    assert.match(problems[0]!, /^6: The feed ends inside an entity \(byte \d+\)\.$/);
  });
});
