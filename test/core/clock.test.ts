import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Clock } from '../../core/time/clock.ts';
import { FakeTime } from '../helpers/time.ts';

const START_MS = Date.UTC(2019, 11, 24);

describe('Clock', () => {
  it('maps recording time to steady time without an error that adds up over an hour', async () => {
    const time = new FakeTime();
    const clock = new Clock(START_MS, 100, time);
    let lateMs = 0;
    for (let record = 1; record <= 3_600; record++) {
      await time.pass(1_000.1);
      lateMs = time.now() - 1_000 - (clock.positionMs() - START_MS) / 100;
    }
    assert.ok(Math.abs(lateMs) < 1e-4, `drifted by ${lateMs} ms`);
  });

  it('keeps the position through every pause, resume, rate change and jump', async () => {
    const change = fc.oneof(
      fc.constant({ kind: 'pause' as const }),
      fc.constant({ kind: 'resume' as const }),
      fc.record({
        kind: fc.constant('rate' as const),
        rate: fc.double({ min: 0.01, max: 1000, noNaN: true }),
      }),
      fc.record({ kind: fc.constant('jump' as const), toMs: fc.integer({ min: 0, max: 86_400_000 }) }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 10_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
        const time = new FakeTime();
        const clock = new Clock(START_MS, 1, time);
        // The expected position: the rate, integrated over time.
        let [positionMs, rate, paused] = [START_MS, 1, false];
        for (const step of changes) {
          if (step.kind === 'pass') {
            await time.pass(step.ms);
            if (!paused) positionMs += step.ms * rate;
          } else if (step.kind === 'pause') {
            clock.pause();
            paused = true;
          } else if (step.kind === 'resume') {
            clock.resume();
            paused = false;
          } else if (step.kind === 'rate') {
            clock.setRate(step.rate);
            rate = step.rate;
          } else {
            clock.jump(START_MS + step.toMs);
            positionMs = START_MS + step.toMs;
          }
          assert.ok(
            Math.abs(clock.positionMs() - positionMs) < 0.01,
            `${clock.positionMs()} is not ${positionMs}`,
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('wakes at the due time, whatever happened while it slept', async () => {
    const time = new FakeTime();
    const clock = new Clock(START_MS, 1, time);
    let wokeAt: number | null = null;
    const waiting = clock
      .until(START_MS + 10_000, new AbortController().signal)
      .then(() => (wokeAt = time.now()));
    await time.pass(4_000);
    clock.pause();
    await time.pass(60_000);
    assert.equal(wokeAt, null, 'it does not wake while paused');
    clock.resume();
    clock.setRate(2);
    await time.pass(2_999);
    assert.equal(wokeAt, null);
    await time.pass(1);
    await waiting;
    assert.equal(wokeAt, 1_000 + 4_000 + 60_000 + 3_000);
  });

  it('finds everything due at rate max, where records drive the position', () => {
    const clock = new Clock(START_MS, 'max', new FakeTime());
    assert.equal(clock.dueInMs(START_MS + 1e9), 0);
    clock.reached(START_MS + 5_000);
    assert.equal(clock.positionMs(), START_MS + 5_000);
  });
});
