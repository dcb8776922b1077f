import assert from 'node:assert/strict';
import fc from 'fast-check';
import { derive, eventsOf, type DeriveOptions } from '../../../backend/analysis/engine/derive.ts';
import { checkedParams } from '../../../backend/analysis/hosting/registry.ts';
import { addTo, newSketch, quantileOf } from '../../../backend/analysis/quality/quantile-sketch.ts';
import quality from '../../../backend/analysis/services/quality.ts';
import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { Quality } from '../../../schemas/types.ts';

const START_MS = Date.UTC(2024, 0, 1, 12);
const FIX = { latitude: 52, longitude: 13 };

/** Fixes of one channel, at these numbers of seconds after noon. */
const fixes = (seconds: number[], data: (i: number) => Data = () => FIX): CloudEvent[] =>
  eventsOf(
    'gps',
    seconds.map((second, i) => ({
      subject: `bus-${i % 2}`,
      timeMs: START_MS + second * 1000,
      data: data(i),
    })),
  );

const every = (stepSeconds: number, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => from + i * stepSeconds);

function run(events: CloudEvent[], params: Data = {}, options: DeriveOptions = {}) {
  const service = quality.create(checkedParams('quality', quality, params));
  const { outputs, rejected } = derive(service, events, options);
  for (const { to, data } of outputs) {
    const isValid = validator(`channels/${to === 'alerts' ? 'alerts' : 'quality'}`);
    assert.ok(isValid(data), explain(isValid.errors, data));
  }
  return {
    windows: outputs.filter(({ to }) => to === 'output').map(({ data }) => data as unknown as Quality),
    alerts: outputs.filter(({ to }) => to === 'alerts'),
    rejected,
  };
}

describe('service quality', () => {
  it('measures each window of event time: rate, subjects, silence', () => {
    const { windows, alerts, rejected } = run(fixes([...every(1, 60, 10), ...every(10, 5, 90)]));
    assert.deepEqual(
      windows.map(({ from, to, events, subjects, longest_silence_seconds: silence }) => [
        from.slice(14, 19),
        to.slice(14, 19),
        events,
        subjects,
        silence,
      ]),
      [
        ['00:10', '01:00', 50, 2, 1],
        ['01:00', '02:00', 13, 2, 21],
        ['02:00', '02:10', 2, 2, 10],
      ],
    );
    assert.equal(windows[0]!.events_per_second, 1);
    assert.equal(windows[2]!.events_per_second, 0.2);
    assert.deepEqual([alerts, rejected], [[], []]);
  });

  it('rejects events that violate the schema, counts the violations, and raises one alert while they last', () => {
    const bad = (i: number) => (i >= 60 && i < 180 && i % 4 === 0 ? { latitude: 91 } : FIX);
    const { windows, alerts, rejected } = run(fixes(every(1, 240), (i) => ({ longitude: 13, ...bad(i) })));
    assert.equal(rejected.length, 30);
    assert.match(rejected[0]!.reason, /latitude must be <= 90, got 91/);
    assert.deepEqual(
      windows.map(({ violations, violation_share: share, violated }) => [violations, share, violated]),
      [
        [0, 0, {}],
        [15, 0.25, { 'latitude maximum': 15 }],
        [15, 0.25, { 'latitude maximum': 15 }],
        [0, 0, {}],
      ],
    );
    assert.deepEqual(
      alerts.map(({ subject, data }) => [subject, data['measure'], data['message']]),
      [['gps', 'violation_share', '15 of 60 events on gps violate its schema.']],
    );
  });

  it('checks against the given schema, and refuses one that does not exist', () => {
    const { rejected } = run(fixes([0]), { schema: 'posts' });
    assert.match(rejected[0]!.reason, /must have required property 'text'/);
    assert.throws(() => run([], { schema: 'nonsense' }), /no schema "nonsense"/);
  });

  it('raises an alert once the channel has been silent for too long, but not at the end of a replay', () => {
    const { alerts, windows } = run(fixes([0, 1, 300, 301]));
    assert.deepEqual(
      alerts.map(({ timeMs, data }) => [timeMs - START_MS, data['measure'], data['last_event']]),
      [[61_000, 'silence_seconds', '2024-01-01T12:00:01.000Z']],
    );
    assert.deepEqual(
      windows.map(({ events, longest_silence_seconds: silence }) => [events, silence]),
      [
        [2, 1],
        [2, 299],
      ],
    );
  });

  it('counts events that had left the log, but not those before the first one that it read', () => {
    const events = fixes(every(1, 30)).filter(({ offset }) => offset > 5 && offset !== 10 && offset !== 20);
    assert.equal(run(events).windows[0]!.missing, 2);
  });

  it('measures the disorder of replayed events and the delay of live ones', () => {
    const seconds = every(1, 50).map((second) => (second % 10 === 9 ? second - 5 : second));
    const [replayed] = run(fixes(seconds)).windows;
    assert.equal(replayed!.disordered, 5);
    assert.deepEqual([replayed!.disorder.p50_seconds, replayed!.disorder.max_seconds], [0, 4]);
    assert.equal(replayed!.delay, null);
    const live = fixes(every(1, 50)).map(({ replay: _, ...event }, i) => ({
      ...event,
      sent: new Date(Date.parse(event.time) + 100 + i).toISOString(),
    }));
    const { delay, disorder } = run(live).windows[0]!;
    assert.equal(disorder.max_seconds, 0);
    assert.equal(delay!.max_seconds, 0.149);
    assert.ok(Math.abs(delay!.p50_seconds / 0.124 - 1) <= 0.02);
  });

  it('ignores restored events, and starts again with a new epoch', () => {
    const events = fixes(every(1, 20)).map((event) => ({ ...event, restored: true as const }));
    assert.deepEqual(run(events).windows, []);
    const replayedAgain = [
      ...fixes(every(1, 20)),
      ...fixes([0]).map((event) => ({ ...event, epoch: 2, id: 'gps/2/1' })),
    ];
    assert.deepEqual(
      run(replayedAgain).windows.map(({ events: count }) => count),
      [1],
    );
  });

  it('derives the same after a restart at any event', () => {
    const seconds = every(7, 120).map((second, i) => (i % 11 === 5 ? second + 200 : second));
    const events = fixes(seconds, (i) => (i % 9 === 0 ? {} : FIX));
    const whole = run(events);
    assert.ok(whole.windows.length > 5 && whole.alerts.length > 1);
    for (const restartEvery of [1, 13]) assert.deepEqual(run(events, {}, { restartEvery }), whole);
  });
});

describe('quantile sketch', () => {
  it('is at most 2 % off for every quantile', () => {
    const values = fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (numbers, share) => {
        const sketch = newSketch();
        for (const number of numbers) addTo(sketch, number);
        const sorted = [...numbers].sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
        const told = share === 0 ? exact : quantileOf(sketch, share);
        assert.ok(Math.abs(told / exact - 1) <= 0.0201, `${told} for ${exact}`);
      }),
      { seed: 1 },
    );
  });
});
