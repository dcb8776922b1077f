import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Block } from '../../core/wire/block.ts';
import type { TimedRecord } from '../../core/wire/event.ts';
import type { Output } from '../../replayer/playing/output.ts';
import { Player, type PlayerOptions } from '../../replayer/playing/player.ts';
import type { RecordBatch, Timeline } from '../../replayer/playing/timeline.ts';
import { FakeTime, settle } from '../helpers/time.ts';

const SUBJECTS = 3;
const START_MS = Date.UTC(2024, 0, 1);

/** A recording of records at these offsets (ms), on one channel or more. */
function timeline(offsetsMs: number[], lanes = 1): Timeline {
  const records: TimedRecord[] = offsetsMs.map((offsetMs, i) => ({
    timeMs: START_MS + offsetMs,
    subject: `s${i % SUBJECTS}`,
    data: `{"n":${i}}`,
  }));
  const laneOf = ({ data }: TimedRecord) => Number(/\d+/.exec(data)![0]) % lanes;
  return {
    startMs: records[0]!.timeMs,
    endMs: records.at(-1)!.timeMs,
    channels: Array.from({ length: lanes }, (_, lane) => `c${lane}`),
    latestBefore(timeMs) {
      const before = records.filter((record) => record.timeMs < timeMs);
      return Promise.resolve(
        Array.from({ length: lanes }, (_, channel) => {
          const latest = new Map<string, TimedRecord>();
          for (const record of before) if (laneOf(record) === channel) latest.set(record.subject, record);
          return { channel, block: Block.of([...latest.values()].sort((a, b) => a.timeMs - b.timeMs)) };
        }).filter(({ block }) => block.count > 0),
      );
    },
    timeBefore: (timeMs) =>
      Promise.resolve(records.filter((record) => record.timeMs < timeMs).at(-1)?.timeMs ?? null),
    async *from(timeMs: number): AsyncGenerator<RecordBatch> {
      const left = records.filter((record) => record.timeMs >= timeMs);
      for (let at = 0; at < left.length; at += 7) {
        const part = left.slice(at, at + 7);
        yield {
          timesMs: Float64Array.from(part, ({ timeMs }) => timeMs),
          byChannel: (from, to) =>
            Array.from({ length: lanes }, (_, channel) => ({
              channel,
              records: part.slice(from, to).filter((record) => laneOf(record) === channel),
            }))
              .filter(({ records }) => records.length > 0)
              .map(({ channel, records }) => ({ channel, block: Block.of(records) })),
        };
      }
    },
  };
}

interface Emitted {
  n: number;
  timeMs: number;
  atMs: number;
}

/** Keeps the numbers of emitted records by epoch, and those of restored records apart. */
class Tape implements Output {
  readonly recordsAtOnce = 512;
  epochs: Emitted[][] = [];
  restored: number[][] = [];
  began: number[] = [];
  /** The player has promised that no record before this time comes in the epoch any more. */
  reachedMs = -Infinity;
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  begin(_lastEpoch: number, fromMs: number): Promise<number> {
    this.began.push(fromMs);
    this.reachedMs = -Infinity;
    this.epochs.push([]);
    this.restored.push([]);
    return Promise.resolve(this.epochs.length);
  }

  emit(_channel: number, block: Block, restored: boolean): Promise<void> {
    for (const { data, timeMs } of block.records()) {
      assert.ok(timeMs >= this.reachedMs, 'what was said to be past comes');
      const n = JSON.parse(data).n as number;
      if (restored) this.restored.at(-1)!.push(n);
      else this.epochs.at(-1)!.push({ n, timeMs, atMs: this.#time.now() });
    }
    return Promise.resolve();
  }

  reached(timeMs: number, over: boolean): Promise<void> {
    this.reachedMs = over ? Infinity : timeMs;
    return Promise.resolve();
  }

  acknowledged(): Promise<void> {
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

const options = { startMs: START_MS, endMs: Infinity, loop: false };

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

  it('keeps the contract under any interleaving of pause, resume, rate, seek, loop and step', async () => {
    const command = fc.oneof(
      fc.constant(['pause'] as const),
      fc.constant(['play'] as const),
      fc.constant(['mark'] as const),
      fc.tuple(fc.constant('rate' as const), fc.constantFrom(0.01, 0.5, 1, 10, 1000, 'max' as const)),
      fc.tuple(fc.constant('seek' as const), fc.integer({ min: -1_000, max: 12_000 })),
      fc.tuple(fc.constant('pass' as const), fc.integer({ min: 0, max: 4_000 })),
      fc.tuple(fc.constant('step' as const), fc.integer({ min: 1, max: 5 })),
      fc.tuple(fc.constant('span' as const), fc.integer({ min: 0, max: 3_000 })),
      fc.tuple(fc.constant('times' as const), fc.integer({ min: 1, max: 3 })),
      fc.tuple(fc.constant('back' as const), fc.integer({ min: 1, max: 3 })),
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
            else if (kind === 'mark') await player.mark();
            else if (kind === 'rate') player.setRate(value);
            else if (kind === 'pass') await time.pass(value);
            else if (kind === 'back') {
              if (player.state !== 'ended') await player.stepBack(value);
            } else if (kind === 'step' || kind === 'span' || kind === 'times') {
              const before = tape.epochs.length;
              const emitted = tape.epochs.at(-1)!.length;
              const wasMs = player.clock.positionMs();
              const runs = player.state === 'playing' || player.state === 'paused';
              await player.step(
                kind === 'step' ? { records: value } : kind === 'span' ? { spanMs: value } : { times: value },
              );
              if (!runs || tape.epochs.length > before) continue;
              const more = tape.epochs.at(-1)!.slice(emitted);
              if (kind === 'step') assert.ok(more.length <= value, 'no more records than asked for');
              if (kind === 'times') assert.ok(new Set(more.map(({ timeMs }) => timeMs)).size <= value);
              if (kind === 'span')
                for (const { timeMs } of more)
                  assert.ok(timeMs <= wasMs + value + 1e-6, 'nothing beyond the span');
            } else if (player.state !== 'ended') {
              const targetMs = Math.max(source.startMs, Math.min(START_MS + value, source.endMs!));
              const sought = player.seek(targetMs);
              await time.pass(0);
              await sought;
              // At rate max, and where a loop begins anew, the position has moved on by now.
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
          assert.equal(tape.reachedMs, Infinity, 'it is said that the epoch is over');
          for (const [i, epoch] of tape.epochs.entries()) {
            // Restored: the latest record of each subject of each channel before the start, unless another command cut it short.
            const begun = offsetsMs.filter((offsetMs) => START_MS + offsetMs < tape.began[i]!).length;
            const latest = new Map(
              Array.from({ length: begun }, (_, n) => [`${n % lanes} ${n % SUBJECTS}`, n]),
            );
            for (const n of tape.restored[i]!) assert.equal(latest.get(`${n % lanes} ${n % SUBJECTS}`), n);
            if (epoch.length > 0) assert.equal(tape.restored[i]!.length, latest.size);
            // Emitted: in order, none twice and none missing between the first and the last record of the epoch.
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

  it('steps by records, times and spans, and back, and its clock stands where the step ends', async () => {
    const { time, tape, player, run } = play(timeline([0, 100, 100, 250, 1_000]), { paused: true });
    const played = () => tape.epochs.map((epoch) => epoch.map(({ n }) => n));
    await settle();
    assert.deepEqual(played(), [[]]);
    await player.step({ records: 1 });
    assert.deepEqual([played(), player.positionMs() - START_MS], [[[0]], 0]);
    await player.step({ times: 1 });
    assert.deepEqual([played(), player.positionMs() - START_MS], [[[0, 1, 2]], 100]);
    await player.step({ spanMs: 200 });
    assert.deepEqual([played(), player.positionMs() - START_MS], [[[0, 1, 2, 3]], 300]);
    await player.stepBack(1);
    await player.step({ records: 1 });
    assert.deepEqual(played(), [[0, 1, 2, 3], [3]]);
    assert.deepEqual(tape.restored[1], [0, 1, 2]);
    await player.stepBack(2);
    await player.step({ records: 9 });
    assert.deepEqual(played().at(-1), [1, 2, 3, 4]);
    assert.deepEqual(tape.restored.at(-1), [0]);
    await time.pass(1);
    await run;
    assert.equal(player.state, 'ended');
  });

  it('plays a range over and over, and everything again when told', async () => {
    const { time, tape, player } = play(timeline([0, 100, 200, 300, 400]));
    await time.pass(50);
    const set = player.setRange({ startMs: START_MS + 100, endMs: START_MS + 250 });
    await time.pass(0);
    await set;
    await time.pass(400);
    assert.deepEqual(
      tape.epochs.slice(1, 3).map((epoch) => epoch.map(({ n }) => n)),
      [
        [1, 2],
        [1, 2],
      ],
    );
    await player.setRange(null);
    await time.pass(1_000);
    assert.deepEqual(tape.epochs.at(-1)!.at(-1)!.n, 4);
  });

  it('cuts long gaps without records short', async () => {
    const { time, tape, run } = play(timeline([0, 100, 60_000, 60_100]), { skipIdleMs: 1_000 });
    await time.pass(1_300);
    await run;
    assert.deepEqual(
      tape.epochs[0]!.map(({ atMs }) => atMs - 1_000),
      [0, 100, 1_100, 1_200],
    );
  });

  for (const [late, gaps, left] of [
    ['slow', [0, 5_000, 5_100, 5_200, 5_300], 5],
    ['burst', [0, 5_000, 5_000, 5_000, 5_000], 5],
    ['drop', [0], 1],
  ] as const) {
    it(`when the output was away for five seconds: ${late}`, async () => {
      const time = new FakeTime();
      const tape = new Tape(time);
      const away = tape.emit.bind(tape);
      // The first answer is late, and only one batch may be on its way.
      tape.emit = async (channel, block, restored) => {
        await away(channel, block, restored);
        if (block.records().some(({ data }) => data === '{"n":0}'))
          await time.wait(5_000, new AbortController().signal);
      };
      const player = new Player(timeline([0, 100, 200, 300, 400]), tape, {
        rate: 1,
        paused: false,
        startMs: START_MS,
        endMs: Infinity,
        loop: false,
        late,
        lockstep: true,
        time,
      });
      const run = player.run();
      await time.pass(6_000);
      await run;
      assert.deepEqual(
        tape.epochs[0]!.map(({ atMs }) => atMs - 1_000),
        gaps.slice(0, left),
      );
      assert.equal(player.counts.published + player.counts.dropped, 5);
    });
  }

  it('resumes where another player stopped: on each channel nothing twice, nothing missing', async () => {
    const offsetsMs = Array.from({ length: 40 }, (_, n) => n * 10);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 20 }),
        fc.nat({ max: 20 }),
        fc.nat({ max: 390 }),
        async (a, b, fromMs) => {
          const source = timeline(offsetsMs, 2);
          const [whole, rest] = [new FakeTime(), new FakeTime()].map((time) => ({
            time,
            tape: new Tape(time),
          }));
          const options = { rate: 'max' as const, paused: false, startMs: START_MS, loop: false };
          const from = { fromMs: START_MS + fromMs };
          await new Player(source, whole!.tape, { ...options, time: whole!.time }).run(false, from);
          const all = [0, 1].map((channel) =>
            [...whole!.tape.restored[0]!, ...whole!.tape.epochs[0]!.map(({ n }) => n)].filter(
              (n) => n % 2 === channel,
            ),
          );
          const there = [Math.min(a, all[0]!.length), Math.min(b, all[1]!.length)];
          rest!.tape.epochs.push([]);
          rest!.tape.restored.push([]);
          const player = new Player(source, rest!.tape, { ...options, time: rest!.time });
          const point = { ...from, epoch: 7, published: there, positionMs: from.fromMs, loopsDone: 0 };
          await player.run(false, point);
          assert.equal(player.epoch, 7);
          for (const channel of [0, 1]) {
            const found = [...rest!.tape.restored[0]!, ...rest!.tape.epochs[0]!.map(({ n }) => n)];
            assert.deepEqual(
              found.filter((n) => n % 2 === channel),
              all[channel]!.slice(there[channel]),
            );
          }
        },
      ),
      { numRuns: 200 },
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

  it('sends at most a megabyte at once, and is done with a batch when all of it has arrived', async () => {
    const data = JSON.stringify({ n: 0, x: 'x'.repeat(300_000) });
    const block = Block.of(
      Array.from({ length: 8 }, (_, i) => ({ timeMs: START_MS + i, subject: 's', data })),
    );
    const news: string[] = [];
    const source: Timeline = {
      ...timeline([0, 7]),
      async *from() {
        for (const name of ['first', 'second']) {
          const byChannel = (from: number, to: number) => [{ channel: 0, block: block.slice(from, to) }];
          yield { timesMs: block.timesMs, byChannel, done: () => news.push(`${name} done`) };
        }
      },
    };
    const arrivals: (() => void)[] = [];
    const output: Output = {
      recordsAtOnce: 7,
      begin: () => Promise.resolve(1),
      emit(_channel, { count }) {
        news.push(`${count} records`);
        return new Promise<void>((resolve) => arrivals.push(resolve));
      },
      reached: () => Promise.resolve(),
      acknowledged: () => Promise.resolve(),
    };
    const time = new FakeTime();
    const run = new Player(source, output, { ...options, rate: 'max', paused: false, time }).run();
    for (let arrived = 0; arrived < 8; arrived++) {
      while (arrivals.length <= arrived) await settle();
      news.push('one arrives');
      arrivals[arrived]!();
      await settle();
    }
    await run;
    const batches = ['3 records', '3 records', '1 records', '1 records'];
    assert.deepEqual(
      news.filter((what) => what.endsWith('records')),
      [...batches, ...batches],
    );
    const doneAfter = (name: string) =>
      news.slice(0, news.indexOf(`${name} done`)).filter((what) => what === 'one arrives').length;
    assert.ok(doneAfter('first') >= 4, 'all four of the first stretch');
    assert.equal(doneAfter('second'), 8);
  });

  const failing: Output = {
    recordsAtOnce: 512,
    begin: () => Promise.resolve(1),
    emit: () => settle().then(() => Promise.reject(new Error('the lease is gone'))),
    reached: () => Promise.resolve(),
    acknowledged: () => Promise.resolve(),
  };

  it('says why it failed when the output fails', async () => {
    const time = new FakeTime();
    const player = new Player(timeline([0, 1]), failing, { ...options, rate: 'max', paused: false, time });
    await assert.rejects(player.run(), /the lease is gone/);
    assert.equal(player.state, 'failed');
    assert.match(player.failure!.message, /the lease is gone/);
  });

  it('says why it failed also when it is paused after a step', async () => {
    const time = new FakeTime();
    const player = new Player(timeline([0, 1_000]), failing, { ...options, rate: 1, paused: true, time });
    const run = player.run();
    run.catch(() => {});
    await settle();
    await player.step({ records: 1 });
    await assert.rejects(run, /the lease is gone/);
    assert.equal(player.state, 'failed');
  });
});
