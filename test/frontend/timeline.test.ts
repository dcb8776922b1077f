import assert from 'node:assert/strict';
import fc from 'fast-check';
import { gapsOf } from '../../frontend/src/lib/timeline/gaps.ts';
import { axisLabel, stepOf, ticksOf } from '../../frontend/src/lib/ui/time-axis.ts';
import { moved, zoomed, type TimeRange } from '../../frontend/src/lib/ui/time-range.ts';
import { TimeZone } from '../../frontend/src/lib/ui/time-zone.ts';

const HOUR = 3_600_000;
const start = '2026-05-04T07:00:00.000Z';
const startMs = Date.parse(start);
const histogram = (counts: number[]) => ({ start, histogram: { bucketSeconds: 1, counts } });

describe('the timeline of the page', () => {
  const whole: TimeRange = { from: startMs, to: startMs + HOUR };
  const inside = ({ from, to }: TimeRange) => from >= whole.from - 1e-3 && to <= whole.to + 1e-3 && from < to;

  it('never shows more than the recording, and keeps the time under the pointer in place', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: -2 * HOUR, max: 2 * HOUR, noNaN: true }),
        (factor, share, by) => {
          const about = whole.from + share * HOUR;
          const near = zoomed(whole, whole, factor, about);
          assert.ok(inside(near) && inside(moved(near, whole, by)));
          assert.ok(Math.abs((about - near.from) / (near.to - near.from) - share) < 1e-6);
          const back = zoomed(moved(near, whole, by), whole, 1000, about);
          assert.ok(Math.abs(back.from - whole.from) < 1e-3 && Math.abs(back.to - whole.to) < 1e-3);
        },
      ),
    );
  });

  it('labels round local times', () => {
    const kolkata = new TimeZone('Asia/Kolkata');
    const ticks = ticksOf(whole, stepOf(whole, 8), (ms) => kolkata.offsetMs(ms));
    assert.deepEqual(
      ticks.map((ms) => axisLabel(ms + kolkata.offsetMs(ms), 600_000)),
      ['12:30', '12:40', '12:50', '13:00', '13:10', '13:20', '13:30'],
    );
    assert.equal(axisLabel(Date.parse('2026-05-04T00:00:00Z'), HOUR), '05-04');
  });

  it('knows the offsets of time zones, and when clocks change', () => {
    const berlin = new TimeZone('Europe/Berlin');
    assert.equal(berlin.label(Date.parse('2026-03-29T00:59:59Z')), 'UTC+1');
    assert.equal(berlin.label(Date.parse('2026-03-29T01:00:00Z')), 'UTC+2');
    assert.equal(new TimeZone('America/St_Johns').label(startMs), 'UTC−2:30');
    assert.equal(new TimeZone('Nowhere/Land').name, 'UTC');
  });

  it('takes a silence for a gap only when a dozen records are missing', () => {
    assert.deepEqual(gapsOf(histogram([20, 20, 0, 20, 20])), [{ from: startMs + 2000, to: startMs + 3000 }]);
    assert.deepEqual(gapsOf(histogram([1, 1, 0, 0, 1, 1])), []);
  });
});
