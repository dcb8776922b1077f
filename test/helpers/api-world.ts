import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { channelSpec } from '../../core/wire/channels.ts';
import { loadSettings, type Settings } from '../../core/settings/settings.ts';
import type { TimedRecord } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { beginEpoch } from '../../core/writing/lease.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import type { Batch, Gap, Problem, Subscribe, Subscribed } from '../../schemas/types.ts';
import { startRedis, type TestRedis } from './redis.ts';

/**
 * The API, loaded as its own process loads it. Mocha requires test files, so that tsx turns their static imports into
 * CommonJS. The API itself imports files that it finds in folders. With a static import here, modules would exist twice.
 */
const { serve } = (await import(
  new URL('../../backend/api/main.ts', import.meta.url).href
)) as typeof import('../../backend/api/main.ts');

/** A real API on a real Redis, with methods to talk to both. */
export class ApiWorld {
  readonly server: TestRedis;
  readonly redis: Redis;
  readonly settings: Settings;
  readonly folder: string;
  url = '';
  #api: { close(): Promise<void> } | null = null;
  #sockets: Socket[] = [];

  private constructor(server: TestRedis, redis: Redis, settings: Settings, folder: string) {
    this.server = server;
    this.redis = redis;
    this.settings = settings;
    this.folder = folder;
  }

  static async start(overrides: Partial<Settings> = {}): Promise<ApiWorld> {
    const server = await startRedis();
    const folder = mkdtempSync(join(tmpdir(), 'reprise-api-'));
    const settings = {
      ...loadSettings({ redisUrl: server.url, port: 0, data: folder, logLevel: 'silent' }, {}),
      ...overrides,
    };
    const world = new ApiWorld(server, await connect(server.url, 'test'), settings, folder);
    await world.startApi();
    return world;
  }

  async startApi(): Promise<void> {
    const api = await serve(this.settings);
    this.#api = api;
    this.url = api.url;
  }

  /** Starts one more API on the same Redis. */
  anotherApi(): Promise<{ url: string; close(): Promise<void> }> {
    return serve(this.settings);
  }

  async stopApi(): Promise<void> {
    await this.#api?.close();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.disconnect();
    await this.stopApi();
    this.redis.disconnect();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Calls the API. Returns status, headers and body; the body is parsed if it is JSON. Asserts that a problem is documented. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const json =
      options.body !== undefined &&
      typeof options.body !== 'string' &&
      !(options.body instanceof FormData) &&
      !(options.body instanceof Uint8Array);
    const response = await fetch((options.url ?? this.url) + path, {
      method,
      headers: { ...(json && { 'content-type': 'application/json' }), ...options.headers },
      body: json
        ? JSON.stringify(options.body)
        : (options.body as NonNullable<RequestInit['body']> | undefined),
    });
    const text = await response.text();
    let body: unknown = text;
    try {
      body = JSON.parse(text);
    } catch {
      // Not JSON: the text itself.
    }
    if (text && response.headers.get('content-type')?.startsWith('application/problem+json')) {
      assert.equal((body as Problem).status, response.status, text);
      await this.checkProblem(body as Problem);
    }
    return { status: response.status, headers: response.headers, text, body: body as Answer['body'] };
  }

  /** Asserts that a problem document points to its description on `/docs/problems`, and has the status stated there. */
  async checkProblem({ type, code, status }: Problem): Promise<void> {
    this.#documented ??= await documentedStatuses(this.url);
    if (PLUGIN_CODES.includes(code)) return assert.equal(type, '/docs/problems#other');
    assert.equal(type, `/docs/problems#${code}`);
    assert.equal(status, this.#documented.get(code), code);
  }
  #documented: Map<string, number> | null = null;

  get(path: string, headers: { [name: string]: string } = {}): Promise<Answer> {
    return this.call('GET', `/api/v1${path}`, { headers });
  }

  post(path: string, body: unknown, headers: { [name: string]: string } = {}): Promise<Answer> {
    return this.call('POST', `/api/v1${path}`, { body, headers });
  }

  /** A writer that continues from the state in Redis, as that of a service does. The first epoch of the channel is 1. */
  writer(channel: string): ChannelWriter {
    void this.redis.hsetnx(keys.head(channel), 'epoch', 1);
    return new ChannelWriter(this.redis, channelSpec(channel, this.settings.channels), { source: '/test' });
  }

  /** Opens a new epoch on a channel, as a replay's start or seek does. */
  async newEpoch(channel: string): Promise<number> {
    return beginEpoch(this.redis, [channel], { token: 'test test', lifeMs: 1 });
  }

  /** Connects a client to /live of this API, or of another one with this `url`. */
  async client(auth: object = {}, url = this.url): Promise<Client> {
    const socket = io(`${url}/live`, {
      transports: ['websocket'],
      forceNew: true,
      auth,
      reconnectionDelay: 100,
      reconnectionDelayMax: 100,
    });
    this.#sockets.push(socket);
    const client = new Client(socket, (problem) => this.checkProblem(problem));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    }).catch(async (error: Error & { data?: Problem }) => {
      if (error.data) await this.checkProblem(error.data);
      throw error;
    });
    return client;
  }
}

export interface CallOptions {
  body?: unknown;
  headers?: { [name: string]: string };
  /** The address of another API than that of the world. */
  url?: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Each test asserts the members that it expects.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** A client that keeps what it is sent, in order. Credits every batch unless `credits` is false. */
export class Client {
  readonly socket: Socket;
  readonly batches: Batch[] = [];
  readonly gaps: Gap[] = [];
  /** The latest message of each kind. */
  readonly latest: { [event: string]: unknown } = {};
  credits = true;

  readonly #check: (problem: Problem) => Promise<void>;

  constructor(socket: Socket, check: (problem: Problem) => Promise<void>) {
    this.socket = socket;
    this.#check = check;
    socket.onAny((event: string, message: unknown) => (this.latest[event] = message));
    socket.on('batch', (batch: Batch) => {
      this.batches.push(batch);
      if (this.credits)
        socket.emit('credit', { channel: batch.channel, epoch: batch.epoch, offset: batch.to });
    });
    socket.on('gap', (gap: Gap) => this.gaps.push(gap));
  }

  get events() {
    return this.batches.flatMap(({ events }) => events);
  }

  /** Position of the last event received, as `epoch-offset`; empty before the first. */
  get at(): string {
    const last = this.batches.at(-1);
    return last ? `${last.epoch}-${last.to}` : '';
  }

  async subscribe(options: Subscribe): Promise<Subscribed> {
    const answer = (await this.ask('subscribe', options)) as Subscribed & { error?: Problem };
    if (answer.error) throw Object.assign(new Error(answer.error.code), { problem: answer.error });
    return answer;
  }

  async ask(event: string, message: unknown): Promise<unknown> {
    const answer = (await this.socket.timeout(10_000).emitWithAck(event, message)) as { error?: Problem };
    // The `error` of a replay's document is a sentence, not a problem.
    if (typeof answer.error === 'object' && answer.error) await this.#check(answer.error);
    return answer;
  }
}

/** Problem codes of the plugins that tests load. */
const PLUGIN_CODES = ['nothing_yet'];

/** The codes that `/docs/problems` describes, each with its status. */
async function documentedStatuses(url: string): Promise<Map<string, number>> {
  const page = await (await fetch(`${url}/docs/problems`)).text();
  assert.match(page, /id="other"/);
  const rows = page.matchAll(/<tr id="(\w+)"><td><code>\1<\/code><\/td><td>(\d+)<\/td>/g);
  return new Map([...rows].map(([, code, status]) => [code!, Number(status)]));
}

let clock = Date.parse('2020-01-01T00:00:00Z');

/** Records that are one second apart, take `subjects` in turn and are numbered from 0. Times continue from call to call. */
export function records(
  count: number,
  subjects: string[] = ['a', 'b', 'c'],
  data: (n: number) => object = (n) => ({ latitude: 1, longitude: 2, n }),
): TimedRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    timeMs: (clock += 1_000),
    subject: subjects[i % subjects.length]!,
    data: JSON.stringify(data(i)),
  }));
}
