import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { RepriseError } from '../../core/problems/errors.ts';
import { diagnose } from '../../replayer/files/doctor.ts';
import { recover } from '../../replayer/files/recover.ts';
import { McapRecording } from '../../replayer/mcap/reading/mcap-recording.ts';
import { played, records, START_MS, write } from '../helpers/mcap.ts';

describe('MCAP, damaged or cut', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-mcap-'))));
  after(() => rm(folder, { recursive: true }));

  it('recovers every whole message of a file cut anywhere, and says that something was lost', async () => {
    for (const compression of ['', 'lz4', 'zstd'] as const) {
      const whole = join(folder, 'whole.mcap');
      const rows = records(600);
      await write(whole, rows, 100, compression);
      const bytes = await readFile(whole);
      const { chunks } = (await McapRecording.open(whole)).summary;
      const dataEnd = chunks.at(-1)!.offset + chunks.at(-1)!.length + chunks.at(-1)!.indexBytes;
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (cut) => {
          const [path, out] = [join(folder, 'cut.mcap'), join(folder, 'saved.mcap')];
          await writeFile(path, bytes.subarray(0, cut));
          const inWhole = chunks.filter(({ offset, length }) => offset + length <= cut).length * 100;
          const report = await recover(path, out).catch((error: unknown) => error as RepriseError);
          if (report instanceof Error) {
            assert.equal(report.code, 'nothing_intact');
            assert.equal(inWhole, 0);
            return;
          }
          assert.ok(report.recovered >= inWhole, `${report.recovered} of ${inWhole}`);
          // All messages and the data end record are there: nothing was lost.
          assert.equal(report.lost, cut < dataEnd + 13);
          assert.deepEqual(await played(await McapRecording.open(out)), rows.slice(0, report.recovered));
        }),
        { numRuns: 60 },
      );
    }
  });

  it('recovers the messages before the cut of a chunk that is cut', async () => {
    const random = () => Math.random().toString(36);
    for (const compression of ['', 'lz4', 'zstd'] as const) {
      const [whole, path, out] = ['big', 'half', 'saved'].map((name) => join(folder, `${name}.mcap`));
      const rows = records(6_000).map((row) => ({
        ...row,
        data: `{"a":"${random()}${random()}${random()}"}`,
      }));
      await write(whole!, rows, 10_000, compression);
      const bytes = await readFile(whole!);
      await writeFile(path!, bytes.subarray(0, bytes.length * 0.5));
      const { recovered } = await recover(path!, out!);
      assert.ok(recovered > 1_000 && recovered < 6_000, `${compression} ${recovered}`);
      assert.deepEqual(await played(await McapRecording.open(out!)), rows.slice(0, recovered));
    }
  });

  it('loses only the chunk that is damaged', async () => {
    const [path, out] = [join(folder, 'damaged.mcap'), join(folder, 'mended.mcap')];
    const rows = records(600);
    await write(path, rows, 100);
    const { chunks } = (await McapRecording.open(path)).summary;
    const bytes = await readFile(path);
    bytes.fill(0xaa, chunks[2]!.offset + 60, chunks[2]!.offset + 90);
    await writeFile(path, bytes);
    assert.ok((await diagnose(path, {})).findings.some(({ severity }) => severity === 'error'));
    const report = await recover(path, out);
    assert.deepEqual([report.recovered, report.lost], [500, true]);
    const saved = await played(await McapRecording.open(out));
    assert.deepEqual(saved, [...rows.slice(0, 200), ...rows.slice(300)]);
  });

  it('refuses, recovers or plays a file that was damaged anywhere, and never crashes', async function () {
    this.timeout(60_000);
    const whole = join(folder, 'sound.mcap');
    const sound: Buffer[] = [];
    for (const compression of ['', 'lz4', 'zstd'] as const) {
      await write(whole, records(200), 50, compression);
      sound.push(await readFile(whole));
    }
    const [path, out] = [join(folder, 'fuzzed.mcap'), join(folder, 'unfuzzed.mcap')];
    const tolerated = async (work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (error) {
        assert.ok(
          error instanceof RepriseError && error.kind !== 'invariant',
          String((error as Error).stack),
        );
      }
    };
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 12,
        }),
        async (kind, changes) => {
          const bytes = Buffer.from(sound[kind]!);
          for (const [place, value] of changes) bytes[Math.floor(place * (bytes.length - 1))] = value;
          await writeFile(path, bytes);
          await tolerated(async () => played(await McapRecording.open(path)));
          await tolerated(async () => (await McapRecording.open(path)).latestBefore(START_MS + 700));
          await tolerated(() => diagnose(path, {}));
          await tolerated(() => recover(path, out));
        },
      ),
      { numRuns: 250 },
    );
  });
});
