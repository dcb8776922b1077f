import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Block } from '../../core/block.ts';
import type { Record } from '../../core/event.ts';
import { Player, type Output, type PlayerOptions } from '../../replayer/player.ts';
import type { Stretch, Timeline } from '../../replayer/timeline.ts';
import { FakeTime, settle } from '../helpers/time.ts';

const START_MS = Date.UTC(2024, 0, 1);

/** A recording of records at these offsets (ms), on one channel or more. */
function timeline(offsetsMs: number[], lanes = 1): Timeline {
  const records: Record[] = offsetsMs.map((offsetMs, i) => ({
    timeMs: START_MS + offsetMs,
    subject: 's',
    data: `{"n":${i}}`,
  }));
  return {
    startMs: records[0]!.timeMs,
    endMs: records.at(-1)!.timeMs,
    channels: Array.from({ length: lanes }, (_, lane) => `c${lane}`),
    async *from(timeMs: number): AsyncGenerator<Stretch> {
      const left = records.filter((record) => record.timeMs >= timeMs);
      for (let at = 0; at < left.length; at += 7) {
        const part = left.slice(at, at + 7);
        yield {
          timesMs: Float64Array.from(part, ({ timeMs }) => timeMs),
          parts: (from, to) =>
            Array.from({ length: lanes }, (_, channel) => ({
              channel,
              records: part
                .slice(from, to)
                .filter(({ data }) => Number(/\d+/.exec(data)![0]) % lanes === channel),
            }))
              .filter(({ records }) => records.length > 0)
              .map(({ channel, records }) => ({ channel, block: Block.of(records) })),
        };
      }
    },
  };
}

/** Keeps what was emitted, by epoch. */
class Tape implements Output {
  epochs: { n: number; timeMs: number; atMs: number }[][] = [];
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  begin(): Promise<number> {
    this.epochs.push([]);
    return Promise.resolve(this.epochs.length);
  }

  emit(_channel: number, block: Block): Promise<void> {
    for (const { data, timeMs } of block.records())
      this.epochs.at(-1)!.push({ n: JSON.parse(data).n as number, timeMs, atMs: this.#time.now() });
    return Promise.resolve();
  }
}

function play(source: Timeline, options: Partial<PlayerOptions> = {}) {
  const time = new FakeTime();
  const tape = new Tape(time);
  const player = new Player(source, tape, {
    rate: 1,
    paused: false,
    startMs: source.startMs,
    endMs: Infinity,
    loop: false,
    time,
    ...options,
  });
  const run = player.run();
  run.catch(() => {});
  return { time, tape, player, run };
}

describe('Player', () => {
  it('emits each record at its due time, none early', async () => {
    const { time, tape, player, run } = play(timeline([0, 10, 10, 250, 1_000, 5_000]), { rate: 2 });
    await time.pass(3_000);
    await run;
    assert.deepEqual(tape.epochs, [
      [0, 10, 10, 250, 1_000, 5_000].map((offsetMs, n) => ({
        n,
        timeMs: START_MS + offsetMs,
        atMs: 1_000 + offsetMs / 2,
      })),
    ]);
    assert.equal(player.state, 'ended');
    assert.equal(player.positionMs(), START_MS + 5_000);
  });

  it('keeps the contract under any interleaving of pause, resume, rate, seek and loop', async () => {
    const command = fc.oneof(
      fc.constant(['pause'] as const),
      fc.constant(['play'] as const),
      fc.tuple(fc.constant('rate' as const), fc.constantFrom(0.01, 0.5, 1, 10, 1000, 'max' as const)),
      fc.tuple(fc.constant('seek' as const), fc.integer({ min: -1_000, max: 12_000 })),
      fc.tuple(fc.constant('pass' as const), fc.integer({ min: 0, max: 4_000 })),
    );
    const offsets = fc
      .array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 60 })
      .map((all) => all.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(
        offsets,
        fc.array(command, { maxLength: 25 }),
        fc.constantFrom<boolean | number>(false, 2, 3),
        fc.integer({ min: 1, max: 3 }),
        async (offsetsMs, commands, loop, lanes) => {
          const source = timeline(offsetsMs, lanes);
          const { time, tape, player, run } = play(source, { loop });
          await settle();
          for (const [kind, value] of commands) {
            if (kind === 'pause') player.pause();
            else if (kind === 'play') player.play();
            else if (kind === 'rate') player.setRate(value);
            else if (kind === 'pass') await time.pass(value);
            else if (player.state !== 'ended') {
              const targetMs = Math.max(source.startMs, Math.min(START_MS + value, source.endMs!));
              const sought = player.seek(targetMs);
              await time.pass(0);
              await sought;
              // At rate max, and where a loop begins anew, it has gone on by now.
              if (player.clock.rate !== 'max' && loop === false)
                assert.ok(
                  Math.abs(player.positionMs() - targetMs) < 1e-6,
                  'the position is where the seek went',
                );
            }
            await settle();
          }
          player.play();
          player.setRate('max');
          await time.pass(1);
          await run;
          for (const epoch of tape.epochs) {
            // In order, none twice, none missing between the first and the last of the epoch.
            for (const lane of Array.from({ length: lanes }, (_, l) => l)) {
              const numbers = epoch.map(({ n }) => n).filter((n) => lanes === 1 || n % lanes === lane);
              for (let i = 1; i < numbers.length; i++) assert.equal(numbers[i], numbers[i - 1]! + lanes);
            }
          }
          // The last epoch plays to the end.
          assert.equal(Math.max(...tape.epochs.at(-1)!.map(({ n }) => n), -1), offsetsMs.length - 1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('opens a new epoch at every loop and seek, and none at a pause', async () => {
    const { time, tape, player, run } = play(timeline([0, 100, 200]), { loop: 3 });
    await time.pass(150);
    player.pause();
    await time.pass(1_000);
    player.play();
    assert.equal(tape.epochs.length, 1);
    await time.pass(1_000);
    await run;
    assert.deepEqual(
      tape.epochs.map((epoch) => epoch.map(({ n }) => n)),
      [
        [0, 1, 2],
        [0, 1, 2],
        [0, 1, 2],
      ],
    );
    assert.equal(player.loopsDone, 3);
  });

  it('plays only the range', async () => {
    const { time, tape, run } = play(timeline([0, 100, 200, 300, 400]), {
      startMs: START_MS + 100,
      endMs: START_MS + 300,
    });
    await time.pass(1_000);
    await run;
    assert.deepEqual(
      tape.epochs.map((epoch) => epoch.map(({ n }) => n)),
      [[1, 2, 3]],
    );
  });

  it('says why it failed when the output fails', async () => {
    const time = new FakeTime();
    const output: Output = {
      begin: () => Promise.resolve(1),
      emit: () => Promise.reject(new Error('the lease is gone')),
    };
    const player = new Player(timeline([0, 1]), output, {
      rate: 'max',
      paused: false,
      startMs: START_MS,
      endMs: Infinity,
      loop: false,
      time,
    });
    await assert.rejects(player.run(), /the lease is gone/);
    assert.equal(player.state, 'failed');
    assert.match(player.error!, /the lease is gone/);
  });
});
