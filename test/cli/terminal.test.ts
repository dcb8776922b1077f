import assert from 'node:assert/strict';
import { line, patchOf, spanText } from '../../cli/support/terminal.ts';
import type { Replay } from '../../schemas/types.ts';

const replay: Replay = {
  id: 'demo',
  recordings: ['fleet.ndjson'],
  channels: ['gps'],
  state: 'playing',
  rate: 10,
  achievedRate: 9.5,
  eventsPerSecond: 12_345,
  position: '2024-01-01T00:00:30.000Z',
  start: '2024-01-01T00:00:00.000Z',
  end: '2024-01-01T00:02:00.000Z',
  loop: false,
  epoch: 1,
  latenessMs: { p50: 0.1, p99: 1.26, max: 3 },
  lag: { consumer: 'movement', channel: 'gps', events: 40 },
  counts: { published: 1, refused: 2, reordered: 0, late: 0, restored: 0, dropped: 0 },
};

describe('terminal', () => {
  it('says where a replay stands, what it achieves and how long it has to go', () => {
    assert.equal(
      line(replay),
      'playing  2024-01-01 00:00:30  25.0 %  rate 10 (achieved 9.5)  12,345 events/s  late p99 1.3 ms  movement 40 behind  2 refused  9 s left',
    );
    assert.match(
      line({ ...replay, waiting: 'for 1 subscribers of gps' }),
      /^waiting for 1 subscribers of gps/,
    );
    assert.doesNotMatch(line({ ...replay, end: null }), /%|left/);
  });

  it('writes spans as people do', () => {
    assert.deepEqual([0, 59.4, 200, 7_500].map(spanText), ['0 s', '59 s', '3:20', '2:05:00']);
  });

  it('steers by keys', () => {
    const press = (name: string, shift = false, document = replay) => patchOf({ name, shift }, document);
    assert.deepEqual(press('space'), { state: 'paused' });
    assert.deepEqual(press('space', false, { ...replay, state: 'ended' }), { state: 'playing' });
    assert.deepEqual(press('right'), { position: '2024-01-01T00:00:40.000Z' });
    const early = { ...replay, position: '2024-01-01T00:00:03.000Z' };
    assert.deepEqual(press('left', false, early), { position: replay.start });
    assert.deepEqual(patchOf({ sequence: '+' }, replay), { rate: 20 });
    assert.deepEqual(patchOf({ sequence: '-' }, { ...replay, rate: 'max' }), { rate: 1000 });
    assert.deepEqual([press('n'), press('n', true), press('x')], [{ step: 1 }, { step: -1 }, null]);
  });
});
