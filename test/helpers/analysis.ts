import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '../../backend/analysis/main.ts';
import { loadSettings } from '../../core/settings/settings.ts';
import { comparePositions, parsePosition, type CloudEvent } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import { createLog } from '../../core/logging/log.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { readHead, readLog } from '../../core/redis/channel-store.ts';
import { waitOut } from '../../core/redis/wait-out.ts';
import { ReplayHost } from '../../replayer/hosting/host.ts';
import type { Config, ReplayRequest } from '../../schemas/types.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { killRole } from './role.ts';
import { eventually } from './wait.ts';

const reprise = fileURLToPath(new URL('../../bin/reprise.js', import.meta.url));
const PAGE = 10_000;

/** A Redis, a replayer in this process, and any number of analysis processes that run the services of a configuration. */
export class AnalysisWorld {
  readonly server: TestRedis;
  readonly redis: Redis;
  readonly folder: string;
  readonly replays: ReplayHost;
  readonly processes: ChildProcess[] = [];
  readonly #configFile: string;

  private constructor(server: TestRedis, redis: Redis, folder: string, config: Config) {
    this.server = server;
    this.redis = redis;
    this.folder = folder;
    this.#configFile = configFileOf(folder);
    const log = createLog('test', 'silent');
    this.replays = new ReplayHost({ redis, instance: 'test', channels: config.channels, folder, log });
  }

  static async start(config: Config): Promise<AnalysisWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'reprise-analysis-'));
    await writeFile(configFileOf(folder), JSON.stringify(config));
    const server = await startRedis();
    return new AnalysisWorld(server, await connect(server.url, 'test'), folder, config);
  }

  /** Starts an analysis process as a container does, and returns when it serves. */
  async startProcess(...flags: string[]): Promise<ChildProcess> {
    const child = fork(reprise, ['serve', 'analysis', ...flags], {
      env: {
        ...process.env,
        REDIS_URL: this.server.url,
        REPRISE_CONFIG: this.#configFile,
        LOG_LEVEL: 'error',
      },
    });
    this.processes.push(child);
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
    if (typeof message !== 'object') throw new Error('The analysis ended at its start');
    return child;
  }

  /** Serves in this process, for tests that kill nothing. */
  serveHere(partition?: string): Promise<{ close(): Promise<void> }> {
    const flags = { redisUrl: this.server.url, config: this.#configFile, logLevel: 'error' };
    return serve(loadSettings({ ...flags, ...(partition !== undefined && { partition }) }, {}));
  }

  /** kill -9. */
  async kill(process: ChildProcess): Promise<void> {
    this.processes.splice(this.processes.indexOf(process), 1);
    await killRole(process);
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.processes].map((process) => this.kill(process)));
  }

  /** The process that runs a service, according to its last heartbeat. */
  async processOf(service: string): Promise<ChildProcess> {
    return eventually(`a process that runs ${service}`, async () => {
      const documents = Object.values(await this.redis.hgetall(keys.services));
      const running = documents
        .map((text) => JSON.parse(text) as { name: string; state: string; instance: string })
        .filter(({ name, state }) => name === service && state === 'running');
      return this.processes.find(({ pid }) =>
        running.some(({ instance }) => instance.endsWith(`-${pid}:${service}`)),
      );
    });
  }

  /** Begins a replay and returns its epoch. `replays.finished` says when it is over. */
  async play(request: ReplayRequest): Promise<number> {
    const sources = request.recordings.map((recording) => {
      const options = typeof recording === 'string' ? { id: recording } : recording;
      return { ...options, path: join(this.folder, options.id) };
    });
    const replay = await this.replays.start(request, sources, false);
    await eventually('the replay to begin', () => replay.player.epoch > 0);
    return replay.player.epoch;
  }

  /** The offset up to which a service has committed its input in the current epoch; 0 while it is in an older one. */
  async committed(service: string, input: string): Promise<number> {
    const [at, head] = await waitOut(this.redis, () =>
      Promise.all([this.redis.hget(keys.checkpoint(service), `@${input}`), readHead(this.redis, input)]),
    );
    const position = at ? parsePosition(at) : { epoch: 0, offset: 0 };
    return position.epoch === head.epoch ? position.offset : 0;
  }

  /**
   * The events derived in the last epoch of a channel, once it has ended: `[subject, time, data]` of each, as on the wire.
   * @throws Error if offsets are not 1..N
   */
  async derived(channel: string, afterEpoch = 0, timeoutMs = 30_000): Promise<string[]> {
    await eventually(
      `the end of an epoch on ${channel}`,
      async () => {
        const { epoch, offset } = await readHead(this.redis, channel);
        return (
          epoch > afterEpoch && (await this.redis.hget(keys.ends(channel), String(epoch))) === String(offset)
        );
      },
      timeoutMs,
    );
    return this.logged(channel);
  }

  /** The last epoch of a channel, or an earlier one, in the form of `derived`. */
  async logged(channel: string, before = 0): Promise<string[]> {
    const head = await readHead(this.redis, channel);
    const epoch = head.epoch - before;
    const lines: string[] = [];
    for (let after = { epoch, offset: 0 }; ;) {
      const entries = await readLog(this.redis, channel, after, PAGE);
      for (const { position, event: text } of entries) {
        if (position.epoch > epoch) return lines;
        const event = JSON.parse(text) as CloudEvent;
        const expected = { epoch, offset: lines.length + 1 };
        if (comparePositions(position, expected) !== 0 || event.offset !== expected.offset)
          throw new Error(
            `${channel}: at offset ${expected.offset} stands ${position.epoch}-${event.offset}`,
          );
        const data = text.slice(text.indexOf(',"data":') + ',"data":'.length, -1);
        lines.push(`[${JSON.stringify(event.subject)},"${event.time}",${data}]`);
      }
      if (entries.length < PAGE) break;
      after = entries.at(-1)!.position;
    }
    if (before === 0 && lines.length !== head.offset)
      throw new Error(`${channel}: the log has ${lines.length} of ${head.offset} events`);
    return lines;
  }

  async stop(): Promise<void> {
    await this.killAll();
    await this.replays.close();
    this.redis.disconnect();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const configFileOf = (folder: string) => join(folder, 'config.json');

/** Items of one list that the other lacks, counting duplicates. */
export function difference(expected: readonly string[], actual: readonly string[]) {
  const counts = new Map<string, number>();
  for (const line of expected) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of actual) counts.set(line, (counts.get(line) ?? 0) - 1);
  const lines = [...counts];
  return {
    missing: lines.reduce((sum, [, count]) => sum + Math.max(0, count), 0),
    doubled: lines.reduce((sum, [, count]) => sum + Math.max(0, -count), 0),
    isSame: expected.length === actual.length && expected.every((line, i) => line === actual[i]),
  };
}
