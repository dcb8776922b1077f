import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeadLetter, CloudEvent, Replay } from '../../schemas/types.ts';
import { keys } from '../../core/wire/keys.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import { readDeadLetters } from '../../core/redis/dead-letters.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis } from '../helpers/redis.ts';

const bin = fileURLToPath(new URL('../../bin/reprise.js', import.meta.url));
const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

const NONE = {
  published: 0,
  skipped: 0,
  absent: 0,
  restored: 0,
  dropped: 0,
  refused: 0,
  reordered: 0,
  late: 0,
  outliers: 0,
  filtered: 0,
};

describe('reprise play', () => {
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-play-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  function reprise(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const env = { ...process.env, REDIS_URL: url };
      execFile(process.execPath, [bin, ...args], { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }

  async function play(
    file: string,
    ...args: string[]
  ): Promise<{ code: number; replay: Replay; events: CloudEvent[] }> {
    const { code, stdout, stderr } = await reprise('play', file, '--rate', 'max', '--json', ...args);
    assert.ok(stdout, stderr);
    const replay = JSON.parse(stdout) as Replay;
    const entries = await redis.xrange(keys.log(replay.channels[0]!), `${replay.epoch}-0`, '+');
    return { code, replay, events: entries.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent) };
  }

  const ROWS = [
    'timestamp,vehicle_id,latitude,longitude,speed',
    '2026-01-26 15:57:02,a,53.44451,-2.925173,4.0',
    '2026-01-26 15:57:01,b,53.445026,-2.923543,',
    '2026-01-26 15:57:03,a,95.0,-2.92,1',
    '2026-01-26 15:57:03,a,NaN,-2.92,1',
    'soon,a,53.4,-2.92,1',
    '2026-01-26 15:57:04,a,53.4',
    '2026-01-26 15:57:05,a,53.446,-2.922,5.25',
  ];

  it('plays what can be played in order of time, and says for every other row where it is and why it was refused', async () => {
    const file = join(folder, 'buses.csv');
    await writeFile(file, ROWS.join('\r\n'));
    const heard: string[] = [];
    const subscriber = duplicate(redis);
    subscriber.on('message', (_channel, text) => heard.push(text));
    await subscriber.subscribe('gps');
    const { code, replay, events } = await play(file);
    await eventually('what was published', () => heard.length >= events.length);
    subscriber.disconnect();
    assert.equal(code, 3, 'rows were refused');
    assert.deepEqual(replay.counts, { ...NONE, published: 3, refused: 4, reordered: 1 });
    assert.deepEqual(
      events.map(({ offset, subject, time, data }) => [offset, subject, time, data]),
      [
        [
          1,
          'b',
          '2026-01-26T15:57:01.000Z',
          { timestamp: '2026-01-26 15:57:01', vehicle_id: 'b', latitude: 53.445026, longitude: -2.923543 },
        ],
        [
          2,
          'a',
          '2026-01-26T15:57:02.000Z',
          {
            timestamp: '2026-01-26 15:57:02',
            vehicle_id: 'a',
            latitude: 53.44451,
            longitude: -2.925173,
            speed: 4,
          },
        ],
        [
          3,
          'a',
          '2026-01-26T15:57:05.000Z',
          {
            timestamp: '2026-01-26 15:57:05',
            vehicle_id: 'a',
            latitude: 53.446,
            longitude: -2.922,
            speed: 5.25,
          },
        ],
      ],
    );
    assert.deepEqual(
      heard.map((text) => JSON.parse(text) as CloudEvent),
      events,
    );
    const letters = (await readDeadLetters(redis, 10)).items.reverse();
    assert.deepEqual(
      letters.map(({ source, line, channel }: DeadLetter) => [source, line, channel]),
      [4, 5, 6, 7].map((line) => ['buses.csv', line, 'gps']),
    );
    const reasons = [
      /latitude must be <= 90, got 95/,
      /must have required property .latitude./,
      /No time: "timestamp" holds "soon"/,
      /3 cells where the header has 5/,
    ];
    letters.forEach((letter, i) => assert.match(letter.reason, reasons[i]!));
  });

  it('names each refused row with its line', async () => {
    const file = join(folder, 'named.csv');
    await writeFile(file, ROWS.join('\n'));
    const { stdout } = await reprise('play', file, '--rate', 'max', '--channel', 'gps');
    const [sum, ...named] = stdout.trim().split('\n');
    assert.match(sum!, /^3 events on gps; .*4 rows refused\.$/);
    assert.deepEqual(
      named.map((line) => /^(named\.csv:\d+): ./.exec(line)?.[1]),
      ['named.csv:4', 'named.csv:5', 'named.csv:6', 'named.csv:7'],
    );
  });

  it('says what is wrong in one sentence', async () => {
    await writeFile(join(folder, 'notime.csv'), 'a,b\n1,2\n');
    await writeFile(join(folder, 'empty.csv'), '');
    await writeFile(join(folder, 'broken.ndjson'), '{"time": \n{"time"\n');
    await writeFile(join(folder, 'cut.csv.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]));
    for (const [file, sentence] of [
      ['absent.csv', /There is no file .*absent\.csv/],
      ['notime.csv', /No column of notime\.csv holds a time.*The columns are: a, b.*--time COLUMN/],
      ['empty.csv', /empty\.csv is empty/],
      ['broken.ndjson', /no row that can be read as json: .*a bracket or a quote is not closed/],
      ['cut.csv.gz', /cut\.csv\.gz is cut off: its gzip data end/],
    ] as const) {
      const { code, stderr } = await reprise('play', join(folder, file));
      assert.equal(code, file === 'broken.ndjson' ? 3 : 1, file);
      assert.match(stderr, sentence);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    }
    assert.equal((await reprise('play')).code, 2);
    assert.equal((await reprise('play', 'x', '--rate', 'fast')).code, 2);
  }).timeout(120_000);

  it('holds its rate: two seconds of recording at rate 4 take half a second', async () => {
    const file = join(folder, 'steady.ndjson');
    await writeFile(
      file,
      Array.from({ length: 201 }, (_, i) => JSON.stringify({ time: 1_700_000_000_000 + i * 10, n: i })).join(
        '\n',
      ),
    );
    const { stdout } = await reprise('play', file, '--rate', '4', '--json');
    const replay = JSON.parse(stdout) as Replay;
    const entries = await redis.xrange(keys.log('steady'), '-', '+');
    const sent = entries.map(([, fields]) => Date.parse((JSON.parse(fields[1]!) as CloudEvent).sent));
    assert.equal(replay.counts.published, 201);
    // Times count from the first event, which may itself be late by up to the largest delay that the replay reports.
    const lateMs = replay.latenessMs!.max;
    assert.ok(Math.min(...sent.map((ms, i) => ms - sent[0]! - i * 2.5)) > -5 - lateMs, 'none leaves early');
  });

  describe('real recordings', function () {
    const cases: [file: string, args: string[], published: number, reordered: number][] = [
      ['ce290i_gps_2019-12-24.csv', ['--channel', 'gps'], 1_316, 0],
      ['capmetro_buses_2017-03-16.csv', ['--channel', 'gps'], 36_271, 857],
      ['wikipedia_edits_2015-09-12.ndjson.gz', ['--channel', 'edits'], 39_244, 0],
      ['evergiven_ais_2021-03.csv', [], 22_287, 188],
      ['liverpool_bus_route14_2026-01-26.csv', [], 1_533, 7],
      ['social_multilang_dev.ndjson', [], 1_400, 0],
    ];
    for (const [file, args, published, reordered] of cases) {
      it(`plays ${file}`, async function () {
        if (!existsSync(data + file)) return this.skip();
        const { code, replay, events } = await play(data + file, ...args);
        assert.equal(code, 0);
        assert.deepEqual(replay.counts, { ...NONE, published, reordered });
        assert.deepEqual(
          events.map(({ offset }) => offset),
          events.map((_, i) => i + 1),
        );
        assert.ok(
          events.every((event, i) => i === 0 || event.time >= events[i - 1]!.time),
          'in order of time',
        );
      }).timeout(30_000);
    }

    it('publishes exactly the values of the file', async function () {
      const file = `${data}ce290i_gps_2019-12-24.csv`;
      if (!existsSync(file)) return this.skip();
      const [header, ...rows] = readFileSync(file, 'utf8')
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(','));
      const { events } = await play(file, '--channel', 'exact');
      assert.equal(events.length, rows.length);
      rows.forEach((cells, i) => {
        const expected = Object.fromEntries(
          header!.flatMap((name, c) =>
            cells[c] === '' ? [] : [[name, name === 'provider' ? cells[c] : Number(cells[c])]],
          ),
        );
        assert.deepEqual(events[i]!.data, expected);
        assert.equal(Date.parse(events[i]!.time), Math.round(Number(cells[0]) * 1000));
      });
    }).timeout(30_000);
  });
});
