import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { formats } from '../../../replayer/reading/formats.ts';
import { packings } from '../../../replayer/reading/packing/packings.ts';
import { RecordingEndings } from '../../../backend/api/stores/recordings/recording-endings.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve } = (await import(
  new URL('../../../replayer/main.ts', import.meta.url).href
)) as typeof import('../../../replayer/main.ts');

describe('R28: endings of recordings', function () {
  this.timeout(60_000);

  it('are those of the formats, in every packing', () => {
    const endings = new RecordingEndings();
    for (const format of formats)
      for (const ending of format.endings)
        for (const packing of ['', ...packings.map(({ endings }) => endings[0]!), '.gz.zst'])
          assert.notEqual(endings.formatOf(`Trip${ending}${packing}`), null, ending + packing);
    assert.equal(endings.formatOf('trip.exe'), null);
    assert.equal(endings.formatOf('week.tar.gz'), 'tar');
  });

  describe('over REST', () => {
    let world: ApiWorld;
    let replayer: { close(): Promise<void> };
    before(async () => {
      world = await ApiWorld.start({ plugins: ['./test/fixtures/plugins/everything.ts'] });
      replayer = await serve(world.settings);
    });
    after(async () => {
      await replayer.close();
      await world.stop();
    });
    const upload = (name: string, body: unknown) =>
      world.call('POST', `/api/v1/recordings?name=${name}`, { body });

    it('a format of a plugin is uploaded, listed and described, packed too', async () => {
      const pairs = '1700000000=1\n1700000001=2\n';
      for (const [name, bytes] of [
        ['speed.pairs', Buffer.from(pairs)],
        ['speed.pairs.gz', gzipSync(pairs)],
      ] as const) {
        const { status, body } = await upload(name, bytes);
        assert.deepEqual(
          [status, body.format, body.description?.records],
          [201, 'pairs', 2],
          JSON.stringify(body),
        );
      }
      const { items } = (await world.get('/recordings')).body;
      assert.deepEqual(
        items.map(({ id }: { id: string }) => id),
        ['speed.pairs', 'speed.pairs.gz'],
      );
    });

    it('a name without such an ending is refused, with the endings', async () => {
      const { status, body } = await upload('a.exe', 'x');
      assert.deepEqual([status, body.code], [422, 'recording_name']);
      for (const ending of ['.csv', '.gpx', '.pairs', '.zst', '.zip'])
        assert.ok(body.hint.includes(ending), ending);
    });

    it('a cut .gz is refused without a path of the server', async () => {
      const cut = gzipSync('time,latitude,longitude\n1700000000,1,2\n'.repeat(50)).subarray(0, 60);
      writeFileSync(join(world.settings.recordings, 'cut.csv.gz'), cut);
      for (const { status, body } of [
        await upload('sent.csv.gz', cut),
        await world.get('/recordings/cut.csv.gz'),
        await world.post('/replays', { recordings: ['cut.csv.gz'] }),
      ]) {
        assert.deepEqual([status, body.code], [422, 'recording_unreadable'], JSON.stringify(body));
        assert.ok(!JSON.stringify(body).includes(world.settings.recordings));
      }
    });
  });
});
