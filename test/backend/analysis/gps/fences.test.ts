import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Geometry, Position } from 'geojson';
import { Engine } from '../../../../backend/analysis/engine/engine.ts';
import { FenceIndex, type FenceCollection } from '../../../../backend/analysis/gps/fence-index.ts';
import fences from '../../../../backend/analysis/services/fences.ts';
import { fixes, recorded, type Row } from '../../../helpers/fixes.ts';
import { create, derived, START_MS } from '../../../helpers/services.ts';

function box(west: number, south: number, east: number, north: number): Position[] {
  return [[west, south], [east, south], [east, north], [west, north], [west, south]]; // prettier-ignore
}

function collection(shapes: { [id: string]: Position[][] | Position[][][] }): FenceCollection {
  return {
    type: 'FeatureCollection',
    features: Object.entries(shapes).map(([id, coordinates]) => {
      const type = typeof coordinates[0]![0]![0] === 'number' ? 'Polygon' : 'MultiPolygon';
      return { type: 'Feature', id, properties: null, geometry: { type, coordinates } as Geometry as never };
    }),
  };
}

const SQUARE = { fences: collection({ square: [box(8, 50, 9, 51)] }) };
const INSIDE: [number, number] = [50.5, 8.5];
const OUTSIDE: [number, number] = [50.5, 9.001];

describe('fences', () => {
  const told = (rows: Row[], params: object = SQUARE) =>
    derived(fences, fixes(rows), { max_speed_mps: 1e6, ...params }).map(({ timeMs, data }) => {
      const members = [(timeMs - START_MS) / 1000, data['event'], data['fence'], data['duration_seconds']];
      return members.join(' ') + (data['synthetic'] ? ' synthetic' : '');
    });
  const visits = (pattern: string, params: object = {}) =>
    told(
      Array.from(pattern, (where, i): Row => [i * 10, ...(where === 'i' ? INSIDE : OUTSIDE)]),
      { ...SQUARE, ...params },
    );

  it('report enter and exit once each', () => {
    assert.deepEqual(visits('oiiioo'), ['10 enter square 0', '40 exit square 30']);
  });

  it('may be named like a member that every object has', () => {
    for (const name of ['constructor', 'valueOf', 'toString', 'hasOwnProperty']) {
      const named = { fences: collection({ [name]: [box(8, 50, 9, 51)] }) };
      assert.deepEqual(visits('oiiioo', named), [`10 enter ${name} 0`, `40 exit ${name} 30`]);
    }
    const unusable = collection(JSON.parse(`{"__proto__":[${JSON.stringify(box(8, 50, 9, 51))}]}`) as never);
    assert.throws(() => new FenceIndex(unusable), /cannot have the id "__proto__"/);
  });

  it('report nothing for visits with fewer fixes than required', () => {
    const visit = visits('oioiiioioooioo', { min_fixes: 3 });
    assert.deepEqual(visit, ['50 enter square 0', '100 exit square 50']);
    const [enter] = derived(fences, fixes([[0, ...OUTSIDE], [1, ...INSIDE], [2, ...INSIDE]]), { ...SQUARE, min_fixes: 2, max_speed_mps: 1e6 }); // prettier-ignore
    assert.equal(enter!.data['entered'], '2026-01-01T00:00:01.000Z', 'since the first of them');
  });

  it('report dwell once, at its time, and not if the recording ends before', () => {
    const dwell = { dwell_seconds: 25 };
    assert.deepEqual(visits('iiiii', dwell), ['0 enter square 0', '25 dwell square 25']);
    assert.deepEqual(visits('iioii', dwell), ['0 enter square 0', '20 exit square 20', '30 enter square 0']);
  });

  it('ignore late fixes, null island and jumps', () => {
    const rows: Row[] = [[0, ...INSIDE], [10, ...INSIDE], [5, ...OUTSIDE], [20, 0, 0], [30, -50, 8.5], [40, ...INSIDE]]; // prettier-ignore
    assert.deepEqual(told(rows, { ...SQUARE, max_speed_mps: 350 }), ['0 enter square 0']);
  });

  it('keep who is inside across a seek, without an event', () => {
    const [first, ...rest] = fixes([
      [0, ...INSIDE],
      [10, ...INSIDE],
      [20, ...OUTSIDE],
    ]);
    const outputs = derived(fences, [{ ...first!, restored: true }, ...rest], { ...SQUARE, max_speed_mps: 1e6 }); // prettier-ignore
    assert.deepEqual(outputs.map(({ data }) => [data['event'], data['duration_seconds']]), [['exit', 20]]); // prettier-ignore
  });

  it('that are removed around a subject report an exit', () => {
    const [first, second] = fixes([
      [0, ...INSIDE],
      [10, ...INSIDE],
    ]);
    const before = new Engine(create(fences, { ...SQUARE, dwell_seconds: 100 }));
    before.take(first!);
    const after = new Engine(create(fences, { fences: collection({ other: [box(8, 50, 9, 51)] }) }));
    after.load(before.drain().entries);
    after.take(second!);
    after.end();
    const events = after
      .drain()
      .outputs.map(({ data }) => [data!['event'], data!['fence'], data!['synthetic']]);
    assert.deepEqual(events, [['exit', 'square', true], ['enter', 'other', undefined]]); // prettier-ignore
  });

  it('that are not valid or have no unique id are refused', () => {
    const refused = (params: object, why: RegExp) => assert.throws(() => create(fences, { ...params }), why);
    refused({}, /fences/);
    refused({ fences: { features: [{ geometry: { type: 'Point', coordinates: [1, 2] } }] } }, /Polygon/);
    const [square] = SQUARE.fences.features;
    refused({ fences: { features: [square, square] } }, /Two fences have the id "square"/);
    refused({ fences: { features: [{ ...square, id: undefined }] } }, /neither an id nor a name/);
    refused({ fences: collection({ open: [box(0, 0, 1, 1).slice(0, 4)] }) }, /does not end where it begins/);
    const polar = [[-90, 70], [0, 70], [90, 70], [170, 70], [-90, 70]]; // prettier-ignore
    refused({ fences: collection({ polar: [polar] }) }, /around a pole/);
  });
});

describe('where fences are', () => {
  const at = (shapes: Parameters<typeof collection>[0], latitude: number, longitude: number) =>
    new FenceIndex(collection(shapes)).at({ latitude, longitude }).map(({ id }) => id);

  it('takes holes, several polygons and edges into account', () => {
    const shapes = {
      ring: [box(0, 0, 10, 10), box(4, 4, 6, 6)],
      islands: [[box(20, 0, 21, 1)], [box(22, 0, 23, 1), box(22.4, 0.4, 22.6, 0.6)]],
    };
    assert.deepEqual(at(shapes, 2, 2), ['ring']);
    assert.deepEqual(at(shapes, 5, 5), []);
    assert.deepEqual(at(shapes, 4, 5), ['ring'], 'on the edge of the hole');
    assert.deepEqual(at(shapes, 10, 10), ['ring'], 'on a corner');
    assert.deepEqual(at(shapes, 0.5, 20.5), ['islands']);
    assert.deepEqual(at(shapes, 0.5, 21.5), []);
    assert.deepEqual(at(shapes, 0.5, 22.5), []);
    assert.deepEqual(new FenceIndex(collection({})).at({ latitude: 0, longitude: 0 }), []);
  });

  it('is the same however a fence across the antimeridian is written', () => {
    const ways: { [id: string]: Position[][] | Position[][][] } = {
      cut: [[box(170, -10, 180, 10)], [box(-180, -10, -170, 10)]],
      crossing: [box(170, -10, -170, 10)],
      beyond: [box(170, -10, 190, 10)],
      beyondWest: [box(-190, -10, -170, 10)],
    };
    const hole = { cut: [] as Position[][], crossing: [box(179, -1, -179, 1)], beyond: [box(-181, -1, -179, 1)], beyondWest: [box(179, -1, 181, 1)] }; // prettier-ignore
    fc.assert(
      fc.property(
        fc.integer({ min: -12, max: 12 }),
        fc.integer({ min: -180, max: 180 }),
        (latitude, longitude) => {
          const isIn = Math.abs(latitude) <= 10 && Math.abs(longitude) >= 170;
          for (const [id, shape] of Object.entries(ways)) {
            assert.deepEqual(at({ [id]: shape }, latitude, longitude), isIn ? [id] : []);
            if (id === 'cut') continue;
            const isInHole = latitude === 0 && Math.abs(longitude) > 179;
            const holed = [...(shape as Position[][]), ...hole[id as keyof typeof hole]];
            assert.deepEqual(at({ [id]: holed }, latitude, longitude), isIn && !isInHole ? [id] : []);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is all around the earth where edges say so', () => {
    assert.deepEqual(at({ belt: [box(-180, -10, 180, 10)] }, 0, 0), ['belt']);
    assert.deepEqual(at({ belt: [box(-180, -10, 180, 10)] }, 20, 0), []);
  });
});

describe('the fences of the recordings', () => {
  const path = fileURLToPath(new URL('../../../../../shared/data/geofences.geojson', import.meta.url));
  const load = (test: Mocha.Context) => {
    if (!existsSync(path)) test.skip();
    return JSON.parse(readFileSync(path, 'utf8')) as FenceCollection;
  };

  it('hold the cities they should', function () {
    const index = new FenceIndex(load(this));
    const cities: [number, number, string[]][] = [
      [47.37, 8.54, ['country-switzerland']],
      [30.04, 31.24, ['country-egypt']],
      [23.11, -82.37, ['country-cuba']],
      [-41.29, 174.78, ['country-new-zealand']],
      [30.267, -97.743, ['austin-downtown', 'county-48453']],
      [52.52, 13.4, []],
    ];
    for (const [latitude, longitude, ids] of cities) {
      const found = index.at({ latitude, longitude }).map(({ id }) => id);
      assert.deepEqual(found.sort(), ids, `${latitude}, ${longitude}`);
    }
    const dateline = [179.9, 180, -180, -179.9].map((longitude) =>
      index.at({ latitude: -15, longitude }).some(({ id }) => id === 'dateline-box'),
    );
    assert.deepEqual(dateline, [true, true, true, true]);
  });

  for (const [file, params] of [
    ['capmetro_buses_2017-03-16.csv', {}],
    ['liverpool_bus_route14_2026-01-26.csv', { min_fixes: 2 }],
    ['evergiven_ais_2021-03.csv', { dwell_seconds: 3600 }],
  ] as const) {
    it(`are entered before they are left in ${file}`, async function () {
      const outputs = derived(fences, await recorded(this, file), { fences: load(this), ...params }, 5_000);
      const inside = new Set<string>();
      for (const { subject, data } of outputs) {
        const visit = `${subject} ${String(data['fence'])}`;
        assert.equal(inside.has(visit), data['event'] !== 'enter', visit);
        if (data['event'] === 'enter') inside.add(visit);
        if (data['event'] === 'exit') inside.delete(visit);
      }
      const kinds = new Set(outputs.map(({ data }) => data['event']));
      assert.deepEqual(kinds, new Set(['enter', 'exit', ...('dwell_seconds' in params ? ['dwell'] : [])]));
    });
  }
});
