import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve: serveReplayer } = (await import(
  new URL('../../../replayer/main.ts', import.meta.url).href
)) as typeof import('../../../replayer/main.ts');

const csv = (rows: number) =>
  `time,latitude,longitude,speed_meters_per_second\n${Array.from({ length: rows }, (_, i) => `${1_577_836_800 + i},52.5,13,${i}`).join('\n')}\n`;

describe('API: refuses, and says why,', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  let replayer: { close(): Promise<void> };
  before(async () => {
    world = await ApiWorld.start();
    replayer = await serveReplayer(world.settings);
  });
  after(async () => {
    await replayer.close();
    await world.stop();
  });

  const upload = (name: string, body: unknown) =>
    world.call('POST', `/api/v1/recordings?name=${name}`, { body });

  const refusals: [what: string, code: string, request: object][] = [
    ['start', 'moment_malformed', { start: 'noon' }],
    ['end', 'moment_malformed', { end: 'noon' }],
    ['duration', 'moment_malformed', { duration: 'long' }],
    ['range', 'range_empty', { start: '2030-01-01T00:00:00Z' }],
    ['A-B range', 'range_empty', { ab: '5s..1s' }],
    ['rate', 'request_invalid', { rate: -1 }],
    ['idle time', 'span_malformed', { skipIdle: '-1s' }],
    ['idle timeout', 'span_malformed', { idleTimeout: 'soon' }],
    ['traced share', 'share_malformed', { trace: '200%' }],
  ];
  const options: [what: string, code: string, options: object][] = [
    ['offset', 'span_malformed', { offset: 'far' }],
    ['filter', 'expression_malformed', { filter: 'speed >' }],
    ['sample', 'share_malformed', { sample: 'most' }],
    ['time column', 'column_unknown', { time: 'when' }],
    ['time format', 'time_format_unknown', { timeFormat: 'dd/MM' }],
    ['time zone', 'time_zone_unknown', { tz: 'Mars/Olympus' }],
    ['time between rows', 'span_malformed', { every: '-1s' }],
    ['window', 'span_malformed', { reorder: 'wide' }],
    ['channel', 'channel_name', { channel: 'reprise:clock' }],
    ['name of a format', 'format_name', { format: 'punch cards' }],
  ];
  const gzip = gzipSync(csv(200));
  const mcap = Buffer.concat([Buffer.from('\x89MCAP0\r\n', 'latin1'), Buffer.alloc(200)]);
  const files: [name: string, code: string, content: string | Uint8Array][] = [
    ['cut.csv.gz', 'recording_unreadable', gzip.subarray(0, gzip.length / 2)],
    ['damaged.csv.gz', 'recording_unreadable', Buffer.from(gzip).fill(7, 60, 90)],
    ['empty.csv', 'recording_empty', ''],
    ['cut.mcap', 'recording_broken', mcap],
    ['text.mcap', 'recording_broken', 'hello'],
    ['damaged.parquet', 'recording_unplayable', `PAR1${'x'.repeat(200)}PAR1`],
    ['timeless.csv', 'time_column_unknown', 'a,b\n1,2\n'],
    ['mystery.bin', 'format_unknown', '??'],
  ];
  before(() => writeFileSync(join(world.settings.recordings, 'whole.csv'), csv(20)));

  const codes = async (recordings: unknown[], request: object = {}) => {
    const { status, body } = await world.post('/replays', { recordings, paused: true, ...request });
    // `world` asserts that the documentation has this code with this status.
    assert.ok(status >= 400 && status < 500, JSON.stringify(body));
    assert.doesNotMatch(body.detail, new RegExp(world.settings.recordings), 'a folder of the server');
    return body.code as string;
  };

  for (const [what, code, request] of refusals)
    it(`a wrong ${what}`, async () => assert.equal(await codes(['whole.csv'], request), code));
  for (const [what, code, given] of options)
    it(`a wrong ${what} of a recording`, async () =>
      assert.equal(await codes([{ id: 'whole.csv', ...given }]), code));
  for (const [name, code, content] of files) {
    it(`the file ${name}`, async () => {
      writeFileSync(join(world.settings.recordings, name), content);
      assert.equal(await codes([name]), code);
      if (code === 'format_unknown') return;
      const described = await world.get(`/recordings/${name}`);
      assert.equal(described.body.code, code);
      const sent = await upload(`sent-${name}`, content);
      assert.equal(sent.body.code, code);
    });
  }

  it('a form without a file, a missing body, a condition and a range of bytes that do not fit', async () => {
    const form = new FormData();
    form.set('note', 'no file');
    const sent = await world.call('POST', '/api/v1/recordings', { body: form });
    const none = await world.post('/replays', undefined);
    const unmet = await world.get('/recordings/whole.csv/download', { 'if-match': '"other"' });
    const beyond = await world.call('GET', '/docs/swagger-ui.css', {
      headers: { range: 'bytes=9999999-' },
    });
    assert.deepEqual(
      [sent, none, unmet, beyond].map(({ status, body }) => [status, body.code]),
      [
        [422, 'file_missing'],
        [400, 'body_missing'],
        [412, 'precondition_failed'],
        [416, 'range_unsatisfiable'],
      ],
    );
  });
});
