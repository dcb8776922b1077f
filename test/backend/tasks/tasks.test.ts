import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { keys } from '../../../core/wire/keys.ts';
import type { TimedRecord } from '../../../core/wire/event.ts';
import type { Task } from '../../../schemas/types.ts';
import { killRole, startRole } from '../../helpers/role.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

interface Kind {
  kind: string;
  params: { properties: { [name: string]: { type: string } } };
}

/** Speeds of one subject, a second apart from `startS` on. */
const speeds = (subject: string, startS: number, values: (number | null)[], stepS = 1): TimedRecord[] =>
  values.map((speed, i) => ({
    timeMs: (startS + i * stepS) * 1000,
    subject,
    data: JSON.stringify({
      latitude: 0,
      longitude: 0,
      ...(speed !== null && { speed_meters_per_second: speed }),
    }),
  }));

describe('tasks', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  let worker: ChildProcess | null = null;
  const startWorker = async () => {
    worker = await startRole('backend/tasks/main.ts', { REDIS_URL: world.server.url, LOG_LEVEL: 'error' });
  };
  before(async () => {
    world = await ApiWorld.start();
    await startWorker();
  });
  after(async () => {
    if (worker) await killRole(worker);
    await world.stop();
  });

  const ask = async (params: object): Promise<Task> => {
    const { status, body, headers } = await world.post('/tasks', { kind: 'average-speed', params });
    assert.equal(status, 202, JSON.stringify(body));
    assert.equal(headers.get('location'), `/api/v1/tasks/${body.id}`);
    assert.ok(headers.get('retry-after'));
    return body as Task;
  };
  const get = async (id: string) => (await world.get(`/tasks/${id}`)).body as Task;
  const ended = (id: string) =>
    eventually('the task to end', async () => {
      const task = await get(id);
      return ['succeeded', 'failed', 'canceled'].includes(task.state) ? task : null;
    });

  it('average over event time, each value for as long as it is the latest of its subject', async () => {
    const writer = world.writer('gps');
    await writer.emit(speeds('bus', 0, [100, 100]));
    const { id } = await ask({ time_window_seconds: 10, channel: 'gps' });
    // bus: 4 for 2 s, 10 for 8 s; tram from second 5: 1 for 5 s. Events at or after second 20 are not in the window.
    await writer.emit(speeds('bus', 10, [4, 10], 2));
    await writer.emit([
      ...speeds('tram', 15, [1]),
      ...speeds('dog', 16, [null]),
      ...speeds('bus', 20, [500]),
    ]);
    const { state, result, progress } = await ended(id);
    assert.deepEqual([state, progress], ['succeeded', 1]);
    assert.deepEqual(result, {
      average_speed_mps: (4 * 2 + 10 * 8 + 1 * 5) / 15,
      samples: 3,
      subjects: 2,
      seconds: 15,
      from: '1970-01-01T00:00:10.000Z',
      to: '1970-01-01T00:00:20.000Z',
      gaps: 0,
    });
  });

  it('average one subject if asked, and return null if there is no speed', async () => {
    const writer = world.writer('gps');
    const one = await ask({ time_window_seconds: 2, channel: 'gps', subject: 'tram' });
    const none = await ask({ time_window_seconds: 2, channel: 'gps', field: 'altitude' });
    await writer.emit(
      speeds('bus', 100, [9, 9, 9]).flatMap((record, i) => [record, speeds('tram', 100 + i, [3])[0]!]),
    );
    assert.equal((await ended(one.id)).result!['average_speed_mps'], 3);
    const empty = (await ended(none.id)).result!;
    assert.deepEqual([empty['average_speed_mps'], empty['samples']], [null, 0]);
  });

  it('return the course of a number as far as the log goes back, without events after the request', async () => {
    await world.newEpoch('gps');
    const writer = world.writer('gps');
    await writer.emit(speeds('bus', 0, [2, 4, null, 9]));
    await writer.emit(speeds('tram', 3, [500]));
    const params = { channel: 'gps', subject: 'bus', stretches: 2 };
    const { status, body } = await world.post('/tasks', { kind: 'course', params });
    assert.equal(status, 202, JSON.stringify(body));
    await writer.emit(speeds('bus', 4, [1_000]));
    assert.deepEqual((await ended((body as Task).id)).result, {
      values: 3,
      from: '1970-01-01T00:00:00.000Z',
      to: '1970-01-01T00:00:03.000Z',
      course: [
        { time: '1970-01-01T00:00:00.000Z', least: 2, average: 3, most: 4, values: 2 },
        { time: '1970-01-01T00:00:01.501Z', least: 9, average: 9, most: 9, values: 1 },
      ],
    });
  });

  it('start again with a new epoch', async () => {
    const { id } = await ask({ time_window_seconds: 5, channel: 'gps' });
    await world.writer('gps').emit(speeds('bus', 200, [50, 50]));
    await world.newEpoch('gps');
    await world.writer('gps').emit(speeds('bus', 10, [2, 2, 2, 8, 8, 8]));
    const { result } = await ended(id);
    assert.deepEqual(
      [result!['average_speed_mps'], result!['from']],
      [(2 * 3 + 8 * 2) / 5, '1970-01-01T00:00:10.000Z'],
    );
  });

  it('take restored events as the state at the start of the window', async () => {
    const { id } = await ask({ time_window_seconds: 10, channel: 'gps' });
    await world.newEpoch('gps');
    const writer = world.writer('gps');
    await writer.emit(speeds('bus', 0, [4]), ',"restored":true');
    await writer.emit(speeds('tram', 100, [10, 10], 5));
    await writer.emit(speeds('tram', 110, [10]));
    const { result } = await ended(id);
    assert.deepEqual([result!['average_speed_mps'], result!['from']], [7, '1970-01-01T00:01:40.000Z']);
  });

  it('end with what they have when the replay ends', async () => {
    const { id } = await ask({ time_window_seconds: 600, channel: 'gps' });
    await world.newEpoch('gps');
    const { epoch } = await world.writer('gps').emit(speeds('bus', 10, [2, 4, 4]));
    await delay(2_500);
    assert.equal((await get(id)).state, 'running', 'silence alone does not end it');
    const replay = { id: 'r', channels: ['gps'], state: 'ended', epoch };
    await world.redis.hset(keys.replays, 'r', JSON.stringify(replay));
    const { result } = await ended(id);
    assert.deepEqual([result!['average_speed_mps'], result!['to']], [3, '1970-01-01T00:00:12.000Z']);
    await world.redis.hdel(keys.replays, 'r');
  });

  it('average over wall time, beginning with the latest values', async () => {
    await world.writer('wall').emit(speeds('bus', 0, [10]));
    const startMs = Date.now();
    const { id } = await ask({ time_window_seconds: 2, channel: 'wall', clock: 'wall' });
    await delay(1_000);
    await world.writer('wall').emit(speeds('bus', 1, [20]));
    const { result } = await ended(id);
    assert.ok(Date.now() - startMs >= 1_950);
    const average = result!['average_speed_mps'] as number;
    assert.ok(Math.abs(average - 15) < 2, String(average));
    assert.deepEqual([result!['samples'], result!['subjects'], result!['seconds']], [2, 1, 2]);
  });

  it('continue within seconds after their worker was killed, with the same result', async () => {
    await world.newEpoch('gps');
    const writer = world.writer('gps');
    await writer.emit(speeds('bus', 0, [1]));
    const event = await ask({ time_window_seconds: 10, channel: 'gps' });
    await writer.emit(speeds('bus', 10, [2, 2, 2]));
    await world.writer('wall').emit(speeds('bus', 2, [30]));
    const wall = await ask({ time_window_seconds: 7, channel: 'wall', clock: 'wall' });
    await eventually(
      'both to run',
      async () => (await get(event.id)).state === 'running' && (await get(wall.id)).state === 'running',
    );
    await delay(300);
    await killRole(worker!);
    await writer.emit(speeds('bus', 13, [6, 6, 6, 6]));
    await writer.emit(speeds('bus', 17, [6, 6, 6, 6, 6]));
    const startMs = Date.now();
    await startWorker();
    const { result } = await ended(event.id);
    assert.ok(Date.now() - startMs < 7_000, `${Date.now() - startMs} ms`);
    assert.deepEqual([result!['average_speed_mps'], result!['gaps']], [(2 * 3 + 6 * 7) / 10, 0]);
    const walled = (await ended(wall.id)).result!;
    assert.deepEqual([walled['average_speed_mps'], walled['seconds']], [30, 7]);
    await eventually(
      'its memory to be removed',
      async () => (await world.redis.exists(keys.taskMemory(wall.id))) === 0,
    );
  });

  it('are handed over at once when their worker is stopped', async () => {
    const { serve } = (await import(
      new URL('../../../backend/tasks/main.ts', import.meta.url).href
    )) as typeof import('../../../backend/tasks/main.ts');
    await killRole(worker!);
    const first = await serve(world.settings);
    const { id } = await ask({ time_window_seconds: 3_600, channel: 'gps' });
    await eventually('it to run', async () => (await get(id)).state === 'running');
    await first.close();
    const waiting = await world.redis.llen('reprise:bull:tasks:wait');
    await startWorker();
    assert.equal(waiting, 1, 'it waits for another worker as soon as this one has closed');
    await eventually(
      'it to be taken',
      async () => (await world.redis.llen('reprise:bull:tasks:active')) === 1,
    );
    await world.post(`/tasks/${id}/cancel`, {});
  });

  it('survive a Redis that is killed and started again', async () => {
    const writer = world.writer('gps');
    await writer.emit(speeds('bus', 300, [1]));
    const { id } = await ask({ time_window_seconds: 10, channel: 'gps' });
    await writer.emit(speeds('bus', 310, [2, 2, 2]));
    await eventually('it to run', async () => (await get(id)).state === 'running');
    await world.redis.save();
    await world.server.kill();
    await delay(4_000);
    await world.server.restart();
    await eventually('Redis', async () => (await world.call('GET', '/readyz')).status === 200);
    await world.writer('gps').emit(speeds('bus', 313, [6, 6, 6, 6, 6, 6, 6, 6]));
    const task = await ended(id);
    assert.deepEqual(
      [task.state, task.result?.['average_speed_mps'], task.error],
      ['succeeded', (2 * 3 + 6 * 7) / 10, null],
    );
    const next = await ask({ time_window_seconds: 0.2, channel: 'gps', clock: 'wall' });
    assert.equal((await ended(next.id)).state, 'succeeded');
  });

  it('survive a restart of the API, and keep their results', async () => {
    const { id } = await ask({ time_window_seconds: 1, channel: 'wall', clock: 'wall' });
    const early = await world.get(`/tasks/${id}/result`);
    assert.deepEqual([early.status, early.body.code], [409, 'task_unfinished']);
    await world.stopApi();
    await world.startApi();
    const waited = await world.get(`/tasks/${id}/result`, { prefer: 'respond-async, wait=10' });
    assert.deepEqual([waited.status, waited.headers.get('preference-applied')], [200, 'wait=10']);
    assert.equal(waited.body.average_speed_mps, 30);
    const { body } = await world.get('/tasks?limit=2');
    assert.deepEqual([body.items.length, body.items[0].id], [2, id]);
  });

  it('are canceled at once, running or waiting, and stay canceled', async () => {
    const client = await world.client();
    const { id } = await ask({ time_window_seconds: 3_600, channel: 'gps' });
    await eventually('it to run', async () => (await get(id)).state === 'running');
    const answer = await world.post(`/tasks/${id}/cancel`, {});
    assert.deepEqual([answer.status, answer.body.state], [200, 'canceled']);
    assert.equal((await get(id)).state, 'canceled');
    await eventually('the news', () => (client.latest['task'] as Task | undefined)?.state === 'canceled');
    await eventually(
      'the worker to stop',
      async () => (await world.redis.llen('reprise:bull:tasks:active')) === 0,
    );
    assert.equal((await get(id)).state, 'canceled');
    assert.equal((await world.get(`/tasks/${id}/result`)).body.code, 'task_without_result');
    assert.equal((await world.post(`/tasks/${id}/cancel`, {})).status, 200);
    await killRole(worker!);
    const waiting = await ask({ time_window_seconds: 3_600, channel: 'gps' });
    assert.equal((await world.post(`/tasks/${waiting.id}/cancel`, {})).body.state, 'canceled');
    await startWorker();
    await eventually(
      'the queue to be empty',
      async () => (await world.redis.llen('reprise:bull:tasks:wait')) === 0,
    );
    assert.equal((await get(waiting.id)).state, 'canceled');
    const done = await ask({ time_window_seconds: 0.1, channel: 'wall', clock: 'wall' });
    await ended(done.id);
    assert.equal((await world.post(`/tasks/${done.id}/cancel`, {})).body.code, 'task_finished');
  });

  it('can be followed over Server-Sent Events to their end', async () => {
    const { id } = await ask({ time_window_seconds: 2, channel: 'wall', clock: 'wall' });
    const { text } = await world.get(`/tasks/${id}/events`);
    const tasks = [...text.matchAll(/^data: (.*)$/gm)].map(([, line]) => JSON.parse(line!) as Task);
    assert.equal(tasks.at(-1)!.state, 'succeeded');
    assert.ok(tasks.some(({ state, progress }) => state === 'running' && progress > 0 && progress < 1));
    assert.deepEqual(
      tasks.map(({ progress }) => progress),
      tasks.map(({ progress }) => progress).sort((a, b) => a - b),
    );
  });

  it('are refused at once if they cannot be done', async () => {
    const bad: [object, string][] = [
      [{ kind: 'nothing' }, 'task_kind'],
      [{ kind: 'average-speed' }, 'task_params'],
      [{ kind: 'average-speed', params: { time_window_seconds: '5' } }, 'task_params'],
      [{ kind: 'average-speed', params: { time_window_seconds: 0 } }, 'task_params'],
      [{ kind: 'average-speed', params: { time_window_seconds: 1, clock: 'sun' } }, 'task_params'],
      [{ kind: 'average-speed', params: { time_window_seconds: 1, chanel: 'gps' } }, 'task_params'],
      [{ kind: 'average-speed', params: { time_window_seconds: 1, channel: 'nobody' } }, 'channel_unknown'],
      [{ kind: '__proto__', params: {} }, 'task_kind'],
      [{ params: {} }, 'request_invalid'],
    ];
    for (const [body, code] of bad)
      assert.equal((await world.post('/tasks', body)).body.code, code, JSON.stringify(body));
    const { items } = (await world.get('/tasks/kinds')).body as { items: Kind[] };
    const kinds = new Map(items.map(({ kind, params }) => [kind, params]));
    for (const kind of ['average-speed', 'convert', 'course', 'cut']) assert.ok(kinds.has(kind), kind);
    assert.equal(kinds.get('average-speed')!.properties['time_window_seconds']!.type, 'number');
  });

  it('work through the endpoints of the course example', async () => {
    const empty = await world.call('GET', '/gps_state');
    assert.deepEqual([empty.status, empty.body.code], [404, 'state_empty']);
    assert.match(empty.body.hint, /replay/);
    const writer = world.writer('gps_state_topic');
    await writer.emit(speeds('bus', 0, [7]));
    const state = await world.call('GET', '/gps_state');
    assert.deepEqual(state.body, { latitude: 0, longitude: 0, speed_meters_per_second: 7 });
    const waited = await world.call('GET', '/compute_avg_speed?time_window_seconds=0.5');
    assert.deepEqual(
      [waited.status, waited.text, waited.headers.get('content-type')],
      [200, '7', 'application/json; charset=utf-8'],
    );
    const asked = await world.call('POST', '/request_to_compute_avg_speed?time_window_seconds=1');
    assert.equal(asked.status, 200);
    assert.match(asked.text, /^"[0-9a-f-]{36}"$/);
    const status = () => world.call('GET', `/get_avg_speed_task_status?task_id=${asked.body}`);
    assert.deepEqual((await status()).body, { status: 'REQUESTED' });
    await eventually('it to be done', async () => (await status()).body.status === 'DONE');
    assert.equal((await status()).text, '{"status":"DONE","result":7}');
    for (const path of [
      '/compute_avg_speed',
      '/compute_avg_speed?time_window_seconds=x',
      '/compute_avg_speed?time_window_seconds=0',
      '/get_avg_speed_task_status',
      '/get_avg_speed_task_status?task_id=nobody',
    ]) {
      const { status: code, body } = await world.call('GET', path);
      assert.deepEqual([code, body.code], [422, 'request_invalid'], path);
    }
    const unknown = await world.call('GET', `/get_avg_speed_task_status?task_id=${randomUUID()}`);
    assert.deepEqual([unknown.status, unknown.text], [200, 'null']);
    const document = await world.call('GET', '/openapi.json');
    assert.equal(document.text, (await world.get('/openapi.json')).text);
  });

  it('are canceled if the caller that waits for them disconnects', async () => {
    const gone = new AbortController();
    const call = fetch(`${world.url}/compute_avg_speed?time_window_seconds=600`, {
      signal: gone.signal,
    }).catch(() => {});
    const newest = async () => (await world.get('/tasks?limit=1')).body.items[0] as Task;
    await eventually(
      'it to run',
      async () =>
        (await newest()).params['time_window_seconds'] === 600 && (await newest()).state === 'running',
    );
    gone.abort();
    await call;
    await eventually('it to be canceled', async () => (await newest()).state === 'canceled');
  });
});
