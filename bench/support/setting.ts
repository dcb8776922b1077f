import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { startRedis, type TestRedis } from '../../test/helpers/redis.ts';

const run = promisify(execFile);

/** Runs `work` with its own Redis and folder, which are removed afterwards. */
export async function withSetting(
  work: (setting: { server: TestRedis; redis: Redis; folder: string }) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'reprise-bench-'));
  const server = await startRedis();
  const redis = await connect(server.url, 'bench');
  try {
    await work({ server, redis, folder });
  } finally {
    redis.disconnect();
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

/** Messages per second of redis-benchmark PUBLISH with one connection and pipeline 64: the baseline of all writing. */
export async function redisBenchmarkPublish(server: TestRedis, bytes: number): Promise<number> {
  const args = [
    '-p',
    String(server.port),
    '-c',
    '1',
    '-P',
    '64',
    '-n',
    '400000',
    '-q',
    '--csv',
    'publish',
    'bench',
    'x'.repeat(bytes),
  ];
  const { stdout } = await run('redis-benchmark', args, { maxBuffer: 1 << 24 });
  const match =
    /","?([\d.]+)"/.exec(stdout.split('\n').at(-2) ?? '') ?? /([\d.]+) requests per second/.exec(stdout);
  if (!match) throw new Error(`redis-benchmark said: ${stdout}`);
  return Number(match[1]);
}

/** A recording of `count` rows at 1 kHz whose datum takes about 267 bytes, as CSV or NDJSON. */
export async function writeRecording(path: string, count: number): Promise<void> {
  const file = createWriteStream(path);
  const csv = path.endsWith('.csv');
  if (csv) file.write(`${Object.keys(datum(0)).join(',')}\n`);
  for (let at = 0; at < count; at += 1_000) {
    const rows = Array.from({ length: Math.min(1_000, count - at) }, (_, i) => datum(at + i));
    const text = rows.map((row) => (csv ? Object.values(row).join(',') : JSON.stringify(row))).join('\n');
    if (!file.write(`${text}\n`)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
  }
  await new Promise<void>((resolve) => file.end(() => resolve()));
}

/** A row of the benchmarks. */
export function datum(n: number): { [member: string]: number | string } {
  return {
    timestamp: (1_700_000_000_000 + n) / 1000,
    vehicle_id: `vehicle-${n % 100}`,
    latitude: 52.5 + (n % 1000) / 10_000 + 1e-7,
    longitude: 13.4 + (n % 777) / 10_000 + 1e-7,
    elevation: 34.25 + (n % 50),
    accuracy: 4,
    bearing: n % 360,
    speed_meters_per_second: 8.3 + (n % 10),
    satellites: 12,
    hdop: 0.8,
    vdop: 1.6,
    pdop: 1.8,
    provider: 'gps',
    route: `line ${n % 40} northbound`,
  };
}
