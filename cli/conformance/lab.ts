import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parsePosition, type CloudEvent, type Position } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import type { Route } from '../../core/wire/pipeline.ts';
import { callProtocol, duplicate, type Redis } from '../../core/redis/connection.ts';
import type { DeadLetter } from '../../schemas/types.ts';
import type { Program } from './program.ts';
import { isFinished, type Target } from './target.ts';

/** What is wrong with a service, and what to do about it. */
export class Fault extends Error {
  readonly hint: string;

  constructor(what: string, hint: string) {
    super(what);
    this.hint = hint;
  }
}

export interface LabOptions {
  /** A datum that the service can do. */
  data: object;
  /** Parameters that change what it makes of it; null: none are known. */
  params: { [name: string]: unknown } | null;
  /** A datum that it can't do; null: it is sent broken parameters instead. */
  bad: object | null;
  /** How many events go through it in the long checks. */
  events: number;
  /** How long something may take to happen at all. */
  patienceMs: number;
}

/** An event to send. */
export interface Probe {
  /** Channels that are the lab's own; see `channel`. */
  route: Route;
  data?: object;
  params?: string;
  traceparent?: string;
  time?: string;
  subject?: string;
}

/** An event as it stands in a log. */
export interface Entry {
  id: string;
  text: string;
  event: CloudEvent;
}

const LOOK_MS = 20;
const RETRY_MS = 50;

/** Sends events to a service along channels of its own, and sees what comes out. */
export class Lab {
  readonly redis: Redis;
  readonly target: Target;
  readonly options: LabOptions;
  /** How the service was started; null: somebody else did. */
  readonly program: Program | null;
  /** What comes of one event; known once the envelope was checked. */
  perEvent = 1;
  readonly #name = `conformance.${randomBytes(4).toString('hex')}`;
  readonly #subjects: string[] = [];
  readonly #heard = new Map<string, string[]>();
  readonly #ears: Redis;
  readonly #retries: NodeJS.Timeout;
  #channels = 0;

  constructor(redis: Redis, target: Target, program: Program | null, options: LabOptions) {
    this.redis = redis;
    this.target = target;
    this.program = program;
    this.options = options;
    this.#ears = duplicate(redis);
    this.#ears.on('message', (channel: string, message: string) => this.#heard.get(channel)?.push(message));
    this.#retries = setInterval(() => void callProtocol(redis, 'retry', []).catch(() => {}), RETRY_MS);
  }

  /** A channel that nobody else knows; what is published on it is heard. */
  async channel(): Promise<string> {
    const name = `${this.#name}.${++this.#channels}`;
    this.#heard.set(name, []);
    await this.#ears.subscribe(name);
    return name;
  }

  heard(channel: string): string[] {
    return this.#heard.get(channel) ?? [];
  }

  /** Sends an event about a subject of its own. */
  async send({ route, data = this.options.data, subject = this.subject(), ...rest }: Probe): Promise<Sent> {
    this.#subjects.push(subject);
    const members = { source: '/conformance', pipeline: 'conformance', route, ...rest };
    const { channel } = this.target;
    const args = [channel, subject, JSON.stringify(data), JSON.stringify(members)];
    const id = String(await callProtocol(this.redis, 'send', args));
    return { subject, id, position: parsePosition(id) };
  }

  subject(): string {
    return `${this.#name}-${this.#subjects.length + 1}`;
  }

  /** What stands in the log of a channel. */
  async log(channel: string, from = '-'): Promise<Entry[]> {
    const entries = await this.redis.xrange(keys.log(channel), from, '+');
    return entries.map(([id, fields]) => {
      const text = fields[1] ?? '';
      try {
        return { id, text, event: JSON.parse(text) as CloudEvent };
      } catch {
        throw new Fault(
          `Entry ${id} of ${channel} is no JSON: ${text.slice(0, 80)}`,
          'Write through reprise_done.',
        );
      }
    });
  }

  count(channel: string): Promise<number> {
    return this.redis.xlen(keys.log(channel));
  }

  /** Sends one event and waits until it is finished and something has come out of it on a channel. */
  async probe(channel: string, probe: Omit<Probe, 'route'> = {}): Promise<{ sent: Sent; out: Entry[] }> {
    const before = await this.count(channel);
    const sent = await this.send({ route: [channel], ...probe });
    await this.finished(sent);
    // Who acknowledges first and writes then is found out by the check `once`, not taken for one that writes nothing.
    await this.until(
      async () => (await this.count(channel)) > before,
      'It acknowledged an event, and nothing came out on the channel that the route names.',
      'Hand what is derived to reprise_done, which sends it along the route.',
    );
    return { sent, out: (await this.log(channel)).slice(before) };
  }

  /** Waits until the service has finished an event. */
  async finished(sent: Sent): Promise<void> {
    await this.until(
      () => isFinished(this.target, sent.position),
      `It did not finish an event on ${this.target.channel} within ${this.options.patienceMs / 1000} s.`,
      `Is it running? It reads reprise:log:${this.target.channel} in the group "${this.target.service}".`,
    );
  }

  /** Looks until something is so. @throws Fault when patience ends, or the program does */
  async until(check: () => Promise<unknown>, what: string, hint: string): Promise<void> {
    if (await this.comes(check)) return;
    const end = this.program?.end ?? null;
    if (end !== null)
      throw new Fault(`The command has ended. It said: ${end || 'nothing'}`, 'See why it ended.');
    throw new Fault(what, hint);
  }

  /** The same, answering whether it is so in time. */
  async comes(check: () => Promise<unknown>, patienceMs = this.options.patienceMs): Promise<boolean> {
    const until = performance.now() + patienceMs;
    for (;;) {
      if (await check()) return true;
      if (performance.now() > until || (this.program && this.program.end !== null)) return false;
      await delay(LOOK_MS);
    }
  }

  /** The dead letter of an event about a subject. */
  async deadLetter(subject: string): Promise<DeadLetter | null> {
    const entries = await this.redis.xrevrange(keys.deadLetters, '+', '-', 'COUNT', 200);
    for (const [id, fields] of entries) {
      const letter = JSON.parse(fields[1]!) as DeadLetter;
      if (letter.channel === this.target.channel && letter.content.includes(JSON.stringify(subject)))
        return { ...letter, id };
    }
    return null;
  }

  /** Takes away what it has written, as far as that is its own. */
  async close(): Promise<void> {
    clearInterval(this.#retries);
    this.#ears.disconnect();
    const pipeline = this.redis.pipeline();
    for (const channel of this.#heard.keys())
      pipeline
        .del(keys.log(channel), keys.state(channel), keys.head(channel), keys.consumers(channel))
        .srem(keys.channels, channel);
    if (this.#subjects.length > 0) pipeline.hdel(keys.state(this.target.channel), ...this.#subjects);
    await pipeline.exec();
    const own = (await this.redis.xrevrange(keys.deadLetters, '+', '-', 'COUNT', 200)).filter(([, fields]) =>
      fields[1]?.includes(this.#name),
    );
    if (own.length > 0) await this.redis.xdel(keys.deadLetters, ...own.map(([id]) => id));
  }
}

/** An event that was sent. */
export interface Sent {
  subject: string;
  id: string;
  position: Position;
}
