import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parsePosition, type CloudEvent, type Position } from '../../../core/wire/event.ts';
import { channelOfName, keys } from '../../../core/wire/keys.ts';
import type { Route } from '../../../core/wire/pipeline.ts';
import { callProtocol, duplicate, type Redis } from '../../../core/redis/connection.ts';
import type { DeadLetter } from '../../../schemas/types.ts';
import type { ServiceProcess } from './service-process.ts';
import { isFinished, type Target } from './target.ts';

/** What is wrong with a service, and what to do about it. */
export class Fault extends Error {
  readonly hint: string;

  constructor(what: string, hint: string) {
    super(what);
    this.hint = hint;
  }
}

export interface HarnessOptions {
  /** Data that the service can process. */
  data: object;
  /** Parameters that change what it derives from `data`; null: none are known. */
  params: { [name: string]: unknown } | null;
  /** Data that it can't process; null: broken parameters are sent instead. */
  bad: object | null;
  /** How many events go through it in the long checks. */
  events: number;
  /** How long anything may take to happen. */
  patienceMs: number;
}

/** An event to send. */
export interface Probe {
  /** Channels of the harness's own; see `channel`. */
  route: Route;
  data?: object;
  params?: string;
  traceparent?: string;
  time?: string;
  subject?: string;
}

/** An event in a log. */
export interface LogEntry {
  id: string;
  text: string;
  event: CloudEvent;
}

const LOOK_MS = 20;
const RETRY_MS = 50;

/** Sends events to a service along channels of its own, and sees what comes out. */
export class Harness {
  readonly redis: Redis;
  readonly target: Target;
  readonly options: HarnessOptions;
  /** The service's process; null: somebody else started it. */
  readonly program: ServiceProcess | null;
  /** How many results one event gives; known once the envelope was checked. */
  perEvent = 1;
  readonly #name = `conformance.${randomBytes(4).toString('hex')}`;
  readonly #subjects: string[] = [];
  readonly #heard = new Map<string, string[]>();
  readonly #ears: Redis;
  readonly #retries: NodeJS.Timeout;
  #channels = 0;

  constructor(redis: Redis, target: Target, program: ServiceProcess | null, options: HarnessOptions) {
    this.redis = redis;
    this.target = target;
    this.program = program;
    this.options = options;
    this.#ears = duplicate(redis);
    this.#ears.on('message', (name: string, message: string) =>
      this.#heard.get(channelOfName(name) ?? '')?.push(message),
    );
    this.#retries = setInterval(() => void callProtocol(redis, 'retry', []).catch(() => {}), RETRY_MS);
  }

  /** A channel that nobody else knows. The harness hears what is published on it. */
  async channel(): Promise<string> {
    const name = `${this.#name}.${++this.#channels}`;
    this.#heard.set(name, []);
    await this.#ears.subscribe(keys.messages(name));
    return name;
  }

  heard(channel: string): string[] {
    return this.#heard.get(channel) ?? [];
  }

  /** Sends an event about a subject of its own. */
  async send({
    route,
    data = this.options.data,
    subject = this.subject(),
    ...rest
  }: Probe): Promise<SentEvent> {
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

  /** The events in the log of a channel. */
  async log(channel: string, from = '-'): Promise<LogEntry[]> {
    const entries = await this.redis.xrange(keys.log(channel), from, '+');
    return entries.map(([id, fields]) => {
      const text = fields[1] ?? '';
      try {
        return { id, text, event: JSON.parse(text) as CloudEvent };
      } catch {
        throw new Fault(
          `Entry ${id} of ${channel} is not JSON: ${text.slice(0, 80)}`,
          'Write through reprise_done.',
        );
      }
    });
  }

  count(channel: string): Promise<number> {
    return this.redis.xlen(keys.log(channel));
  }

  /** Sends one event and waits until it is finished and something has come out of it on a channel. */
  async probe(
    channel: string,
    probe: Omit<Probe, 'route'> = {},
  ): Promise<{ sent: SentEvent; out: LogEntry[] }> {
    const before = await this.count(channel);
    const sent = await this.send({ route: [channel], ...probe });
    await this.finished(sent);
    // A service that acknowledges first and writes later writes all the same; the check `once` finds it out.
    await this.until(
      async () => (await this.count(channel)) > before,
      'It acknowledged an event, and nothing came out on the channel that the route names.',
      'Give the results to reprise_done, which sends them along the route.',
    );
    return { sent, out: (await this.log(channel)).slice(before) };
  }

  /** Waits until the service has finished an event. */
  async finished(sent: SentEvent): Promise<void> {
    await this.until(
      () => isFinished(this.target, sent.position),
      `It did not finish an event on ${this.target.channel} within ${this.options.patienceMs / 1000} s.`,
      `Is it running? It reads ${keys.log(this.target.channel)} in the group "${this.target.service}".`,
    );
  }

  /** Waits until the check answers something true. @throws Fault when patience or the process ends */
  async until(check: () => Promise<unknown>, what: string, hint: string): Promise<void> {
    if (await this.comes(check)) return;
    const end = this.program?.end ?? null;
    if (end !== null)
      throw new Fault(`The command has ended. It said: ${end || 'nothing'}`, 'See why it ended.');
    throw new Fault(what, hint);
  }

  /** The same; answers whether it is so in time. */
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

  /** The reason of the latest dead letter that the service made of an event of the harness; null if there is none. */
  async lastReason(): Promise<string | null> {
    const entries = await this.redis.xrevrange(keys.deadLetters, '+', '-', 'COUNT', 200);
    const letters = entries.map(([, fields]) => JSON.parse(fields[1]!) as DeadLetter);
    const own = letters.find(
      ({ source, content }) =>
        source === `/services/${this.target.service}` && content.includes(`"${this.#name}-`),
    );
    return own?.reason ?? null;
  }

  /** Removes what the harness has written. */
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
export interface SentEvent {
  subject: string;
  id: string;
  position: Position;
}
