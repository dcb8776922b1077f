import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConvertResult, CutResult, Task } from '../../../schemas/types.ts';
import { zip } from '../../helpers/archives.ts';
import { killRole, startRole, stopRole } from '../../helpers/role.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve: serveReplayer } = (await import(
  new URL('../../../replayer/main.ts', import.meta.url).href
)) as typeof import('../../../replayer/main.ts');

describe('tasks on recordings', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  let worker: ChildProcess;
  let replayer: { close(): Promise<void> };
  before(async () => {
    const recording = { type: 'string' };
    world = await ApiWorld.start({
      endpoints: [
        {
          method: 'POST',
          path: '/convert',
          action: 'task',
          kind: 'convert',
          wait: true,
          query: { recording, to: recording },
        },
      ],
    });
    worker = await startRole('backend/tasks/main.ts', { REDIS_URL: world.server.url, LOG_LEVEL: 'error' });
    replayer = await serveReplayer(world.settings);
  });
  after(async () => {
    await replayer.close();
    await killRole(worker);
    await world.stop();
  });

  const ended = (id: string) =>
    eventually('the task to end', async () => {
      const task = (await world.get(`/tasks/${id}`)).body as Task;
      return ['succeeded', 'failed', 'canceled'].includes(task.state) ? task : null;
    });
  const rows = (n: number) =>
    Array.from({ length: n }, (_, i) => `${1_577_836_800 + i},52.5,13.4,${i}`).join('\n');
  const upload = async (name: string, n: number) => {
    const body = `time,latitude,longitude,speed_meters_per_second\n${rows(n)}\nnever,1,2,3\n`;
    assert.equal((await world.call('POST', `/api/v1/recordings?name=${name}`, { body })).status, 201);
  };
  const start = async (kind: string, params: object) =>
    (await world.post('/tasks', { kind, params })).body as Task;
  const names = () => readdirSync(world.settings.recordings).sort();

  it('are written by the next replayer when theirs is stopped', async () => {
    await upload('moved.csv', 300_000);
    const first = await startRole('replayer/main.ts', {
      REDIS_URL: world.server.url,
      REPRISE_RECORDINGS: world.settings.recordings,
    });
    // Only `first` is left to be asked.
    await replayer.close();
    const { id } = await start('convert', { recording: 'moved.csv', to: 'moved.ndjson' });
    await eventually(
      'a part to be done',
      async () => ((await world.get(`/tasks/${id}`)).body as Task).progress > 0,
    );
    await stopRole(first);
    replayer = await serveReplayer(world.settings);
    const { state, result, error } = await ended(id);
    assert.deepEqual([state, result?.['messages']], ['succeeded', 300_000], error ?? '');
    for (const name of ['moved.csv', 'moved.ndjson']) rmSync(join(world.settings.recordings, name));
  });

  it('write part of a recording as another one, in another format, and report what they left out', async () => {
    await upload('trip.csv', 20);
    const cut = { recording: 'trip.csv', to: 'part.ndjson', start: '5s', end: '2020-01-01T00:00:08Z' };
    const { state, result, error } = await ended((await start('cut', cut)).id);
    assert.equal(state, 'succeeded', error ?? '');
    const { bytes, refusals, guesses, ...rest } = result as unknown as CutResult;
    assert.deepEqual(guesses, []);
    assert.ok(bytes > 100);
    assert.match(refusals[0]!.reason, /never/);
    assert.deepEqual(rest, {
      recording: 'part.ndjson',
      format: 'ndjson',
      messages: 4,
      channels: ['gps'],
      start: '2020-01-01T00:00:05.000Z',
      end: '2020-01-01T00:00:08.000Z',
      reordered: 0,
      read: 21,
      refused: 1,
      skipped: { 'outside the range': 16 },
      absent: 0,
    });
    const { body } = await world.get('/recordings/part.ndjson');
    assert.deepEqual([body.description.records, body.description.start], [4, rest.start]);
  });

  it('read it as the options say, those of a table and those of MCAP, and say what had to be guessed', async () => {
    const lines = [
      'when,who,n',
      '2024-06-01 12:00:00,a,1',
      '2024-06-01 12:00:10,b,NaN',
      '2024-06-01 12:00:20,b,3',
    ];
    writeFileSync(join(world.settings.recordings, 'naive.csv'), lines.join('\n'));
    const write = async (params: object) => {
      const { result, error } = await ended((await start('convert', params)).id);
      assert.ok(result, error ?? '');
      return result as unknown as ConvertResult;
    };
    const guessed = await write({ recording: 'naive.csv', to: 'guessed.mcap' });
    assert.match(guessed.guesses.join(), /naive\.csv.*tz/s);
    assert.deepEqual([guessed.read, guessed.messages, guessed.absent], [3, 3, 1]);
    const recording = {
      id: 'naive.csv',
      tz: 'America/New_York',
      channel: 'things',
      offset: '1h',
      filter: 'n > 0',
    };
    const given = await write({ recording, to: 'given.mcap' });
    const { start: first, channels, guesses, skipped, read } = given;
    assert.deepEqual([first, channels, guesses, read], ['2024-06-01T17:00:00.000Z', ['things'], [], 3]);
    assert.deepEqual(Object.values(skipped), [1]);
    const again = await write({
      recording: { id: 'given.mcap', channel: 'others', offset: '-1h', filter: 'n > 1', time: 'when' },
      to: 'again.mcap',
    });
    assert.deepEqual(
      [again.start, again.channels, again.read, again.messages],
      ['2024-06-01T16:00:20.000Z', ['others'], 2, 1],
    );
    assert.match(again.notes!.join(), /time has no effect/);
    assert.equal(
      (
        await world.post('/tasks', {
          kind: 'convert',
          params: { recording: { id: 'naive.csv', zone: 'UTC' }, to: 'x.csv' },
        })
      ).status,
      422,
    );
  });

  it('write the recordings of an archive as one, and note what they left out of it', async () => {
    const table = `time,latitude,longitude\n${rows(3)}\n`.replaceAll(/,\d+$/gm, '');
    const names = ['a.csv', 'b.csv', 'photo.jpg'];
    const archive = zip(names.map((name) => ({ name, content: table })));
    writeFileSync(join(world.settings.recordings, 'week.zip'), archive);
    for (const [recording, messages] of [
      ['week.zip', 6],
      ['week.zip/b.csv', 3],
    ] as const) {
      const { result, error } = await ended((await start('convert', { recording, to: 'week.ndjson' })).id);
      assert.ok(result, error ?? '');
      const { notes, ...rest } = result as unknown as ConvertResult;
      assert.equal(rest.messages, messages, error ?? '');
      assert.equal(
        (notes ?? []).some((note) => note.includes('photo.jpg')),
        recording === 'week.zip',
      );
      rmSync(join(world.settings.recordings, 'week.ndjson'));
    }
    rmSync(join(world.settings.recordings, 'week.zip'));
  });

  it('write a recording as another one, and refuse a name that is taken', async () => {
    const params = { recording: 'trip.csv', to: 'trip.mcap', compression: 'zstd' };
    assert.equal((await ended((await start('convert', params)).id)).state, 'succeeded');
    assert.equal((await world.get('/recordings/trip.mcap')).body.description.records, 20);
    const { id } = await start('convert', params);
    const { state, error, problem } = await ended(id);
    assert.deepEqual([state, problem!.code, problem!.status], ['failed', 'recording_exists', 409]);
    assert.match(error!, /There is a recording "trip.mcap" already/);
    await world.checkProblem(problem!);
    assert.equal((await world.get(`/tasks/${id}/result`)).body.code, 'task_without_result');
    for (const to of ['../trip.mcap', 'trip.xlsx', '.trip.csv'])
      assert.equal((await world.post('/tasks', { kind: 'convert', params: { ...params, to } })).status, 422);
  });

  it('are refused with the code of the thread that converts, also through an endpoint that waits', async () => {
    writeFileSync(join(world.settings.recordings, 'cut.mcap'), '\x89MCAP0\r\n', 'latin1');
    const { status, body } = await world.call('POST', '/convert?recording=cut.mcap&to=cut.csv');
    assert.deepEqual([status, body.code], [422, 'recording_broken']);
    rmSync(join(world.settings.recordings, 'cut.mcap'));
  });

  it('report progress, and leave no file if they are canceled or have nothing to write', async () => {
    await upload('long.csv', 500_000);
    const before = names();
    const { id } = await start('convert', { recording: 'long.csv', to: 'longer.csv' });
    const isBusy = () => names().some((name) => name.startsWith('.converting+'));
    await eventually('a part to be done', async () => {
      const { state, progress } = (await world.get(`/tasks/${id}`)).body as Task;
      assert.equal(state === 'queued' ? 'running' : state, 'running');
      return progress > 0 && progress < 1;
    });
    assert.ok(isBusy());
    assert.equal((await world.post(`/tasks/${id}/cancel`, {})).body.state, 'canceled');
    await eventually('the replayer to have stopped', () => !isBusy());
    const none = { recording: 'trip.csv', to: 'none.csv', start: '2030-01-01T00:00:00Z' };
    const { state, error } = await ended((await start('cut', none)).id);
    assert.equal(state, 'failed');
    assert.match(error!, /Nothing is left to write|after the last/);
    assert.deepEqual(names(), before);
  });
});
