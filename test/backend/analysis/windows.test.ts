import assert from 'node:assert/strict';
import fc from 'fast-check';
import { derive, eventsOf } from '../../../backend/analysis/engine/derive.ts';
import { Timers } from '../../../backend/analysis/engine/timers.ts';
import { checkedParams } from '../../../backend/analysis/hosting/registry.ts';
import windows from '../../../backend/analysis/services/windows.ts';
import { aggregates, type AggregateName } from '../../../backend/analysis/windows/aggregates.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';

const START_MS = Date.UTC(2024, 0, 1);

const serviceOf = (params: object) => windows.create(checkedParams('windows', windows, { ...params }));

interface Row {
  subject: string;
  ms: number;
  v: number;
}

const rowsToEvents = (rows: Row[], live = false): CloudEvent[] =>
  eventsOf(
    'x',
    rows.map(({ subject, ms, v }) => ({ subject, timeMs: START_MS + ms, data: { v, even: v % 2 === 0 } })),
  ).map((event) => {
    const { replay, ...rest } = event;
    return live ? rest : { ...rest, replay };
  });

const run = (params: object, rows: Row[], options: Parameters<typeof derive>[2] & { live?: boolean } = {}) =>
  derive(serviceOf(params), rowsToEvents(rows, options.live), options);

const results = (params: object, rows: Row[], options = {}) =>
  run(params, rows, options).outputs.map(({ subject, data }) => ({ subject, ...data }));

/** Every aggregate, over the member `v`: the test does not compile while one is missing. */
const SELECT: { [name in AggregateName]: string } = {
  count: 'count()',
  sum: 'sum(v)',
  avg: 'avg(v)',
  min: 'min(v)',
  max: 'max(v)',
  first: 'first(v)',
  last: 'last(v)',
  stddev: 'stddev(v)',
  quantile: 'quantile(v, 0.9)',
  distinct: 'distinct(v % 3)',
  topk: 'topk(v, 2)',
};

/** The expected results, computed from all rows of a window at once. */
function batch(rows: Row[]): { [name in AggregateName]: unknown } {
  const inOrder = rows.map((row, i) => ({ ...row, i })).sort((a, b) => a.ms - b.ms || a.i - b.i);
  const values = inOrder.map(({ v }) => v);
  const sorted = [...values].sort((a, b) => a - b);
  const sum = values.reduce((a, b) => a + b, 0);
  const at = (sorted.length - 1) * 0.9;
  const below = sorted[Math.floor(at)]!;
  const counts = new Map<number, number>();
  for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
  const squares = values.reduce((a, b) => a + (b - sum / values.length) ** 2, 0);
  return {
    count: values.length,
    sum,
    avg: sum / values.length,
    min: sorted[0],
    max: sorted.at(-1),
    first: values[0],
    last: values.at(-1),
    stddev: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)),
    quantile: below + ((sorted[Math.ceil(at)] ?? below) - below) * (at - Math.floor(at)),
    distinct: new Set(values.map((v) => v % 3)).size,
    topk: [...counts]
      .sort(([a, n], [b, m]) => m - n || (String(a) < String(b) ? -1 : 1))
      .slice(0, 2)
      .map(([value, count]) => ({ value, count })),
  };
}

const iso = (ms: number) => new Date(START_MS + ms).toISOString();
const rounded = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' ? Number(v.toPrecision(11)) : v)),
  ) as object[];
const byWindow = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Rows whose times go back by no more than 2 s. */
const aRun = fc
  .array(
    fc.record({
      subject: fc.constantFrom('a', 'b', 'c'),
      ms: fc.integer({ min: 0, max: 60_000 }),
      slip: fc.integer({ min: 0, max: 2_000 }),
      v: fc.integer({ min: 0, max: 50 }),
    }),
    { maxLength: 80 },
  )
  .map((rows) =>
    rows
      .sort((a, b) => a.ms - b.ms)
      .map(({ slip, ...row }) => ({ ...row, order: row.ms + slip }))
      .sort((a, b) => a.order - b.order)
      .map(({ subject, ms, v }) => ({ subject, ms, v })),
  );

describe('windows', () => {
  it('equal a query over all rows, for every kind of window, with rows out of order and restarts in between', () => {
    const kind = fc.constantFrom(
      { kind: 'tumbling', size: '10s' },
      { kind: 'tumbling', size: '7s', offset: '3s' },
      { kind: 'hopping', size: '10s', every: '5s' },
      { kind: 'hopping', size: '9s', every: '2s' },
      { kind: 'session', size: '3s' },
    );
    fc.assert(
      fc.property(
        aRun,
        kind,
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        (rows, window, restartEvery, ends) => {
          const options = { restartEvery, live: true, ends };
          const { outputs, rejected } = run({ window, select: SELECT, lateness: '2s' }, rows, options);
          assert.deepEqual(rejected, []);
          const latest = Math.max(...rows.map(({ ms }) => ms));
          const expected = expectedWindows(window, rows).filter(({ end }) => ends || end + 2_000 <= latest);
          assert.deepEqual(
            rounded(outputs.map(({ subject, data }) => ({ subject, ...data }))).sort(byWindow),
            rounded(
              expected.map(({ subject, start, end, rows: own }) => ({
                subject,
                window_start: iso(start),
                window_end: iso(end),
                ...batch(own),
              })),
            ).sort(byWindow),
          );
          // Windows come in the order in which they close, wherever the process was restarted.
          assert.deepEqual(
            outputs,
            run({ window, select: SELECT, lateness: '2s' }, rows, { live: true, ends }).outputs,
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('slide with each event', () => {
    fc.assert(
      fc.property(aRun, fc.integer({ min: 1, max: 30 }), (rows, restartEvery) => {
        const inOrder = [...rows].sort((a, b) => a.ms - b.ms);
        const params = { window: { kind: 'sliding', size: '5s' }, select: SELECT };
        const expected = inOrder.map(({ subject, ms }, i) => ({
          subject,
          window_start: iso(ms - 5_000),
          window_end: iso(ms),
          ...batch(inOrder.slice(0, i + 1).filter((row) => row.subject === subject && row.ms > ms - 5_000)),
        }));
        assert.deepEqual(rounded(results(params, inOrder, { restartEvery })), rounded(expected));
      }),
      { numRuns: 100 },
    );
  });

  const tumbling = { window: { kind: 'tumbling', size: '10s' }, select: { n: 'count()', v: 'sum(v)' } };
  const row = (ms: number, v = 1, subject = 'a'): Row => ({ subject, ms, v });

  it('send late events to the dead letters, and count them nowhere', () => {
    const { outputs, rejected } = run({ ...tumbling, lateness: '1s' }, [
      row(1_000),
      row(11_500),
      row(2_000),
      row(12_000),
    ]);
    assert.deepEqual(
      outputs.map(({ data }) => data['n']),
      [1, 2],
    );
    assert.equal(rejected.length, 1);
    assert.match(rejected[0]!.reason, /^Late: its window had closed/);
    assert.equal(rejected[0]!.event.offset, 3);
  });

  it('publish corrections if asked to', () => {
    const rows = [row(1_000), row(10_500), row(2_000), row(3_000), row(21_000), row(4_000)];
    const { outputs, rejected } = run({ ...tumbling, lateness: '5s', late: 'correct' }, rows, {
      ends: false,
    });
    assert.deepEqual(
      outputs.map(({ data }) => [data['window_start'], data['n'], data['correction'] ?? 0]),
      [
        [iso(0), 1, 0],
        [iso(0), 2, 1],
        [iso(0), 3, 2],
        [iso(10_000), 1, 0],
      ],
    );
    assert.equal(rejected.length, 1);
  });

  it('stay open for the others if one clock is fast', () => {
    const year = 365 * 86_400_000;
    const rows = [
      row(1_000, 1, 'a'),
      row(2_000, 1, 'b'),
      row(year, 9, 'wrong'),
      row(3_000, 1, 'a'),
      row(year + 1, 9, 'wrong'),
    ];
    const later = [row(4_000, 1, 'b'), row(12_000, 1, 'a'), row(13_000, 1, 'b')];
    const { outputs, rejected } = run(tumbling, [...rows, ...later], { live: true, ends: false });
    assert.deepEqual(rejected, []);
    assert.deepEqual(
      outputs.map(({ subject, data }) => [subject, data['n']]),
      [
        ['a', 2],
        ['b', 2],
      ],
    );
  });

  it('end with their epoch', () => {
    const events = eventsOf('x', [
      { subject: 'a', timeMs: START_MS, data: { v: 1 }, epoch: 1 },
      { subject: 'a', timeMs: START_MS + 1_000, data: { v: 5 }, epoch: 2 },
    ]);
    const { outputs } = derive(serviceOf(tumbling), events);
    assert.deepEqual(
      outputs.map(({ data }) => data['v']),
      [5],
    );
  });

  it('count only selected events, by the given key', () => {
    const rows = [row(1, 2, 'a'), row(2, 3, 'a'), row(3, 4, 'b')];
    const window = { kind: 'tumbling', size: '1m' };
    const select = { n: 'count()', twice: 'sum(v * 2)' };
    const brief = (params: object) =>
      results({ window, select, ...params }, rows).map(({ subject, ...r }) => [subject, r]);
    const ends = { window_start: iso(0), window_end: iso(60_000) };
    assert.deepEqual(brief({ where: 'even' }), [
      ['a', { ...ends, n: 1, twice: 4 }],
      ['b', { ...ends, n: 1, twice: 8 }],
    ]);
    assert.deepEqual(brief({ by: 'even' }), [
      ['false', { ...ends, n: 1, twice: 6 }],
      ['true', { ...ends, n: 2, twice: 12 }],
    ]);
    assert.deepEqual(brief({ by: null }), [['all', { ...ends, n: 3, twice: 18 }]]);
  });

  it('accept the example of every aggregate', () => {
    const window = { kind: 'tumbling', size: '1m' };
    for (const [name, { example }] of Object.entries(aggregates))
      assert.doesNotThrow(() => serviceOf({ window, select: { [name]: example } }), name);
  });

  it('are refused with a reason if their definition is not valid', () => {
    const window = { kind: 'tumbling', size: '1m' };
    const refused = (params: object) => () => serviceOf(params);
    assert.throws(
      refused({ window, select: { n: 'mean(v)' } }),
      /"n": "mean\(v\)" is not a valid aggregate\./,
    );
    assert.throws(refused({ window, select: { n: 'quantile(v, 2)' } }), /needs a share from 0 to 1/);
    assert.throws(refused({ window, select: { n: 'avg()' } }), /needs an expression/);
    assert.throws(refused({ window, select: { n: 'avg(v +)' } }), /is not a valid expression/);
    assert.throws(
      refused({ window: { kind: 'hopping', size: '1m' }, select: { n: 'count()' } }),
      /is not a valid distance/,
    );
    assert.throws(
      refused({ window: { kind: 'hopping', size: '1m', every: '2m' }, select: { n: 'count()' } }),
      /more often/,
    );
  });
});

/** The windows that hold rows, by subject. */
function expectedWindows(
  window: { kind: string; size: string; every?: string; offset?: string },
  rows: Row[],
) {
  const seconds = (text: string) => Number.parseInt(text, 10) * 1000;
  const size = seconds(window.size);
  const found: { subject: string; start: number; end: number; rows: Row[] }[] = [];
  for (const subject of new Set(rows.map((row) => row.subject))) {
    const own = rows.filter((row) => row.subject === subject);
    if (window.kind === 'session') {
      for (const row of [...own].sort((a, b) => a.ms - b.ms)) {
        const open = found.at(-1);
        if (open?.subject === subject && row.ms < open.end) open.end = row.ms + size;
        else found.push({ subject, start: row.ms, end: row.ms + size, rows: [] });
      }
    } else {
      const every = window.every ? seconds(window.every) : size;
      // Windows count from 1970.
      const shift = -((START_MS - (window.offset ? seconds(window.offset) : 0)) % every);
      for (let start = shift - Math.ceil(size / every) * every; start <= 60_000; start += every)
        found.push({ subject, start, end: start + size, rows: [] });
    }
    for (const one of found.filter((each) => each.subject === subject))
      one.rows = own.filter(({ ms }) => ms >= one.start && ms < one.end);
  }
  return found.filter((each) => each.rows.length > 0);
}

describe('Timers', () => {
  it('come due in order, each at the time that was set last', () => {
    const command = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      name: fc.constantFrom('x', 'y'),
      timeMs: fc.integer({ min: 0, max: 100 }),
      clears: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(command), fc.array(fc.integer({ min: 0, max: 120 })), (commands, looks) => {
        const timers = new Timers();
        const model = new Map<string, number>();
        for (const { key, name, timeMs, clears } of commands) {
          if (clears) timers.clear(key, name);
          else timers.set(key, name, timeMs);
          if (clears) model.delete(`${key}${name}`);
          else model.set(`${key}${name}`, timeMs);
        }
        for (const nowMs of looks.sort((a, b) => a - b)) {
          const due = [...model].filter(([, timeMs]) => timeMs <= nowMs);
          due.sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1));
          const taken: [string, number][] = [];
          for (let timer; (timer = timers.takeDue(nowMs));)
            taken.push([timer.key + timer.name, timer.timeMs]);
          assert.deepEqual(taken, due);
          for (const [name] of due) model.delete(name);
        }
      }),
    );
  });
});
