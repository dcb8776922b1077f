import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { convert } from '../../../replayer/files/convert.ts';
import { describe as describeRecording } from '../../../replayer/files/describe.ts';
import { located } from '../../../replayer/playing/located.ts';
import { limited, roomFor } from '../../../replayer/reading/archives/extract.ts';
import { openAll } from '../../../replayer/playing/playable.ts';
import { tar, zip, type ArchiveEntry as Entry } from '../../helpers/archives.ts';
import { played, recordedCase } from '../../helpers/played.ts';

const table = (vehicle: string, rows = 3) =>
  `time,vehicle_id,latitude,longitude\n${Array.from({ length: rows }, (_, i) => `${1.7e9 + i},${vehicle},52.5,13.4\n`).join('')}`;

describe('R24: archives', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'reprise-archives-'))));
  after(() => rmSync(folder, { recursive: true }));
  const written = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const names = async (path: string) => (await openAll(path)).map(({ file }) => file);

  it('a zip of one recording is that recording, under any name', async () => {
    for (const name of ['one.zip', 'data.csv']) {
      const { records, recording } = await played(recordedCase(name));
      assert.ok(records.length > 0);
      assert.equal(recording.file, 'plain.ndjson');
    }
  });

  const entries: Entry[] = [
    { name: 'week/monday.csv', content: table('a') },
    {
      name: 'week/tuesday.ndjson.gz',
      content: gzipSync(`{"time":1700000010,"vehicle_id":"b","latitude":1,"longitude":2}\n`),
    },
    { name: 'README.md', content: 'About, this\n' },
    { name: '__MACOSX/week/._monday.csv', content: 'x' },
    { name: '.DS_Store', content: 'x' },
    { name: '../../evil.csv', content: table('evil') },
    { name: 'older.zip', content: 'x' },
    { name: 'photo.jpg', content: 'x' },
  ];
  const forms: [name: string, make: (entries: Entry[]) => Promise<Buffer>][] = [
    ['x.zip', (entries) => Promise.resolve(zip(entries))],
    ['x.tar', tar],
    ['x.tar.gz', async (entries) => gzipSync(await tar(entries))],
    ['x.csv', async (entries) => gzipSync(await tar(entries))],
  ];
  for (const [name, make] of forms) {
    it(`${name}: all recordings are found, all else is named with the reason, one can be named`, async () => {
      const path = written(name, await make(entries));
      assert.deepEqual(await names(path), ['monday.csv', 'tuesday.ndjson.gz']);
      const { notes, folder: unpacked } = await located(path);
      assert.match(notes.join(), /^6 of the files in x/);
      for (const left of [
        'README.md',
        '_monday.csv',
        '.DS_Store',
        'evil.csv (its name leads out of the archive)',
        'older.zip (it is an archive in the archive)',
      ])
        assert.ok(notes.join().includes(left), left);
      await unpacked!.remove();
      assert.ok(!existsSync(unpacked!.path));
      assert.equal((await played(`${path}/week/monday.csv`)).records.length, 3);
      await assert.rejects(played(`${path}/week/friday.csv`), { code: 'recording_unknown' });
      await assert.rejects(played(path), {
        code: 'recording_several',
        message: `${name} holds 2 recordings.`,
      });
    });
  }

  it('files that are only named like recordings are left out, counted and named, unless one is named or there are no others', async () => {
    const useless: Entry[] = [
      { name: 'Settings.json', content: '{"settings":[{"id":1}]}' },
      { name: 'README.csv', content: 'name,meaning\nlat,latitude\n' },
      { name: 'empty.csv', content: '' },
      { name: 'picture.csv', content: Buffer.from([0, 1, 2, 3, 200, 5, 0, 0, 9, 0, 1]) },
      { name: 'late.csv', content: 'time,latitude,longitude\n1700000000,999,13\n' },
    ];
    for (const [name, make] of forms) {
      const path = written(name, await make([...useless, { name: 'a.csv', content: table('a') }]));
      const { records, notes } = await describeRecording(path);
      assert.equal(records, 3);
      assert.match(notes!.join(), /^5 of the 6 files in x\S* that are named like recordings can't be played/);
      for (const each of useless) assert.ok(notes!.join().includes(`${each.name} (`), each.name);
      const out = join(folder, 'left.ndjson');
      const report = await convert({ inputs: [path], out, options: {} });
      assert.deepEqual([report.messages, report.notes], [3, notes]);
      await assert.rejects(played(`${path}/README.csv`), { code: 'time_column_unknown' });
      await assert.rejects(played(written(name, await make(useless))), {
        code: 'time_column_unknown',
        message: `None of the 5 recordings in ${name} can be played.`,
        hint: /Settings.json .*empty.csv/,
      });
    }
  });

  it('a guess that is not wanted, and a damaged recording, fail the archive', async () => {
    const naive = 'time,n\n2024-06-01 10:00:00,1\n2024-06-01 10:00:10,2\n';
    const entries: Entry[] = [
      { name: 'a.csv', content: table('a') },
      { name: 'b.csv', content: naive },
    ];
    await assert.rejects(openAll(written('s.zip', zip(entries)), { strict: true }), {
      code: 'reading_uncertain',
    });
    const cut = gzipSync(table('b', 500)).subarray(0, 200);
    const damaged = [entries[0]!, { name: 'b.csv.gz', content: cut }];
    await assert.rejects(openAll(written('s.zip', zip(damaged))), { code: 'recording_unreadable' });
  });

  it('convert puts all recordings of an archive on one timeline and says what it left out', async () => {
    const report = await convert({
      inputs: [written('y.zip', zip(entries))],
      out: join(folder, 'y.ndjson'),
      options: {},
    });
    assert.deepEqual([report.messages, report.refused, report.notes?.length], [4, 0, 1]);
  });

  it('recordings that need random access play from archives and packings', async () => {
    const mcap = join(folder, 'z.mcap');
    await convert({ inputs: [written('z.csv', Buffer.from(table('a', 50)))], out: mcap, options: {} });
    const parquet = readFileSync(
      fileURLToPath(new URL('../../fixtures/formats/parquet.parquet', import.meta.url)),
    );
    const files: [name: string, bytes: Buffer, rows: number][] = [
      ['z.mcap.gz', gzipSync(readFileSync(mcap)), 50],
      ['p.parquet.gz', gzipSync(parquet), 3],
      ['p.zip', zip([{ name: 'p.parquet', content: parquet }]), 3],
      ['m.zip', zip([{ name: 'z.mcap', content: readFileSync(mcap) }]), 50],
      ['mgz.zip', zip([{ name: 'z.mcap.gz', content: gzipSync(readFileSync(mcap)) }]), 50],
    ];
    for (const [name, bytes, rows] of files)
      assert.equal((await played(written(name, bytes))).records.length, rows, name);
  });

  it('archives that are encrypted, packed otherwise, empty or bombs are refused by what they are', async () => {
    const cases: [entries: Entry[], code: string, message: RegExp][] = [
      [
        [{ name: 'a.csv', content: table('a'), flags: 1 }],
        'recording_unreadable',
        /^c.zip\/a.csv is encrypted/,
      ],
      [[{ name: 'a.csv', content: table('a'), method: 12 }], 'recording_unreadable', /is packed with bzip2/],
      [[], 'recording_unplayable', /^c.zip holds nothing/],
      [
        [
          { name: 'a.png', content: 'x' },
          { name: 'b.png', content: 'x' },
        ],
        'recording_unplayable',
        /^c.zip holds nothing/,
      ],
    ];
    for (const [entries, code, message] of cases)
      await assert.rejects(played(written('c.zip', zip(entries))), { code, message });
  });

  it('a zip with any bit flipped gives the same rows, or says that it is damaged', async () => {
    const bytes = readFileSync(fileURLToPath(new URL('../../fixtures/packed/fleet.zip', import.meta.url)));
    const intact = (await played(written('fleet.zip', bytes))).records.map(({ json }) => json);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        await played(written('fleet.zip', flipped)).then(
          ({ records }) =>
            assert.deepEqual(
              records.map(({ json }) => json),
              intact,
            ),
          (error: Error & { code: string }) => {
            assert.match(error.code, /^recording_(unreadable|unplayable)$/);
            assert.ok(!error.message.includes(folder));
          },
        );
      }),
      { numRuns: 100 },
    );
  }).timeout(60_000);

  it('a bomb is stopped', async () => {
    const bytes = async function* () {
      for (;;) yield await Promise.resolve(Buffer.alloc(1_000_000));
    };
    await assert.rejects(
      async () => {
        for await (const piece of limited(bytes(), roomFor(2_000), { archive: 'b.zip' })) assert.ok(piece);
      },
      { code: 'recording_unreadable', message: /^b.zip would unpack to more than/ },
    );
  });

  it('a description tells what an archive left out', async () => {
    const path = written('d.zip', zip(entries.filter(({ name }) => !name.includes('tuesday'))));
    const { records, notes } = await describeRecording(path);
    assert.deepEqual([records, notes?.length], [3, 1]);
  });
});
