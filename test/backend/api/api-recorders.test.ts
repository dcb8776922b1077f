import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { McapRecording } from '../../../replayer/mcap/reading/mcap-recording.ts';
import type { Recorder, Snapshot } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

const bin = fileURLToPath(new URL('../../../bin/reprise.js', import.meta.url));

describe('API: recorders', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  const running: ChildProcess[] = [];
  before(async () => {
    world = await ApiWorld.start();
  });
  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await world.stop();
  });

  const list = async () => (await world.get('/recorders')).body.items as Recorder[];

  /** Starts a recorder as a process of its own. Returns once the API knows it. */
  async function record(channel: string, ...args: string[]) {
    const child = spawn(process.execPath, [bin, 'record', channel, ...args], {
      env: {
        ...process.env,
        REDIS_URL: world.server.url,
        REPRISE_RECORDINGS: world.settings.recordings,
      },
      stdio: 'ignore',
    });
    running.push(child);
    const found = await eventually(`the recorder of ${channel}`, async () =>
      (await list()).find(({ patterns }) => patterns[0] === channel),
    );
    return { child, id: found.id };
  }

  it('write their ring buffer to a recording as often as they are asked', async () => {
    await mkdir(world.settings.recordings, { recursive: true });
    const out = join(world.settings.recordings, 'ring.mcap');
    const { child, id } = await record('ring', '-o', out, '--ring', '60s');
    const writer = world.writer('ring');
    const kept: number[] = [];
    for (const count of [20, 5]) {
      await writer.emit(records(count, ['bus']));
      const { status, headers, body } = await world.post(`/recorders/${id}/snapshot`, undefined);
      const snapshot = body as unknown as Snapshot;
      assert.equal(status, 201, JSON.stringify(body));
      assert.deepEqual([snapshot.recorder, snapshot.recording], [id, snapshot.file]);
      assert.match(snapshot.file, /^ring-\d{4}-.*\.mcap$/);
      assert.equal(headers.get('location'), `/api/v1/recordings/${snapshot.file}`);
      const path = join(world.settings.recordings, snapshot.file);
      assert.equal((await McapRecording.open(path)).count, snapshot.messages);
      assert.equal((await world.get(`/recordings/${snapshot.file}/download`)).status, 200);
      kept.push(snapshot.messages);
    }
    assert.deepEqual(kept, [20, 25], 'the ring goes on');
    const { started, bytes, files, ...rest } = (await world.get(`/recorders/${id}`))
      .body as unknown as Recorder;
    assert.deepEqual(rest, {
      id,
      patterns: ['ring'],
      ringSeconds: 60,
      state: 'recording',
      error: null,
      unwritten: 0,
      channels: ['ring'],
      messages: 25,
      filled: 0,
      lost: 0,
    });
    assert.ok(Date.parse(started) <= Date.now() && bytes > 0 && files.length === 2);

    // The recorder reports that it can't write, and continues.
    await rm(world.settings.recordings, { recursive: true });
    const refused = await world.post(`/recorders/${id}/snapshot`, undefined);
    assert.deepEqual([refused.status, refused.body.code], [503, 'snapshot_failed']);
    await mkdir(world.settings.recordings, { recursive: true });
    assert.equal((await world.post(`/recorders/${id}/snapshot`, undefined)).status, 201);

    child.kill('SIGINT');
    await once(child, 'exit');
    assert.deepEqual(await list(), []);
    assert.equal((await world.post(`/recorders/${id}/snapshot`, undefined)).body.code, 'recorder_unknown');
  });

  it('refuse a snapshot if they have no ring buffer', async () => {
    const { id } = await record('plain', '-o', join(world.folder, 'plain.mcap'));
    const { status, body } = await world.post(`/recorders/${id}/snapshot`, undefined);
    assert.deepEqual([status, body.code], [409, 'recorder_without_ring']);
    assert.match(body.hint as string, /--ring/);
    const services = (await world.get('/services')).body.items as { instance: string; role: string }[];
    assert.ok(services.some(({ instance, role }) => instance === id && role === 'recorder'));
  });
});
