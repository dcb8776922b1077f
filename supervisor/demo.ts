import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../core/runtime/root.mjs';
import type { Settings } from '../core/settings/settings.ts';
import { failure, isProblem, sentence } from '../core/problems/errors.ts';
import { keys } from '../core/wire/keys.ts';
import type { Redis } from '../core/redis/connection.ts';
import { Requester } from '../core/redis/requests.ts';
import type { Replay, ReplayRequest } from '../schemas/types.ts';
import type { Supervisor } from './supervisor.ts';
import type { Terminal } from './terminal.ts';

/**
 * The recordings that can be made here: file name -> what to simulate. Twenty minutes, played in a loop, take a third of
 * the time of the default hour to make and read, so the first event comes sooner.
 */
const simulations = new Map([
  ['fleet.ndjson', ['fleet', '--duration', '1200']],
  ['posts.ndjson', ['posts', '--duration', '1200']],
  ['earthquakes.ndjson', ['quakes']],
]);

const ANSWER_MS = 30_000;
const RETRY_MS = 250;
/** A replayer that was killed holds its channels until its lease runs out. */
const TAKEN_LIMIT_MS = 10_000;

/** The replays of the configuration that `reprise up` plays, and their recordings. */
export class Demo {
  readonly #settings: Settings;
  readonly #redis: Redis;
  readonly #requester: Requester;
  readonly #terminal: Terminal;
  readonly #stop = new AbortController();
  #performing: Promise<void> = Promise.resolve();

  constructor(parts: { settings: Settings; redis: Redis; terminal: Terminal }) {
    this.#settings = parts.settings;
    this.#redis = parts.redis;
    this.#requester = new Requester(parts.redis);
    this.#terminal = parts.terminal;
  }

  /** Makes the recordings and, as soon as the replayer serves, plays them. */
  run(supervisor: Supervisor): void {
    const perform = async () => {
      await Promise.all([this.#record(), supervisor.serving('replayer', this.#stop.signal)]);
      await this.#play();
      // The page offers these as well, but the recordings of the demo come first.
      await supervisor.allStarted();
      await this.#simulate([...simulations.keys()]);
    };
    this.#performing = perform().catch((error: unknown) => this.#complain(error));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#requester.close();
    await this.#performing;
  }

  /** Makes the recordings of the demo that are missing; later runs find them. @throws failure `simulation_failed` */
  async #record(): Promise<void> {
    const wanted = this.#settings.demo.flatMap(({ recordings }) =>
      recordings.map((recording) => (typeof recording === 'string' ? recording : recording.id)),
    );
    await this.#simulate([...simulations.keys()].filter((file) => wanted.includes(file)));
  }

  /** Begins the replays that do not play yet: the replayer resumes those of a run that was killed. */
  async #play(): Promise<void> {
    for (const request of this.#settings.demo) {
      try {
        if (!(await this.#plays(request.id))) await this.#create(request);
      } catch (error) {
        this.#complain(error);
      }
    }
  }

  #complain(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#terminal.warn('demo', sentence(error));
  }

  async #simulate(files: string[]): Promise<void> {
    const missing = files.filter((file) => !existsSync(join(this.#settings.recordings, file)));
    if (missing.length === 0) return;
    this.#terminal.say(`Making ${missing.join(' and ')} …`);
    await mkdir(this.#settings.recordings, { recursive: true });
    const made = await Promise.allSettled(missing.map((file) => this.#simulateOne(file)));
    const failed = made.find((each) => each.status === 'rejected');
    if (!failed) return;
    await removePartial(this.#settings.recordings, missing);
    throw failed.reason;
  }

  /** Runs in a process of its own, because it keeps a core busy for seconds. */
  #simulateOne(file: string): Promise<void> {
    const program = join(root, 'bin', 'reprise.js');
    const out = join(this.#settings.recordings, file);
    const args = [program, 'simulate', ...simulations.get(file)!, '-o', out];
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, {
        stdio: ['ignore', 'ignore', 'pipe'],
        signal: this.#stop.signal,
      });
      let words = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
      child.once('error', (error) => (words = error.message));
      child.once('close', (code) => {
        if (code === 0) resolve();
        else reject(failure('simulation_failed', `The demo's ${file} could not be made: ${words.trim()}`));
      });
    });
  }

  async #create(request: ReplayRequest): Promise<void> {
    for (const untilMs = performance.now() + TAKEN_LIMIT_MS; ;) {
      try {
        return await this.#requester.ask('replayer', 'create', request, ANSWER_MS);
      } catch (error) {
        if (isProblem(error, 'replay_exists')) return;
        if (!isProblem(error, 'channel_owned') || performance.now() > untilMs) throw error;
        await sleep(RETRY_MS, undefined, { signal: this.#stop.signal });
      }
    }
  }

  async #plays(id: string | undefined): Promise<boolean> {
    const text = id === undefined ? null : await this.#redis.hget(keys.replays, id);
    return text !== null && ['playing', 'paused'].includes((JSON.parse(text) as Replay).state);
  }
}

/** Removes what a simulation that was cut short left of these files. */
async function removePartial(folder: string, files: string[]): Promise<void> {
  const stems = files.map((file) => file.replace(/ndjson$/, ''));
  const partial = (await readdir(folder)).filter(
    (name) => name.endsWith('.partial') && stems.some((stem) => name.startsWith(stem)),
  );
  await Promise.all(partial.map((name) => rm(join(folder, name), { force: true })));
}
