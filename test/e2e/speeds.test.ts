import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { AggregateName } from '../../backend/analysis/windows/aggregates.ts';
import { readHead } from '../../core/redis/channel-store.ts';
import type { Config, ReplayRequest } from '../../schemas/types.ts';
import { AnalysisWorld } from '../helpers/analysis.ts';

/** A recording of a morning in Austin: 277 buses on 63 routes. It may lie beside the project. */
const RECORDING = join(import.meta.dirname, '../../../shared/data/capmetro_buses_2017-03-16.csv');
const BEGIN_MS = Date.UTC(2017, 2, 16, 12, 55);
const CUTS = { short: 10_000, minute: 60_000, half: 1_800_000 };

/** The aggregates that DuckDB has as well. */
const SELECT: { [name in AggregateName]?: string } = {
  count: 'count()',
  sum: 'sum(speed)',
  avg: 'avg(speed)',
  min: 'min(speed)',
  max: 'max(speed)',
  first: 'first(speed)',
  last: 'last(speed)',
  stddev: 'stddev(speed)',
  quantile: 'quantile(speed, 0.9)',
  distinct: 'distinct(trip_id)',
  topk: 'topk(trip_id, 2)',
};
const SIZES = { tumbling: 300, hopping: 300, sliding: 120, session: 60 };
const EVERY = 120;

/** The rows of each window, by the definition of its kind: `key`, begin and end of the window, and the row. */
const MEMBERS: { [kind in keyof typeof SIZES]: string } = {
  tumbling: `select r.*, ms // ${SIZES.tumbling}000 * ${SIZES.tumbling}000 as begins, begins + ${SIZES.tumbling}000 as ends, 0 as nth from rows r`,
  hopping: `select r.*, unnest(range(ms // ${EVERY}000 * ${EVERY}000, ms - ${SIZES.hopping}000, -${EVERY}000)) as begins, begins + ${SIZES.hopping}000 as ends, 0 as nth from rows r`,
  sliding: `select w.key, s.ms, s.line, s.speed, s.trip_id, w.ms - ${SIZES.sliding}000 as begins, w.ms as ends, w.line as nth from rows w
    join rows s on s.key = w.key and s.ms > w.ms - ${SIZES.sliding}000 and (s.ms < w.ms or (s.ms = w.ms and s.line <= w.line))`,
  session: `select *, min(ms) over (partition by key, nth) as begins, max(ms) over (partition by key, nth) + ${SIZES.session}000 as ends from (
    select *, sum(opens) over (partition by key order by ms, line) as nth from (
      select *, (ms - lag(ms, 1, 0) over (partition by key order by ms, line) >= ${SIZES.session}000)::int as opens from rows))`,
};

const AGGREGATES = `select key, begins, ends, nth, count(*) as "count", fsum(speed) as sum, favg(speed) as avg, min(speed) as min,
  max(speed) as max, first(speed order by ms, line) as first, last(speed order by ms, line) as last, stddev_samp(speed) as stddev,
  quantile_cont(speed, 0.9) as quantile, count(distinct trip_id) as "distinct",
  (select list({'value': trip_id, 'count': times} order by times desc, trip_id::text) from (
     select trip_id, count(*) as times from members t where t.key = m.key and t.begins = m.begins and t.ends = m.ends and t.nth = m.nth
     group by trip_id order by times desc, trip_id::text limit 2)) as topk
  from members m group by key, begins, ends, nth`;

const kinds = Object.keys(SIZES) as (keyof typeof SIZES)[];
const DERIVED = ['gps.movement', ...kinds];

const config: Config = {
  services: {
    movement: { use: 'movement' },
    ...Object.fromEntries(
      kinds.map((kind) => {
        const window = { kind, size: `${SIZES[kind]}s`, ...(kind === 'hopping' && { every: `${EVERY}s` }) };
        const params = { by: 'route_id', window, select: SELECT };
        return [kind, { use: 'windows', input: 'gps', output: kind, params }];
      }),
    ),
  },
};

describe('the same recording', function () {
  this.timeout(120_000);
  let world: AnalysisWorld;
  let serving: { close(): Promise<void> };
  let runs = 0;

  before(async function () {
    if (!existsSync(RECORDING)) return this.skip();
    world = await AnalysisWorld.start(config);
    const [header, ...lines] = readFileSync(RECORDING, 'utf8').trimEnd().split('\n');
    for (const [name, spanMs] of Object.entries(CUTS)) {
      const rows = lines.filter((line) => {
        const sinceMs = Date.parse(line.split(',')[1]!) - BEGIN_MS;
        return sinceMs >= 0 && sinceMs <= spanMs;
      });
      await writeFile(join(world.folder, `${name}.csv`), `${[header, ...rows].join('\n')}\n`);
    }
    serving = await world.serveHere();
  });
  after(async () => {
    await serving?.close();
    await world?.stop();
  });

  /** All derived events by channel. `steer` is called while the recording plays. */
  async function derived(
    cut: keyof typeof CUTS,
    options: Pick<ReplayRequest, 'rate' | 'lockstep'>,
    steer: (id: string) => Promise<void> = async () => {},
  ): Promise<Map<string, string[]>> {
    const epochs = new Map<string, number>();
    for (const channel of DERIVED) epochs.set(channel, (await readHead(world.redis, channel)).epoch);
    const id = `run-${++runs}`;
    await world.play({ id, recordings: [{ id: `${cut}.csv`, channel: 'gps' }], ...options });
    await steer(id);
    await world.replays.finished(id);
    await world.replays.remove(id);
    const all = new Map<string, string[]>();
    for (const channel of DERIVED) all.set(channel, await world.derived(channel, epochs.get(channel)));
    return all;
  }

  async function pauses(id: string): Promise<void> {
    for (let pause = 0; pause < 4; pause++) {
      await delay(Math.random() * 250);
      await world.replays.patch(id, { state: 'paused' });
      await delay(Math.random() * 250);
      await world.replays.patch(id, { state: 'playing' });
    }
  }

  it('gives the same, byte for byte, at rate 1, rate 50 and max in lockstep', async () => {
    const asItWas = await derived('short', { rate: 1 });
    assert.ok(asItWas.get('gps.movement')!.length > 10);
    assert.deepEqual(await derived('short', { rate: 50 }), asItWas);
    assert.deepEqual(await derived('short', { rate: 'max', lockstep: true }), asItWas);
  });

  it('gives the same, byte for byte, at rate 50, with pauses, and max in lockstep', async () => {
    const atOnce = await derived('minute', { rate: 'max', lockstep: true });
    assert.deepEqual(await derived('minute', { rate: 50 }), atOnce);
    assert.deepEqual(await derived('minute', { rate: 50 }, pauses), atOnce);
  });

  it('gives windows of every kind whose aggregates equal a SQL query over the file', async () => {
    const found = await derived('half', { rate: 'max' });
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    for (const kind of kinds) {
      const expected = await queried(connection, join(world.folder, 'half.csv'), kind);
      assert.ok(expected.length > 100, kind);
      const windows = found.get(kind)!.map((line) => {
        const [key, , data] = JSON.parse(line) as [string, string, { [name: string]: unknown }];
        return rounded({ key, ...data });
      });
      assert.deepEqual(windows.sort(), expected.sort(), kind);
    }
  });
});

async function queried(
  connection: DuckDBConnection,
  file: string,
  kind: keyof typeof SIZES,
): Promise<string[]> {
  const sql = `with rows as materialized (select route_id::text as key, epoch_ms(timestamp) as ms, row_number() over () as line, speed, trip_id
      from read_csv('${file}')), members as materialized (${MEMBERS[kind]}) ${AGGREGATES}`;
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  return rows.map(({ key, begins, ends, nth: _nth, count, distinct, topk, ...aggregates }) =>
    rounded({
      key,
      window_start: new Date(Number(begins)).toISOString(),
      window_end: new Date(Number(ends)).toISOString(),
      ...aggregates,
      count: Number(count),
      distinct: Number(distinct),
      topk: (topk as { value: string; count: string }[]).map(({ value, count: times }) => ({
        value: Number(value),
        count: Number(times),
      })),
    }),
  );
}

/** The data with its members in order, and numbers to eleven digits, because sums are rounded differently. */
function rounded(window: { [name: string]: unknown }): string {
  const inOrder = Object.fromEntries(Object.entries(window).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(inOrder, (_, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(11)) : value,
  );
}
