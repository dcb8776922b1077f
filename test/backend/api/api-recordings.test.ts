import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Uploads } from '../../../backend/api/stores/recordings/uploads.ts';
import { RecordingsFolder } from '../../../backend/api/stores/recordings/recordings.ts';
import type { Replay } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { tar, zip } from '../../helpers/archives.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve: serveReplayer } = (await import(
  new URL('../../../replayer/main.ts', import.meta.url).href
)) as typeof import('../../../replayer/main.ts');

const csv = (rows: number, longitude = 13) =>
  `time,latitude,longitude,speed_meters_per_second\n${Array.from({ length: rows }, (_, i) => `${1_577_836_800 + i},52.5,${longitude},${i}`).join('\n')}\n`;

describe('API: recordings and replays', function () {
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

  const upload = (name: string, body: unknown, headers = {}) =>
    world.call('POST', `/api/v1/recordings?name=${name}`, { body, headers });
  const files = () => readdirSync(world.settings.recordings).sort();

  it('stores an upload unchanged and describes it', async () => {
    const { status, body, headers } = await upload('trip.csv', csv(20));
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(headers.get('location'), '/api/v1/recordings/trip.csv');
    assert.deepEqual(
      [body.id, body.format, body.description.records, body.description.channel],
      ['trip.csv', 'csv', 20, 'gps'],
    );
    const got = await world.get('/recordings/trip.csv');
    assert.deepEqual(got.body, body);
    const file = await world.call('GET', '/api/v1/recordings/trip.csv/download');
    assert.equal(file.text, csv(20));
    assert.match(file.headers.get('content-disposition')!, /attachment; filename="?trip\.csv"?/);
    const part = await world.get('/recordings/trip.csv/download', { range: 'bytes=5-12' });
    assert.deepEqual([part.status, part.text], [206, csv(20).slice(5, 13)]);
    assert.equal((await world.get('/recordings/trip.csv/download', { range: 'bytes=99999-' })).status, 416);
  });

  it('lists the rows that cannot be played, even if none can', async () => {
    const broken = csv(20).replace('1577836803,', 'never,').replace('1577836805,', ',');
    const { body } = await upload('broken.csv', broken);
    const { records, refused, refusals } = body.description;
    assert.deepEqual([records, refused], [18, 2]);
    assert.deepEqual(
      refusals.map(({ line }: { line: number }) => line),
      [5, 7],
    );
    assert.match(refusals[0].reason, /never/);
    const far = 'time,latitude,longitude\n1577836800,999,13\n1577836801,-999,13\n';
    const { status, body: none } = await upload('none.csv', far);
    assert.deepEqual([status, none.code], [422, 'recording_unplayable']);
    assert.match(none.hint, /latitude must be/);
    assert.equal((await world.call('DELETE', '/api/v1/recordings/broken.csv')).status, 204);
  });

  it('tells how a recording is read with some options, how sure that is, and shows its first records', async () => {
    const text = 'when;where;n\n2024-06-01 10:00:00;a;1\n2024-06-01 10:00:10;b;2\n';
    await upload('naive.csv', text);
    const { status, body } = await world.post('/recordings/naive.csv/preview?records=1', {});
    assert.equal(status, 200, JSON.stringify(body));
    const { value, certainty, option } = body.inferred.tz;
    assert.deepEqual([value, certainty, option], ['UTC', 'guess', 'tz']);
    assert.deepEqual(body.records, [
      {
        time: '2024-06-01T10:00:00.000Z',
        channel: 'naive',
        subject: 'naive',
        data: { when: '2024-06-01 10:00:00', where: 'a', n: 1 },
      },
    ]);
    const options = { tz: 'Europe/Berlin', subject: 'where' };
    const { body: decided } = await world.post('/recordings/naive.csv/preview', options);
    assert.deepEqual(
      decided.records.map(({ time, subject }: { time: string; subject: string }) => [time, subject]),
      [
        ['2024-06-01T08:00:00.000Z', 'a'],
        ['2024-06-01T08:00:10.000Z', 'b'],
      ],
    );
    const { body: strict } = await world.post('/recordings/naive.csv/preview', { strict: true });
    assert.deepEqual([strict.code, strict.status], ['reading_uncertain', 422]);
    const { body: unknown } = await world.post('/recordings/naive.csv/preview', { subject: 'nobody' });
    assert.equal(unknown.code, 'column_unknown');
    const replay = { id: 'naive', recordings: ['naive.csv'], rate: 'max' };
    const { body: started } = await world.post('/replays', replay);
    assert.match(started.guesses[0], /naive.csv: tz "UTC" is a guess: .* --tz changes it/);
    await world.call('DELETE', '/api/v1/replays/naive');
    await world.call('DELETE', '/api/v1/recordings/naive.csv');
  });

  it('accepts a form with a file', async () => {
    const form = new FormData();
    form.set('comment', 'mine');
    form.set('file', new Blob([csv(3)]), 'Straße 7 (früh).csv');
    const { status, body } = await world.call('POST', '/api/v1/recordings', { body: form });
    assert.deepEqual([status, body.id], [201, 'Straße 7 (früh).csv']);
    assert.equal((await world.get(`/recordings/${encodeURIComponent(body.id)}`)).body.description.records, 3);
  });

  it('refuses names that are not plain file names, and creates no file', async () => {
    const before = files();
    const names = [
      '../x.csv',
      '..%2fx.csv',
      '%2e%2e%2fx.csv',
      '%2fetc%2fx.csv',
      'a%5cb.csv',
      'a%00.csv',
      '.hidden.csv',
      '',
      'a%0ab.csv',
      'x.exe',
      'csv',
      '..',
      'con.csv',
      'a:b.csv',
      'a*.csv',
      `${'x'.repeat(200)}.csv`,
      'fleet.truth.json',
      'a.csv%20',
    ];
    for (const name of names) {
      const { status, body } = await upload(name, csv(2));
      assert.deepEqual([status, body.code], [422, 'recording_name'], name);
    }
    for (const name of ['../x.csv', '/etc/x.csv', 'a/../../x.csv', '..\\x.csv']) {
      const boundary = 'b';
      const body = `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n${csv(2)}\r\n--b--\r\n`;
      const sent = await world.call('POST', '/api/v1/recordings', {
        body,
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      });
      assert.deepEqual([sent.status, sent.body.code], [422, 'recording_name'], name);
    }
    assert.deepEqual(files(), before);
    for (const path of ['..%2f..%2fetc%2fpasswd', '.%2e', 'trip.csv%2f..%2ftrip.csv', 'a%00b']) {
      for (const [method, rest] of [
        ['GET', ''],
        ['GET', '/download'],
        ['DELETE', ''],
      ] as const) {
        const { status } = await world.call(method, `/api/v1/recordings/${path}${rest}`);
        assert.ok(status === 404 || status === 422, `${method} ${path}${rest}: ${status}`);
      }
    }
  });

  it('lists only regular files that are recordings', async () => {
    const folder = world.settings.recordings;
    writeFileSync(join(folder, 'fleet.truth.json'), '{}');
    writeFileSync(join(folder, 'town.streets.geojson'), '{"type":"FeatureCollection","features":[]}');
    writeFileSync(join(folder, '.hidden.csv'), csv(1));
    writeFileSync(join(folder, 'notes.md'), '');
    mkdirSync(join(folder, 'folder.csv'));
    symlinkSync('/etc/passwd', join(folder, 'link.csv'));
    const { body } = await world.get('/recordings');
    assert.deepEqual(
      body.items.map(({ id }: { id: string }) => id),
      ['Straße 7 (früh).csv', 'trip.csv'],
    );
    for (const name of ['link.csv', 'folder.csv', 'fleet.truth.json', 'notes.md']) {
      assert.equal((await world.get(`/recordings/${name}/download`)).status, 404, name);
    }
    assert.deepEqual((await world.get('/page')).body.streets, { type: 'FeatureCollection', features: [] });
  });

  it('keeps an existing recording unless asked to replace it by one that can be played', async () => {
    const taken = await upload('trip.csv', csv(5));
    assert.deepEqual([taken.status, taken.body.code], [409, 'recording_exists']);
    const before = files();
    for (const [name, body] of [
      ['bad.csv', 'a,b\n1,2\n'],
      ['empty.csv', ''],
      ['noise.ndjson', '\u0000\u0001\n{{{'],
      ['wild.csv', csv(3).replaceAll('52.5', '99')],
    ] as const) {
      const refused = await upload(name, body);
      assert.equal(refused.status, 422, `${name}: ${refused.text}`);
      assert.ok(refused.body.detail);
    }
    const worse = await world.call('POST', '/api/v1/recordings?name=trip.csv&replace=true', {
      body: 'a,b\n1,2\n',
    });
    assert.equal(worse.status, 422);
    assert.deepEqual(files(), before, 'nothing is left behind, hidden or not');
    assert.equal((await world.get('/recordings/trip.csv')).body.description.records, 20);
    const better = await world.call('POST', '/api/v1/recordings?name=trip.csv&replace=true', {
      body: csv(7),
    });
    assert.deepEqual([better.status, better.body.description.records], [201, 7]);
    assert.deepEqual(files(), before);
  });

  it('stops an upload that is too large, leaves no file, and says why', async () => {
    const folder = new RecordingsFolder(world.settings.recordings, null as never);
    const small = new Uploads(folder, { ...world.settings.quotas, uploadBytes: 1_000 });
    const before = files();
    const content = Readable.from(Array(20).fill(Buffer.alloc(100, 'a')));
    await assert.rejects(small.receive('large.csv', content, false), { code: 'body_too_large', status: 413 });
    assert.equal(content.destroyed, false);
    assert.deepEqual(files(), before);
    const early = await upload('trip.csv', 'x'.repeat(20_000_000));
    assert.equal(
      early.body.code,
      'recording_exists',
      'the answer comes through although the body was not wanted',
    );
  });

  it('survives malformed forms and broken uploads', async () => {
    const before = files();
    const form = { 'content-type': 'multipart/form-data; boundary=b' };
    const sent = [
      await world.call('POST', '/api/v1/recordings', { body: 'rubbish', headers: form }),
      await world.call('POST', '/api/v1/recordings', {
        body: 'rubbish',
        headers: { 'content-type': 'multipart/form-data' },
      }),
      await world.call('POST', '/api/v1/recordings', {
        body: '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\ncut',
        headers: form,
      }),
      await world.call('POST', '/api/v1/recordings', {
        body: '--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
        headers: form,
      }),
      await world.call('POST', '/api/v1/recordings', { body: csv(2) }),
    ];
    assert.ok(
      sent.every(({ status }) => status >= 400 && status < 500),
      JSON.stringify(sent.map(({ status, body }) => [status, body])),
    );
    await new Promise<void>((resolve) => {
      const request = http.request(`${world.url}/api/v1/recordings?name=broken.csv`, {
        method: 'POST',
        headers: { 'content-length': 1_000_000 },
      });
      request.on('error', () => resolve());
      request.write(csv(100), () => request.destroy());
      request.on('close', () => resolve());
    });
    await eventually('the rest to be gone', () => JSON.stringify(files()) === JSON.stringify(before));
    assert.equal((await world.call('GET', '/healthz')).status, 200);
  });

  it('creates, changes, lists and removes replays', async () => {
    const created = await world.post('/replays', { id: 'r', recordings: ['trip.csv'], rate: 1 });
    assert.deepEqual(
      [created.status, created.headers.get('location'), created.body.channels],
      [201, '/api/v1/replays/r', ['gps']],
    );
    assert.equal((await world.post('/replays', { id: 'r', recordings: ['trip.csv'] })).status, 409);
    assert.equal((await world.post('/replays', { recordings: ['trip.csv'] })).body.code, 'channel_owned');
    assert.deepEqual(
      (await world.post('/replays', { recordings: ['nothing.csv'] })).body.code,
      'recording_unknown',
    );
    assert.equal((await world.post('/replays', { recordings: ['../../etc/passwd'] })).status, 422);
    const patch = (body: object) => world.call('PATCH', '/api/v1/replays/r', { body });
    const sought = (await patch({ state: 'paused', position: '3s' })).body as Replay;
    assert.deepEqual(
      [sought.state, sought.didSeek, sought.position],
      ['paused', true, '2020-01-01T00:00:03.000Z'],
    );
    const client = await world.client();
    const answer = (await client.ask('replay', { id: 'r', rate: 'max', state: 'playing' })) as Replay;
    assert.deepEqual([answer.id, answer.rate], ['r', 'max']);
    const refused = (await client.ask('replay', { id: 'r', position: 'nowhere' })) as {
      error: { code: string };
    };
    assert.equal(refused.error.code, 'moment_malformed');
    await eventually('the end', async () => (await world.get('/replays/r')).body.state === 'ended');
    assert.equal((await world.get('/channels/gps/state')).body.items[0].data.speed_meters_per_second, 6);
    assert.equal((await world.call('DELETE', '/api/v1/replays/r')).status, 204);
    assert.equal((await world.call('DELETE', '/api/v1/replays/r')).status, 404);
    assert.deepEqual((await world.get('/replays')).body.items, []);
  });

  it('takes an archive of several recordings: listed once, described as one and each, previewed and played', async () => {
    const entries = [
      { name: 'week/monday.csv', content: csv(20) },
      { name: 'week/tuesday.csv', content: csv(5, 14).replaceAll('15778368', '15778369') },
      { name: 'Settings.json', content: '{"settings":[{"id":1}]}' },
      { name: 'README.md', content: 'About' },
      { name: '../out.csv', content: csv(3) },
    ];
    for (const [name, bytes] of [
      ['week.zip', zip(entries)],
      ['week.tar', await tar(entries)],
    ] as const) {
      const sent = await upload(name, bytes);
      assert.equal(sent.status, 201, sent.text);
      const { body } = await world.get(`/recordings/${name}`);
      assert.deepEqual([body.id, body.bytes, sent.body], [name, bytes.length, body]);
      const { description } = body;
      assert.deepEqual(
        [description.records, description.start, description.end, description.recordings],
        [25, ...RANGE, [`${name}/week/monday.csv`, `${name}/week/tuesday.csv`]],
      );
      assert.match(description.notes.join(), /README.md .*out.csv .*Settings.json/);
      const listed = (await world.get('/recordings')).body.items.map(({ id }: { id: string }) => id);
      assert.deepEqual(
        listed.filter((id: string) => id.startsWith('week')),
        [name],
      );
      const [monday, tuesday] = description.recordings.map(encodeURIComponent);
      const one = (await world.get(`/recordings/${tuesday}`)).body;
      assert.deepEqual([one.id, one.format, one.description.records], [`${name}/week/tuesday.csv`, 'csv', 5]);
      const shown = await world.post(`/recordings/${monday}/preview?records=2`, {});
      assert.equal(shown.body.records.length, 2, shown.text);
      const several = await world.post(`/recordings/${name}/preview`, {});
      assert.equal(several.body.code, 'recording_several');
      for (const [recording, published] of [
        [name, 25],
        [`${name}/week/tuesday.csv`, 5],
      ] as const) {
        const created = await world.post('/replays', { id: 'week', recordings: [recording], rate: 'max' });
        assert.equal(created.status, 201, created.text);
        await eventually('the end', async () => (await world.get('/replays/week')).body.state === 'ended');
        const { counts, notes } = (await world.get('/replays/week')).body;
        assert.equal(counts.published, published);
        if (recording === name) assert.match(notes.join(), /README.md .*Settings.json/);
        await world.call('DELETE', '/api/v1/replays/week');
      }
      for (const [method, rest] of [
        ['DELETE', ''],
        ['GET', '/download'],
      ] as const) {
        const part = await world.call(method, `/api/v1/recordings/${monday}${rest}`);
        assert.deepEqual([part.status, part.body.code], [422, 'recording_name'], method);
      }
      const whole = await fetch(`${world.url}/api/v1/recordings/${name}/download`);
      assert.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
      assert.equal((await world.get(`/recordings/${name}%2Fweek%2Ffriday.csv`)).status, 404);
      await namesThatLeadOut(name);
      assert.equal((await world.call('DELETE', `/api/v1/recordings/${name}`)).status, 204);
      assert.equal((await world.get(`/recordings/${monday}`)).status, 404);
    }
    const none = await upload('none.zip', zip([{ name: 'README.csv', content: 'a,b\n1,2\n' }]));
    assert.deepEqual([none.status, files().includes('none.zip')], [422, false]);
  });

  const RANGE = ['2020-01-01T00:00:00.000Z', '2020-01-01T00:01:44.000Z'];

  async function namesThatLeadOut(archive: string): Promise<void> {
    const folder = world.settings.recordings;
    mkdirSync(join(folder, 'folder.zip'), { recursive: true });
    writeFileSync(join(folder, 'folder.zip', 'inside.csv'), csv(3));
    writeFileSync(join(folder, '..', 'outside.csv'), csv(3));
    if (!files().includes('link.zip')) symlinkSync(join(folder, '..'), join(folder, 'link.zip'));
    for (const id of [
      `${archive}/../trip.csv`,
      `${archive}/../../outside.csv`,
      `${archive}/week/../../../outside.csv`,
      `${archive}/./week/monday.csv`,
      `${archive}//etc/passwd`,
      `${archive}/..\\outside.csv`,
      `${archive}/`,
      'link.zip/outside.csv',
      'folder.zip/inside.csv',
      'trip.csv/inside.csv',
      `../${archive}/week/monday.csv`,
      `./${archive}/week/monday.csv`,
    ]) {
      const path = `/recordings/${encodeURIComponent(id)}`;
      const answers = [
        await world.get(path),
        await world.get(`${path}/download`),
        await world.post(`${path}/preview`, {}),
        await world.call('DELETE', `/api/v1${path}`),
        await world.post('/replays', { recordings: [id] }),
      ];
      for (const { status, text } of answers) assert.ok(status === 404 || status === 422, `${id}: ${text}`);
    }
    assert.ok(files().includes(archive));
  }

  it('deletes a recording', async () => {
    assert.equal((await world.call('DELETE', '/api/v1/recordings/trip.csv')).status, 204);
    assert.equal((await world.get('/recordings/trip.csv')).body.code, 'recording_unknown');
  });
});
