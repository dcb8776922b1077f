import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocationFix, Log } from '@foxglove/schemas/jsonschema.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { convert } from '../../../replayer/files/convert.ts';
import { recover } from '../../../replayer/files/recover.ts';
import { skippedRows } from '../../../replayer/reading/reading-notes.ts';
import { messagesOf } from '../../helpers/mcap-content.ts';
import { played } from '../../helpers/played.ts';

const START_MS = Date.UTC(2024, 4, 14, 13, 5);
const CYCLE_SECONDS = 146_097 * 86_400;
const SCHEMAS = new Map<string, object>([
  ['foxglove.LocationFix', LocationFix],
  ['foxglove.Log', Log],
]);

interface Row {
  channel: string;
  subject: string;
  /** From the start. */
  offsetMs: number;
  data: { [member: string]: unknown };
}

/** A message that Foxglove draws. */
interface Drawn {
  topic: string;
  schema: string;
  timeNs: bigint;
  content: { [member: string]: unknown };
}

const subject = fc.stringMatching(/^[a-z]{1,8}$/);
const offsetMs = fc.integer({ min: 0, max: 100_000 });
const metres = fc.double({ min: -400, max: 9_000, noNaN: true });
const place = fc.record(
  {
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    elevation: metres,
    accuracy: fc.double({ min: 0, max: 5_000, noNaN: true }),
  },
  { requiredKeys: ['latitude', 'longitude'] },
);
const post = fc.record(
  { text: fc.string({ minLength: 1 }), level: fc.constantFrom('debug', 'WARN', 'error', 'odd') },
  { requiredKeys: ['text'] },
);
const row: fc.Arbitrary<Row> = fc.oneof(
  fc.record({ channel: fc.constant('gps'), subject, offsetMs, data: place }),
  fc.record({ channel: fc.constant('posts'), subject, offsetMs, data: post }),
  fc.record({ channel: fc.constant('other'), subject, offsetMs, data: fc.record({ n: fc.integer() }) }),
);
const rows = fc.array(row, { minLength: 1, maxLength: 40 });

describe('convert --foxglove', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-foxglove-'))));
  after(() => rm(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);

  const write = async (name: string, all: Row[], startMs = START_MS) => {
    const lines = all.map(({ channel: type, subject, offsetMs, data }) => {
      const time = new Date(startMs + offsetMs).toISOString();
      return JSON.stringify({ specversion: '1.0', type, time, subject, data });
    });
    await writeFile(at(name), `${lines.join('\n')}\n`);
    return at(name);
  };
  const drawn = async (path: string): Promise<Drawn[]> =>
    (await messagesOf(path))
      .filter(({ schema }) => SCHEMAS.has(schema?.name ?? ''))
      .map(({ message, channel, schema }) => ({
        topic: channel.topic,
        schema: schema!.name,
        timeNs: message.logTime,
        content: JSON.parse(Buffer.from(message.data).toString()) as Drawn['content'],
      }));
  const records = async (path: string) =>
    (await played(path)).records.map(({ timeMs, channel, subject, json }) => ({
      timeMs,
      channel,
      subject,
      json,
    }));

  it('keeps copies of the schemas of Foxglove, word for word', async () => {
    for (const [file, schema] of [
      ['location-fix.json', LocationFix],
      ['log.json', Log],
    ] as const) {
      const path = new URL(`../../../replayer/mcap/writing/foxglove/${file}`, import.meta.url);
      assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), schema);
    }
  });

  it('adds a message for each place and each text, valid against the schema in the file', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const path = await write('any.ndjson', all);
        const { messages, skipped } = await convert({
          inputs: [path],
          out: at('any.mcap'),
          foxglove: true,
          options: {},
        });
        assert.deepEqual([messages, skipped], [all.length, {}]);
        const ajv = new Ajv2020({ strict: false });
        const found = await drawn(at('any.mcap'));
        for (const { message, schema, channel } of await messagesOf(at('any.mcap'))) {
          if (!SCHEMAS.has(schema?.name ?? '')) continue;
          assert.deepEqual([channel.messageEncoding, schema!.encoding], ['json', 'jsonschema']);
          const embedded = JSON.parse(Buffer.from(schema!.data).toString()) as object;
          assert.deepEqual(embedded, SCHEMAS.get(schema!.name));
          const content = JSON.parse(Buffer.from(message.data).toString()) as unknown;
          assert.ok(ajv.validate(embedded, content), ajv.errorsText());
        }
        const expected = all
          .filter(({ channel }) => channel !== 'other')
          .sort((a, b) => a.offsetMs - b.offsetMs)
          .map(({ channel, subject, offsetMs, data }) => {
            const ms = START_MS + offsetMs;
            const timestamp = { sec: Math.floor(ms / 1000), nsec: (ms % 1000) * 1_000_000 };
            if (channel === 'posts') {
              const levels: { [level: string]: number } = { debug: 1, WARN: 3, error: 4 };
              const level = levels[String(data['level'])] ?? 2;
              return { timestamp, level, message: data['text'], name: subject, file: '', line: 0 };
            }
            const { latitude, longitude, elevation = 0, accuracy = 0 } = data as { [name: string]: number };
            const square = accuracy ** 2;
            return {
              timestamp,
              frame_id: subject,
              latitude,
              longitude,
              altitude: elevation,
              position_covariance: [square, 0, 0, 0, square, 0, 0, 0, square],
              position_covariance_type: accuracy > 0 ? 1 : 0,
            };
          });
        assert.deepEqual(
          found.map(({ content }) => content),
          JSON.parse(JSON.stringify(expected)),
        );
        for (const { topic, schema, timeNs, content } of found) {
          assert.equal(topic, schema === 'foxglove.Log' ? 'posts/log' : 'gps/location');
          const { sec, nsec } = content['timestamp'] as { sec: number; nsec: number };
          assert.equal(BigInt(sec) * 1_000_000_000n + BigInt(nsec), timeNs);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('plays as it would without the messages, which are counted as skipped', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const path = await write('same.ndjson', all);
        await convert({ inputs: [path], out: at('plain.mcap'), options: {} });
        await convert({ inputs: [path], out: at('drawn.mcap'), foxglove: true, options: {} });
        assert.deepEqual(await records(at('drawn.mcap')), await records(at('plain.mcap')));
        const { recording, refused } = await played(at('drawn.mcap'));
        const copies = (await drawn(at('drawn.mcap'))).length;
        assert.deepEqual(refused, []);
        assert.equal(skippedRows(recording), copies);
        assert.deepEqual(
          [...recording.channels].sort(),
          [...new Set(all.map(({ channel }) => channel))].sort(),
        );
        // Any filter makes the reader look at each message.
        for (const options of [{}, { filter: 'true' }]) {
          for (const out of ['again.mcap', 'again.ndjson']) {
            const report = await convert({ inputs: [at('drawn.mcap')], out: at(out), options });
            assert.deepEqual(
              [report.messages, report.skipped],
              [all.length, copies ? { 'copies for Foxglove': copies } : {}],
            );
            assert.equal(report.read, all.length + copies);
          }
          assert.deepEqual(await drawn(at('again.mcap')), []);
          const twice = { inputs: [at('drawn.mcap')], out: at('twice.mcap'), foxglove: true, options };
          assert.equal((await convert(twice)).messages, all.length);
          assert.deepEqual(await drawn(at('twice.mcap')), await drawn(at('drawn.mcap')));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('draws recordings that begin before 1970 at the times at which they are stored', async () => {
    const data = { latitude: 1, longitude: 2 };
    const path = await write('old.ndjson', [{ channel: 'gps', subject: 'a', offsetMs: 250, data }], -5_000);
    await convert({ inputs: [path], out: at('old.mcap'), foxglove: true, options: {} });
    const [{ content, timeNs }] = (await drawn(at('old.mcap'))) as [Drawn];
    assert.deepEqual(content['timestamp'], { sec: CYCLE_SECONDS - 5, nsec: 250_000_000 });
    assert.equal(timeNs, BigInt(CYCLE_SECONDS - 5) * 1_000_000_000n + 250_000_000n);
    assert.equal((await records(at('old.mcap')))[0]!.timeMs, -4_750);
  });

  it('draws merged recordings once, and recover keeps what is drawn', async () => {
    const one = await write('one.ndjson', [
      { channel: 'gps', subject: 'a', offsetMs: 0, data: { latitude: 1, longitude: 2 } },
    ]);
    const two = await write('two.ndjson', [
      { channel: 'posts', subject: 'b', offsetMs: 1, data: { text: 'x' } },
    ]);
    await convert({ inputs: [one], out: at('one.mcap'), foxglove: true, options: {} });
    await convert({ inputs: [at('one.mcap'), two], out: at('both.mcap'), foxglove: true, options: {} });
    const topics = ['gps/location', 'posts/log'];
    assert.deepEqual(
      (await drawn(at('both.mcap'))).map(({ topic }) => topic),
      topics,
    );
    assert.equal((await recover(at('both.mcap'), at('saved.mcap'))).recovered, 4);
    assert.deepEqual(await drawn(at('saved.mcap')), await drawn(at('both.mcap')));
    assert.equal((await records(at('saved.mcap'))).length, 2);
  });

  it('is refused for other formats', async () => {
    const path = await write('other.ndjson', [
      { channel: 'other', subject: 'a', offsetMs: 0, data: { n: 1 } },
    ]);
    await assert.rejects(
      convert({ inputs: [path], out: at('other.csv'), foxglove: true, options: {} }),
      /Foxglove draws MCAP only/,
    );
  });
});
