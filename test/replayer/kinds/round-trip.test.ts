import { strict as assert } from 'node:assert';
import { appendFileSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { isoTime } from '../../../core/wire/event.ts';
import { convert } from '../../../replayer/files/convert.ts';
import { canHold } from '../../../replayer/mcap/format/bytes.ts';
import type { OpenOptions } from '../../../replayer/reading/open-options.ts';
import { played } from '../../helpers/played.ts';
import { knownRecording, type KnownRecord } from '../../helpers/recordings-arbitrary.ts';

/** `npm run campaign:round-trip` sets more runs, and notes the seeds that fail. */
const RUNS = Number(process.env['ROUND_TRIP_RUNS'] ?? 200);
const SEEDS = fileURLToPath(new URL('../../fixtures/round-trip/seeds.json', import.meta.url));
/** Where failures of a campaign are noted, to be moved into the seeds. */
const FAILED = `${SEEDS}.failed`;
/** Formats for any row, and those for rows with coordinates. */
const ANY = ['a.ndjson', 'b.csv', 'c.geojson', 'd.csv.gz', 'e.mcap', 'f.parquet'];
const PLACED: string[] = ['g.gpx', 'h.gpx.gz', 'i.kml'];

/** Equal records of one time may change places between subjects: then their order was not recorded. */
const sorted = (records: KnownRecord[]) =>
  records
    .map(({ timeMs, channel, subject, data }) => ({ us: Math.round(timeMs * 1000), channel, subject, data }))
    .map((record) => {
      // The order of members is not part of what is compared.
      const members = Object.entries(record.data).sort(([a], [b]) => (a < b ? -1 : 1));
      return { record, key: JSON.stringify([record.channel, record.subject, members]) };
    })
    .sort((a, b) => a.record.us - b.record.us || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ record }) => record);

function eventLines(records: KnownRecord[]): string {
  return records
    .map(({ timeMs, channel, subject, data }) =>
      JSON.stringify({ specversion: '1.0', type: channel, time: isoTime(timeMs), subject, data }),
    )
    .join('\n');
}

describe('R8: what is written is read as it was', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'round-trip-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function read(path: string, options: OpenOptions = {}) {
    const { records, refused } = await played(path, options);
    assert.deepEqual(refused, [], path);
    return sorted(records);
  }

  /** Converts, and checks that the output holds what the input holds. */
  async function check(input: string, name: string, records: KnownRecord[], options: OpenOptions = {}) {
    const out = join(folder, name);
    const report = await convert({ inputs: [input], out, options });
    assert.equal(report.read, report.messages + report.refused, name);
    assert.deepEqual(
      { messages: report.messages, refused: report.refused, skipped: report.skipped },
      { messages: records.length, refused: 0, skipped: {} },
      `${name}: ${JSON.stringify(report.refusals)}`,
    );
    assert.deepEqual(await read(out), sorted(records), name);
    return out;
  }

  /** Holds a property for generated cases, and for those that once failed. */
  async function holds<T>(name: string, cases: fc.Arbitrary<T>, property: (given: T) => Promise<void>) {
    const failed = JSON.parse(readFileSync(SEEDS, 'utf8')) as { name: string; seed: number; path: string }[];
    const checked = fc.asyncProperty(cases, property);
    for (const { seed, path } of failed.filter((entry) => entry.name === name))
      await fc.assert(checked, { seed, path, numRuns: 1, endOnFailure: true });
    // Each Parquet file is read on a new thread, which takes a second.
    const numRuns = name.endsWith('.parquet') ? Math.ceil(RUNS / 5) : RUNS;
    const details = await fc.check(checked, { numRuns });
    if (!details.failed) return;
    const { seed, counterexamplePath: path } = details;
    if (process.env['ROUND_TRIP_RUNS']) appendFileSync(FAILED, `${JSON.stringify({ name, seed, path })}\n`);
    throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
  }

  /** Those of the records that a format can hold. */
  const heldBy = (records: KnownRecord[], ...names: string[]) =>
    names.some((name) => name.endsWith('.mcap')) ? records.filter(({ timeMs }) => canHold(timeMs)) : records;

  for (const name of [...ANY, ...PLACED]) {
    it(`in ${name.replace(/^\w+/, '')}`, async () => {
      await holds(name, knownRecording(PLACED.includes(name)), async (records) => {
        const held = heldBy(records, name);
        if (held.length === 0) return;
        const input = join(folder, 'in.ndjson');
        await writeFile(input, eventLines(held));
        await check(input, name, held);
      });
    }).timeout(60_000 + RUNS * 1_000);
  }

  it('through pairs of formats', async () => {
    const names = fc.constantFrom(...ANY, ...PLACED);
    await holds('pairs', fc.tuple(knownRecording(true), names, names), async ([records, first, second]) => {
      const held = heldBy(records, first, second);
      if (held.length === 0) return;
      const input = join(folder, 'in.ndjson');
      await writeFile(input, eventLines(held));
      const between = await check(input, first, held);
      await check(between, second.replace(/^\w+/, 'second'), held);
    });
  }).timeout(60_000 + RUNS * 2_000);
});
