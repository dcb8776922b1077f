import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compare, median } from '../../../../backend/analysis/gps/hampel.ts';
import anomaly from '../../../../backend/analysis/services/anomaly.ts';
import type { CloudEvent } from '../../../../core/wire/event.ts';
import { fixes, NORTH_M, recorded, type Row } from '../../../helpers/fixes.ts';
import { derived, START_MS } from '../../../helpers/services.ts';

/** A subject that goes north, a fix every ten seconds, at these speeds. */
function drive(speedsMps: number[]): Row[] {
  let north = 0;
  return [0, ...speedsMps].map((speed, i) => [10 * i, 50 + (north += speed * 10) * NORTH_M, 8]);
}

const STEADY = Array.from({ length: 20 }, (_, i) => 10 + (i % 3) / 2);

describe('anomaly', () => {
  const alerts = (events: CloudEvent[], params = {}) => {
    const outputs = derived(anomaly, events, params);
    const [own, shared] = ['output', 'alerts'].map((name) =>
      outputs.filter(({ to }) => to === name).map(({ data }) => data),
    );
    assert.deepEqual(own, shared);
    return outputs.filter(({ to }) => to === 'alerts');
  };

  it('reports a speed far from the usual once, and no usual speed', () => {
    const [alert, ...others] = alerts(fixes(drive([...STEADY, 30, 31, ...STEADY])));
    assert.deepEqual(others, []);
    assert.equal(alert!.timeMs, START_MS + 210_000);
    const { kind, severity, subject, value, expected, message } = alert!.data;
    assert.deepEqual([kind, severity, subject, value, expected], ['speed', 'info', 'a', 30, 10.5]);
    assert.equal(message, 'a: 30 m/s is far from its usual 10.5 m/s.');
    assert.deepEqual(alerts(fixes(drive(STEADY))), []);
    assert.deepEqual(alerts(fixes(drive([30, 1, 30]))), [], 'nothing is usual yet');
  });

  it('adapts to a new way of moving', () => {
    assert.equal(alerts(fixes(drive([...STEADY, ...Array<number>(60).fill(25), 26]))).length, 1);
  });

  it('reports silence once, and not when the recording ends', () => {
    const others = [100, 200, 290, 310, 1000].map((seconds): Row => [seconds, 1, 1]);
    const rows = drive(STEADY);
    const silent = [...fixes(rows), ...fixes(others, 'b')];
    const [alert, ...more] = alerts(silent);
    assert.deepEqual(more, []);
    assert.equal(alert!.timeMs, START_MS + 300_000);
    const { kind, subject, value, expected, since } = alert!.data;
    assert.deepEqual([kind, subject, value, expected, since], ['silence', 'a', 100, 10, '2026-01-01T00:03:20.000Z']); // prettier-ignore
    assert.deepEqual(alerts(fixes(rows)), []);
  });

  it('reports jumps, null island and sentinel speeds, each run of them once', () => {
    const rows = drive(STEADY);
    rows[5] = [50, 0, 0];
    rows[6] = [60, 0, 0];
    rows[9] = [90, -50, 8];
    rows[12]!.push({ speed_meters_per_second: 113.9952 });
    rows[15] = [150, 95, 8];
    const kinds = alerts(fixes(rows)).map(({ data }) => data['kind']);
    assert.deepEqual(kinds, ['null_island', 'jump', 'reported_speed', 'invalid']);
  });

  it('uses medians that outliers in up to half of a window do not change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 9, max: 11, noNaN: true }), { minLength: 6, maxLength: 20 }),
        fc.array(fc.double({ min: 1e3, max: 1e6, noNaN: true }), { maxLength: 5 }),
        (usual, odd) => {
          const window = [...usual, ...odd];
          assert.ok(median(window) >= 9 && median(window) <= 11);
          assert.ok(Math.abs(compare(10, window, 1).deviations) <= 1);
          assert.ok(compare(1e6 + 1, window, 1).deviations > 100);
        },
      ),
    );
  });

  it('finds the odd rows of the buses of Austin', async function () {
    const outputs = derived(anomaly, await recorded(this, 'capmetro_buses_2017-03-16.csv'), {}, 10_000);
    const kinds = outputs.filter(({ to }) => to === 'alerts').map(({ data }) => data['kind']);
    assert.equal(kinds.filter((kind) => kind === 'null_island').length, 2);
    assert.equal(kinds.filter((kind) => kind === 'reported_speed').length, 8);
    assert.equal(kinds.filter((kind) => kind === 'jump').length, 0);
    assert.ok(kinds.length < 1000, `${kinds.length} alerts`);
  });
});
