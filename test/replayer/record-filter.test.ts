import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TimedRecord } from '../../core/wire/event.ts';
import { convert } from '../../replayer/files/convert.ts';
import { openRecording, playable } from '../../replayer/playing/playable.ts';
import type { OpenOptions } from '../../replayer/reading/open-options.ts';

const START_MS = Date.UTC(2024, 0, 1);
const ROWS = 2_000;

describe('filter and sample', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-record-filter-'));
  const paths = ['trip.ndjson', 'trip.mcap'].map((name) => join(folder, name)) as [string, string];
  before(async () => {
    const lines = Array.from({ length: ROWS }, (_, n) =>
      JSON.stringify({
        time: new Date(START_MS + n * 250).toISOString(),
        vehicle: `bus-${n % 5}`,
        n,
        ...(n % 4 > 0 && { speed: n % 50 }),
      }),
    );
    writeFileSync(paths[0], `${lines.join('\n')}\n`);
    await convert({ inputs: [paths[0]], out: paths[1], options: { channel: 'trip', subject: 'vehicle' } });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function read(path: string, options: OpenOptions, fromMs = -Infinity) {
    const recording = await openRecording(path, { channel: 'trip', subject: 'vehicle', ...options });
    const { rows, latestBefore } = playable(recording);
    const records: TimedRecord[] = [];
    for await (const { block } of rows(fromMs)) records.push(...block.records());
    const restored = (await latestBefore(fromMs)).flatMap(({ block }) => block.records());
    return { records, restored, filtered: recording.filtered };
  }
  const numbers = (records: TimedRecord[]) =>
    records.map(({ data }) => (JSON.parse(data) as { n: number }).n);

  for (const [what, index] of [
    ['text', 0],
    ['MCAP', 1],
  ] as const) {
    it(`let only those records pass for which the expression is true, from ${what}`, async () => {
      const filter = 'speed * 2 > 60 && vehicle != "bus-3"';
      const expected = Array.from({ length: ROWS }, (_, n) => n).filter(
        (n) => n % 4 > 0 && n % 50 > 30 && n % 5 !== 3,
      );
      const { records, filtered } = await read(paths[index], { filter });
      assert.deepEqual(numbers(records), expected);
      assert.equal(filtered, ROWS - expected.length);
    });

    it(`choose the same records, and the same state before, wherever a replay of ${what} begins`, async () => {
      const sample = '10%';
      const all = (await read(paths[index], { sample })).records;
      assert.ok(all.length > ROWS * 0.07 && all.length < ROWS * 0.13, `${all.length}`);
      const middleMs = START_MS + 200_000;
      const { records, restored } = await read(paths[index], { sample }, middleMs);
      assert.deepEqual(numbers(records), numbers(all.filter(({ timeMs }) => timeMs >= middleMs)));
      const latest = new Map(
        all.filter(({ timeMs }) => timeMs < middleMs).map((record) => [record.subject, record]),
      );
      assert.deepEqual(numbers(restored).sort(), numbers([...latest.values()]).sort());
    });
  }

  it('choose the same records from text and MCAP', async () => {
    const options = { sample: '0.3', filter: 'has(data.speed) || n % 2 == 0' };
    const [text, mcap] = await Promise.all(paths.map((path) => read(path, options)));
    assert.deepEqual(numbers(text!.records), numbers(mcap!.records));
  });

  it('refuse malformed input and say what is wrong with it', async () => {
    await assert.rejects(read(paths[0], { filter: 'speed >' }), {
      code: 'expression_malformed',
      message: '"speed >" is not a valid expression: Unexpected token: EOF at character 8.',
    });
    await assert.rejects(read(paths[1], { filter: 'a b' }), { code: 'expression_malformed' });
    await assert.rejects(read(paths[0], { sample: '200%' }), { code: 'share_malformed' });
    await assert.rejects(read(paths[0], { filter: 'n < 0' }), /No row of trip.ndjson can be played/);
  });
});
