import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, type Settings } from '../core/config.ts';
import { asRepriseError, failure, sentence } from '../core/errors.ts';
import { keys } from '../core/keys.ts';
import type { Redis } from '../core/redis.ts';
import { Requester } from '../core/requests.ts';
import type { Replay, ReplayPatch, ReplayRequest } from '../schemas/types.ts';
import type { Supervisor } from './supervisor.ts';
import type { Terminal } from './terminal.ts';

/** The recordings that can be made here: file name -> kind of simulation. */
const simulations = new Map([
  ['fleet.ndjson', 'fleet'],
  ['posts.ndjson', 'posts'],
  ['earthquakes.ndjson', 'quakes'],
]);

const ANSWER_MS = 30_000;
const RETRY_MS = 250;
/** A replayer that was killed holds its channels for some seconds more. */
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

  /** Plays as soon as the replayer serves, and after each of its restarts. */
  run(supervisor: Supervisor): void {
    const perform = async () => {
      await Promise.all([this.#record(), supervisor.serving('replayer', this.#stop.signal)]);
      await this.#play(false);
      supervisor.on('ready', (role) => void (role === 'replayer' && this.#play(true)));
      // The page offers these, too.
      await this.#simulate([...simulations.keys()]);
    };
    this.#performing = perform().catch((error: unknown) => this.#complain(error));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#requester.close();
    await this.#performing;
  }

  /** Makes the recordings of the demo that are not there yet; they are kept. @throws failure `simulation_failed` */
  async #record(): Promise<void> {
    const wanted = this.#settings.demo.flatMap(({ recordings }) =>
      recordings.map((recording) => (typeof recording === 'string' ? recording : recording.id)),
    );
    await this.#simulate([...simulations.keys()].filter((file) => wanted.includes(file)));
  }

  /** Plays; `again` after the replayer died: each goes on where it was, and what was removed stays so. */
  async #play(again: boolean): Promise<void> {
    for (const request of this.#settings.demo) {
      try {
        const before = request.id ? await this.#document(request.id) : null;
        if (again && !before) continue;
        const created = await this.#create(request);
        if (created && again && before) await this.#continue(before);
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

  /** In a process of its own: it keeps a core busy for seconds. */
  #simulateOne(file: string): Promise<void> {
    const program = join(root, 'bin', 'reprise.js');
    const args = [program, 'simulate', simulations.get(file)!, '-o', join(this.#settings.recordings, file)];
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

  /** Answers false where the replay is there already: it goes on as it is. */
  async #create(request: ReplayRequest): Promise<boolean> {
    for (const untilMs = performance.now() + TAKEN_LIMIT_MS; ;) {
      try {
        await this.#requester.ask('replayer', 'create', request, ANSWER_MS);
        return true;
      } catch (error) {
        const { code } = asRepriseError(error);
        if (code === 'replay_exists') return false;
        if (code !== 'channel_owned' || performance.now() > untilMs) throw error;
        await sleep(RETRY_MS, undefined, { signal: this.#stop.signal });
      }
    }
  }

  async #continue({ id, position, rate, state }: Replay): Promise<void> {
    const patch: ReplayPatch = { position, rate, ...(state === 'paused' && { state }) };
    await this.#requester.ask('replayer', 'patch', { id, patch });
  }

  async #document(id: string): Promise<Replay | null> {
    const text = await this.#redis.hget(keys.replays, id);
    return text === null ? null : (JSON.parse(text) as Replay);
  }
}

/** What a simulation that was cut short left of these files. */
async function removePartial(folder: string, files: string[]): Promise<void> {
  const stems = files.map((file) => file.replace(/ndjson$/, ''));
  const partial = (await readdir(folder)).filter(
    (name) => name.endsWith('.partial') && stems.some((stem) => name.startsWith(stem)),
  );
  await Promise.all(partial.map((name) => rm(join(folder, name), { force: true })));
}
