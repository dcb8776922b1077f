import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEvent } from '../../backend/analysis/running/parse-event.ts';
import { ConfigFile } from '../../core/settings/config-file.ts';
import { isTooDeep, isValueTooDeep } from '../../core/wire/json-depth.ts';
import { keys } from '../../core/wire/keys.ts';
import { inputLimits } from '../../schemas/input-limits.ts';
import { ApiWorld } from '../helpers/api-world.ts';
import { runCommand } from '../helpers/command-line.ts';
import { played } from '../helpers/played.ts';
import { eventually } from '../helpers/wait.ts';

const MAX = inputLimits.jsonDepth.max;
const list = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const object = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const row = (second: number, x: string) =>
  `{"time":"2024-01-01T00:00:0${second}Z","vehicle":"a","latitude":1.5,"longitude":2.5,"x":${x}}`;

/** A member of a row, or of a feature, which stands in objects itself. */
const FITS = list(MAX - 5);
const DEEP = [list(MAX), object(MAX), list(6_000), object(100_000), list(100_000)];

describe('JSON that is nested deep', () => {
  it('is told from JSON that is long or holds brackets in texts', () => {
    assert.ok(!isTooDeep(list(MAX)) && !isTooDeep(object(MAX)));
    assert.ok(isTooDeep(list(MAX + 1)) && isTooDeep(object(MAX + 1)));
    assert.ok(!isTooDeep(JSON.stringify(Array(1_000).fill([{ a: '[[[{{{"\\' }]))));
    assert.ok(!isTooDeep(JSON.stringify({ a: '\\"'.repeat(500) + '['.repeat(1_000) })));
    assert.ok(isTooDeep(`{"a":"\\\\","b":${list(MAX)}}`));
    assert.ok(!isValueTooDeep(JSON.parse(list(MAX))) && isValueTooDeep(JSON.parse(list(MAX + 1))));
  });

  describe('in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-deep-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const feature = (of: string) =>
      `{"type":"Feature","geometry":{"type":"Point","coordinates":[2,1]},"properties":${of}}`;
    const files: { [name: string]: (rows: string[]) => string } = {
      'rows.ndjson': (rows) => rows.join('\n'),
      'rows.json': (rows) => `[${rows.join(',\n')}]`,
      'rows.geojson': (rows) => `{"type":"FeatureCollection","features":[${rows.map(feature).join(',\n')}]}`,
    };
    for (const [name, content] of Object.entries(files))
      it(`is a bad row of ${name}, and the others are played`, async () => {
        const path = join(folder, name);
        const rows = ['1', ...DEEP, '2', FITS].map((x, i) => row(i + 1, x));
        writeFileSync(path, content(rows));
        const { records, refused } = await played(path, { channel: 'gps', subject: 'vehicle' });
        assert.deepEqual(
          records.map(({ time }) => Number(time.slice(17, 19))),
          [1, DEEP.length + 2, DEEP.length + 3],
        );
        assert.deepEqual(
          refused.map(({ reason }) => reason),
          DEEP.map(() => `Too deep: it is nested more than ${MAX} levels deep.`),
        );
      });
  });

  it('is refused in a configuration', () => {
    assert.throws(
      () => new ConfigFile('/tmp/x.json', `{"channels":${list(100_000)}}`).config(),
      /nested more than 200 levels deep/,
    );
  });

  it('is left out by a service that reads it', () => {
    const event = (data: string) =>
      `{"id":"a/1/1","source":"/x","type":"t","specversion":"1.0","subject":"s","time":"2024-01-01T00:00:00Z","epoch":1,"offset":1,"data":{"x":${data}}}`;
    assert.ok(parseEvent(event(FITS)));
    for (const data of DEEP.slice(2)) assert.equal(parseEvent(event(data)), null);
  });

  describe('at a running API', () => {
    let world: ApiWorld;
    before(async () => (world = await ApiWorld.start()));
    after(() => world.stop());

    it('is refused with its reason by REST, and as a line by `publish`', async () => {
      for (const [path, body] of [
        ['/channels/deep/events', (deep: string) => `{"x":${deep}}`],
        ['/channels/deep/events', (deep: string) => `[{"x":1},{"x":${deep}}]`],
        ['/tasks', (deep: string) => `{"kind":"average-speed","params":${deep}}`],
        ['/replays', (deep: string) => `{"recordings":${deep}}`],
      ] as const)
        for (const deep of DEEP) {
          const { status, body: problem } = await world.post(path, body(deep), {
            'content-type': 'application/json',
          });
          assert.deepEqual([status, problem.code], [400, 'body_malformed'], path);
          assert.match(problem.detail, /nested more than 200 levels deep/);
        }
      const published = await runCommand(['publish', 'deep'], {
        env: { REDIS_URL: world.server.url },
        input: `{"x":1}\n{"x":${DEEP[4]}}\n{"x":2}\n`,
      });
      assert.equal(published.code, 3);
      assert.match(published.stderr, /stdin:2: Too deep/);
      const { status, body } = await world.post(
        '/channels/deep/events',
        `{"x":1}\n{"x":${DEEP[4]}}\n{"x":2}`,
        { 'content-type': 'application/x-ndjson' },
      );
      assert.equal(status, 207);
      assert.deepEqual([body.accepted, body.refused?.length], [2, 1], JSON.stringify(body));
    });

    it('is refused as a socket message', async () => {
      const { socket } = await world.client();
      for (const deep of [DEEP[2]!, DEEP[4]!]) {
        const answer = (await socket
          .timeout(10_000)
          .emitWithAck('subscribe', JSON.parse(`{"channel":${deep}}`))
          .catch((error: unknown) => String(error))) as { problem?: { code: string } } | string;
        assert.ok(
          typeof answer === 'string' || answer.problem?.code === 'message_invalid',
          JSON.stringify(answer).slice(0, 200),
        );
      }
      assert.equal((await world.get('/channels')).status, 200);
    });

    it('that a foreign program writes to Redis is left out, and the rest is delivered', async () => {
      const writer = world.writer('foreign');
      const record = (n: number) => ({ timeMs: Date.now(), subject: 's', data: `{"n":${n}}` });
      await writer.emit([record(1)]);
      const client = await world.client();
      await client.socket.emitWithAck('subscribe', { channel: 'foreign', mode: 'stream' });
      const event = (await world.get('/channels/foreign/history')).body.items[0];
      const line = JSON.stringify({ ...event, id: 'foreign/1/2', offset: 2, data: {} }).replace(
        '"data":{}',
        `"data":{"x":${list(100_000)}}`,
      );
      await world.redis.xadd(keys.log('foreign'), '1-2', 'e', line);
      await world.redis.hset(keys.head('foreign'), 'offset', 2);
      await world.redis.publish('foreign', line);
      await new Promise((resolve) => setTimeout(resolve, 10));
      await world.writer('foreign').emit([record(3)]);
      await eventually('the event after it arrives', () => client.events.some(({ data }) => data['n'] === 3));
      assert.equal((await world.get('/channels')).status, 200);
    });
  });
});
