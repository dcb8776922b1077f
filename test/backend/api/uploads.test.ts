import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sweepOnce, WorkFolder, workFolderPrefix } from '../../../core/files/work-folder.ts';
import { loadSettings } from '../../../core/settings/settings.ts';
import { Readings } from '../../../replayer/hosting/readings.ts';
import { ApiWorld, type Answer } from '../../helpers/api-world.ts';
import { smallDisk } from '../../helpers/small-disk.ts';
import { eventually } from '../../helpers/wait.ts';

const { serve: serveReplayer } = (await import(
  new URL('../../../replayer/main.ts', import.meta.url).href
)) as typeof import('../../../replayer/main.ts');

const csv = (rows: number, speed = 1) =>
  `time,latitude,longitude,speed_meters_per_second\n${Array.from({ length: rows }, (_, i) => `${1_577_836_800 + i},52.5,13,${speed}`).join('\n')}\n`;
/** Takes seconds to read: many rows, packed well. */
const slow = gzipSync(csv(2_000_000), { level: 1 });
const { quotas } = loadSettings({}, {});

describe('API: uploads', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  let replayer: { close(): Promise<void> };
  before(async () => {
    world = await ApiWorld.start({
      quotas: { ...quotas, unpackedBytes: 60_000_000, recordings: 6, recordingsBytes: 9_000_000 },
    });
    replayer = await serveReplayer(world.settings);
  });
  after(async () => {
    await replayer.close();
    await world.stop();
  });
  afterEach(() => {
    for (const name of files().filter((each) => !each.startsWith('.')))
      rmSync(join(world.settings.recordings, name));
    assert.deepEqual(files(), [], 'nothing hidden is left');
  });

  const files = () => readdirSync(world.settings.recordings).sort();
  const upload = (name: string, body: unknown, more = '', url = world.url): Promise<Answer> =>
    world.call('POST', `/api/v1/recordings?name=${encodeURIComponent(name)}${more}`, { body, url });
  const codes = (answers: Answer[]) => answers.map(({ status, body }) => `${status} ${body.code ?? ''}`);
  /** Sends a request by hand and returns it, to be cut off. */
  const begin = (path: string, headers: http.OutgoingHttpHeaders) => {
    const request = http.request(`${world.url}${path}`, { method: 'POST', headers });
    request.on('error', () => {});
    return request;
  };

  it('gives a name to one of several uploads, also of two API processes, and refuses the others', async () => {
    const other = await world.anotherApi();
    try {
      const sent = Array.from({ length: 6 }, (_, i) =>
        upload('trip.csv', csv(20, i), '', i % 2 ? other.url : world.url),
      );
      const answers = await Promise.all(sent);
      assert.deepEqual(codes(answers).sort(), ['201 ', ...Array(5).fill('409 recording_exists')]);
      const winner = answers.findIndex(({ status }) => status === 201);
      const file = await world.call('GET', '/api/v1/recordings/trip.csv/download');
      assert.equal(file.text, csv(20, winner));
    } finally {
      await other.close();
    }
  });

  it('shows the old recording until the new one is sound, and then the new one, in one step', async () => {
    await upload('trip.csv', csv(5, 1));
    assert.equal((await upload('trip.csv', 'a,b\n1,2\n', '&replace=true')).status, 422);
    let replaced = false;
    const replacing = upload('trip.csv', csv(5, 2), '&replace=true').finally(() => (replaced = true));
    const seen = new Set<string>();
    while (!replaced) {
      const { status, text } = await world.call('GET', '/api/v1/recordings/trip.csv/download');
      seen.add(`${status} ${text}`);
    }
    assert.equal((await replacing).status, 201);
    for (const each of seen) assert.ok([`200 ${csv(5, 1)}`, `200 ${csv(5, 2)}`].includes(each), each);
    const { description } = (await world.get('/recordings/trip.csv')).body;
    assert.equal(description.records, 5);
  });

  it('keeps names in one form, and refuses those that some file systems take for one', async () => {
    const decomposed = 'Straße früh.csv'.normalize('NFD');
    const first = await upload(decomposed, csv(2));
    assert.deepEqual([first.status, first.body.id], [201, 'Straße früh.csv'.normalize('NFC')]);
    const marks = await upload('यात्रा.csv', csv(2));
    assert.deepEqual([marks.status, marks.body.id], [201, 'यात्रा.csv']);
    assert.ok((await world.get('/recordings')).body.items.length === 2);
    for (const name of [decomposed, 'STRAßE FRÜH.CSV', 'straße früh.csv'])
      for (const more of ['', '&replace=true']) {
        const { status, body } = await upload(name, csv(2), more);
        if (name === decomposed && more) assert.equal(status, 201, 'the very name is replaced');
        else assert.deepEqual([status, body.code], [409, 'recording_exists'], name);
      }
    const many = 'ж'.repeat(126);
    for (const name of [`${many}.csv`, 'aux.csv', 'com1.csv', 'a\u0085b.csv', 'a\u202eb.csv', 'a/b.csv']) {
      const { status, body } = await upload(name, csv(2));
      assert.deepEqual([status, body.code], [422, 'recording_name'], name);
    }
  });

  it('refuses a name that a link or a folder has', async () => {
    const folder = world.settings.recordings;
    writeFileSync(join(folder, '..', 'outside.csv'), csv(3));
    symlinkSync(join(folder, '..', 'outside.csv'), join(folder, 'link.csv'));
    symlinkSync(join(folder, 'nowhere.csv'), join(folder, 'dangling.csv'));
    mkdirSync(join(folder, 'folder.csv'));
    for (const name of ['link.csv', 'dangling.csv', 'folder.csv']) {
      for (const more of ['', '&replace=true'])
        assert.deepEqual(codes([await upload(name, csv(2), more)]), ['409 recording_exists'], name);
      // One rule for REST and for the replayer.
      const answers = [
        await world.get(`/recordings/${name}`),
        await world.post('/replays', { recordings: [name] }),
        await world.post(`/recordings/${name}/preview`, {}),
      ];
      assert.deepEqual(codes(answers), Array(3).fill('404 recording_unknown'), name);
    }
    for (const name of ['link.csv', 'dangling.csv', 'folder.csv'])
      rmSync(join(folder, name), { recursive: true });
  });

  it('takes one file in a form, whole', async () => {
    const part = (name: string, field = 'file') =>
      `--b\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n${csv(3)}\r\n`;
    const sent: Answer[] = [];
    const type = { 'content-type': 'multipart/form-data; boundary=b' };
    for (const body of [
      `${part('a.csv')}${part('b.csv')}--b--\r\n`,
      `${part('a.csv')}${part('b.csv', 'other')}--b--\r\n`,
      part('a.csv'),
      '--b--\r\n',
    ])
      sent.push(await world.call('POST', '/api/v1/recordings', { body, headers: type }));
    assert.deepEqual(codes(sent), [
      '422 files_several',
      '422 files_several',
      '400 body_malformed',
      '422 file_missing',
    ]);
  });

  it('forgets an upload that is broken off while it arrives or while it is read', async () => {
    const body = slow;
    const cut = begin('/api/v1/recordings?name=cut.csv', { 'content-length': body.length + 1_000 });
    cut.write(body);
    await eventually('it to arrive', () => files().length === 1);
    cut.destroy();
    await eventually('it to be gone', () => files().length === 0);
    const left = begin('/api/v1/recordings?name=left.csv.gz', { 'content-length': body.length });
    left.end(body);
    await eventually('it to be read', () => files().some((name) => name.startsWith('.arriving+')));
    left.destroy();
    await eventually('it to be gone', () => files().length === 0);
  });

  it('bounds what a file unpacks to', async () => {
    const row = `1577836800,52.5,13,${'x'.repeat(5_000)}\n`;
    const rows = Buffer.alloc(61_000_000, row);
    const endless = gzipSync(Buffer.concat([Buffer.from('time,latitude,longitude,note\n'), rows]));
    const answers = [await upload('bomb.csv.gz', endless), await upload('bomb.csv.gz', gzipSync(endless))];
    assert.deepEqual(codes(answers), Array(2).fill('422 recording_costly'));
    assert.match(answers[0]!.body.hint, /REPRISE_MAX_UNPACKED_BYTES/);
  });

  it('keeps the folder within its files and bytes', async () => {
    for (let i = 0; i < 6; i++) assert.equal((await upload(`${i}.csv`, csv(2))).status, 201);
    const full = await upload('6.csv', csv(2));
    assert.deepEqual(codes([full]), ['429 recordings_full']);
    assert.match(full.body.hint, /REPRISE_MAX_RECORDINGS\b/);
    assert.equal((await upload('5.csv', csv(3), '&replace=true')).status, 201);
    for (let i = 0; i < 6; i++) await world.call('DELETE', `/api/v1/recordings/${i}.csv`);
    // Two that fit one by one, and not together.
    const large = csv(250_000);
    const answers = await Promise.all(['a.csv', 'b.csv'].map((name) => upload(name, large)));
    assert.deepEqual(codes(answers).sort(), ['201 ', '429 recordings_full']);
  });

  it('says 507 where the disk is full, and leaves nothing', async function () {
    const disk = smallDisk('1m');
    if (!disk) return this.skip();
    const tiny = await ApiWorld.start({ recordings: disk.path });
    try {
      const { status, body } = await tiny.call('POST', '/api/v1/recordings?name=big.csv', {
        body: csv(100_000),
      });
      assert.deepEqual([status, body.code], [507, 'disk_full']);
      assert.deepEqual(readdirSync(disk.path), []);
    } finally {
      await tiny.stop();
      disk.remove();
    }
  });

  it('sweeps what dead processes have left, and nothing else', async () => {
    const parent = world.settings.recordings;
    const child = spawn('true');
    await once(child, 'exit');
    const host = workFolderPrefix('arriving').split('+')[2]!;
    const long = new Date(Date.now() - 600_000);
    const make = (name: string, at?: Date) => {
      mkdirSync(join(parent, name));
      writeFileSync(join(parent, name, 'trip.csv'), csv(2));
      if (at) utimesSync(join(parent, name), at, at);
      return name;
    };
    const dead = [
      make(`.arriving+${child.pid}+${host}+a`),
      make(`.converting+${child.pid}+${host}+b`),
      make(`.arriving+${process.pid}+${host}+before-this-process`, new Date(0)),
      make('.arriving+1+elsewhere+c', long),
      make('.arriving-of-an-earlier-release', long),
      make('.before-of-an-earlier-release', long),
    ];
    const mine = await WorkFolder.create(parent, 'arriving', 'mine');
    const alive = [
      mine.name,
      make(`.arriving+${process.ppid}+${host}+d`, long),
      make('.arriving+1+elsewhere+e'),
      make('.arriving-of-an-earlier-release-now'),
      make('.hidden', long),
    ];
    assert.deepEqual((await sweepOnce(parent)).sort(), dead.sort());
    assert.deepEqual(files(), alive.sort());
    for (const name of alive) rmSync(join(parent, name), { recursive: true });
    await mine.remove();
  });

  it('ends a reading when its file is gone, when it is not wanted, and when it costs too much', async () => {
    const path = join(world.folder, 'slow.csv.gz');
    const order = { path, options: {}, records: null };
    const readings = new Readings([], { seconds: 600 });
    const brief = new Readings([], { seconds: 0.2 });
    const small = new Readings([], { seconds: 600, memoryMegabytes: 5 });
    try {
      writeFileSync(path, slow);
      const ending = new AbortController();
      const unwanted = readings.read(order, path, ending.signal);
      const deleted = readings.read(order, path, new AbortController().signal);
      const costly = [brief, small].map((each) => each.read(order, path, new AbortController().signal));
      await Promise.all([
        ...costly.map((each) => assert.rejects(each, { code: 'recording_costly' })),
        assert.rejects(unwanted, { code: 'reading_abandoned' }),
        assert.rejects(deleted, { code: 'recording_changed' }),
        Promise.allSettled(costly).then(() => {
          ending.abort();
          rmSync(path);
        }),
      ]);
    } finally {
      for (const each of [readings, brief, small]) await each.close();
    }
  });
});

describe('API: replacing recordings with keys', function () {
  this.timeout(30_000);
  it('needs the scope that deleting needs', async () => {
    const world = await ApiWorld.start({ apiKey: 'administrator-key' });
    await world.stopApi();
    const keys = join(world.folder, 'keys.json');
    const sha256 = createHash('sha256').update('operator-key').digest('hex');
    writeFileSync(keys, JSON.stringify({ keys: [{ name: 'operator', scope: 'control', sha256 }] }));
    world.settings.keys = keys;
    await world.startApi();
    try {
      const send = (key: string, more: string) =>
        world.call('POST', `/api/v1/recordings?name=trip.csv${more}`, {
          body: csv(2),
          headers: { 'x-api-key': key },
        });
      assert.equal((await send('operator-key', '')).status, 201);
      const refused = await send('operator-key', '&replace=true');
      assert.deepEqual([refused.status, refused.body.code], [403, 'scope_missing']);
      assert.equal((await send('administrator-key', '&replace=true')).status, 201);
    } finally {
      await world.stop();
    }
  });
});
