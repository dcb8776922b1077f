import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BlockBuilder } from '../../../core/wire/block.ts';
import { isPassing, sentence } from '../../../core/problems/errors.ts';
import type { CloudEvent, Position } from '../../../core/wire/event.ts';
import { dataTextOf } from '../../../core/wire/framed-event.ts';
import { addDeadLetters } from '../../../core/redis/channel-store.ts';
import { Wiretap } from '../../../core/redis/wiretap.ts';
import { ChannelWriter } from '../../../core/writing/writer.ts';
import { commit, readCheckpoint, readProgress } from './checkpoint.ts';
import { Engine, type Output } from '../engine/engine.ts';
import { ServiceLease } from './service-lease.ts';
import { parseEvent } from './parse-event.ts';
import { deadLettersOf, invalidEventLetter } from './dead-letters.ts';
import { Outputs } from './outputs.ts';
import { TelemetrySender } from './telemetry-sender.ts';
import {
  IDLE_LOOK_MS,
  LIVE_IDLE_MS,
  RETRY_MS,
  SIGN_MS,
  STANDBY_LOOK_MS,
  type RunnerParts,
} from './runner.ts';

/** So many batches on their way at once; what is derived meanwhile goes with the next. */
const BATCHES_AHEAD = 4;
const BATCH_MAX = 512;

/**
 * Runs a service on what is published, for the lowest latency: nothing is read from a log, and nothing is kept. What is
 * published while it is away it never sees, so all that it derives says `atmostonce`. It is never divided: one process
 * runs it, and the others stand by.
 */
export class LiveRunner {
  readonly name: string;
  readonly #parts: RunnerParts;
  readonly #holder: ServiceLease;
  readonly #engine: Engine;
  readonly #outputs: Outputs;
  readonly #voice: TelemetrySender;
  readonly #builder = new BlockBuilder();
  /** By output channel and replay. */
  readonly #writers = new Map<string, ChannelWriter>();
  /** The last event heard; epoch 0 before the first. */
  #position: Position = { epoch: 0, offset: 0 };
  #isOn = false;
  /** It has just been started, and knows nothing of the epoch under way. */
  #fresh = true;
  /** The last epoch whose end those who read the output know of. */
  #toldEpoch = 0;
  #waiting: string[] = [];
  #draining: Promise<void> | null = null;
  #ahead: Promise<unknown>[] = [];
  #heardAt = performance.now();
  /** The offset it was found to be behind at; see `#idle`. */
  #behindAt: number | null = null;
  #lost = 0;
  #closed = false;
  #stop: (error?: unknown) => void = () => {};

  constructor(parts: RunnerParts) {
    const { redis, name, service, outputs: specs } = parts;
    this.#parts = parts;
    this.name = name;
    this.#holder = new ServiceLease(redis, name, { isHasty: false });
    this.#engine = new Engine(service, { logLevel: parts.log.level });
    this.#voice = new TelemetrySender({ ...parts, service: name });
    this.#outputs = new Outputs({
      redis,
      service: name,
      specs,
      fellows: null,
      partition: null,
      specOf: parts.specOf,
      enters: null,
    });
  }

  /** Input events that it did not hear. */
  get lost(): number {
    return this.#lost;
  }

  /** The last event heard; null while it stands by. */
  get position(): Position | null {
    return this.#isOn ? this.#position : null;
  }

  /** Runs until closed. @throws what is wrong with the service, or with Redis and will not pass */
  async run(): Promise<void> {
    const { log } = this.#parts;
    try {
      while (!this.#closed) {
        try {
          if (await this.#holder.take()) await this.#runOnce();
          else await delay(STANDBY_LOOK_MS);
        } catch (error) {
          if (!isPassing(error)) throw error;
          log.warn({ service: this.name }, `starting over: ${sentence(error)}`);
          await delay(RETRY_MS);
        }
      }
    } finally {
      await this.#holder.release().catch(() => {});
      await this.#voice.close();
    }
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  /** Until it is closed, fails, or loses the right to run. */
  async #runOnce(): Promise<void> {
    const { redis, input } = this.#parts;
    this.#fresh = true;
    const stopped = new Promise<void>((resolve, reject) => {
      this.#stop = (error) => (error instanceof Error ? reject(error) : resolve());
    });
    const signs = setInterval(() => void this.#mayGoOn(true).catch(() => {}), SIGN_MS);
    const looks = setInterval(() => void this.#idle().catch(this.#stop), IDLE_LOOK_MS);
    const tap = await Wiretap.start(redis, [input], (_channel, message) => this.#hear(message.toString()));
    this.#isOn = true;
    if (this.#closed) this.#stop();
    try {
      await stopped;
    } finally {
      clearInterval(signs);
      clearInterval(looks);
      tap.close();
      await this.#draining;
      await Promise.allSettled(this.#ahead.splice(0));
      this.#waiting = [];
      this.#isOn = false;
    }
  }

  /** Whether no other process runs the service. One that slept may be the second: what it derives would be said twice. */
  async #mayGoOn(asks = false): Promise<boolean> {
    if (this.#holder.isSure && !asks) return true;
    if (await this.#holder.take()) return true;
    this.#stop();
    return false;
  }

  #hear(line: string): void {
    this.#waiting.push(line);
    this.#heardAt = performance.now();
    this.#draining ??= this.#drain()
      .catch((error: unknown) => this.#stop(error))
      .finally(() => (this.#draining = null));
  }

  async #drain(): Promise<void> {
    // Events that come in together go out together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      if (!(await this.#mayGoOn())) return;
      for (const line of this.#waiting.splice(0, BATCH_MAX)) {
        const event = parseEvent(line);
        if (event === null) this.#refuse(line);
        else {
          if (event.epoch > this.#position.epoch || this.#fresh) await this.#beginEpoch(event.epoch);
          this.#take(event);
        }
      }
      this.#flush();
      while (this.#ahead.length >= BATCHES_AHEAD) await this.#ahead.shift();
    }
  }

  #take(event: CloudEvent): void {
    const { epoch, offset } = this.#position;
    if (event.epoch < epoch || event.offset <= offset) return;
    this.#lost += event.offset - offset - 1;
    this.#position.offset = event.offset;
    this.#engine.take(event);
  }

  /** A new epoch of the input is one of the output; so is what is derived with no knowledge of what was before. */
  async #beginEpoch(epoch: number): Promise<void> {
    const { redis, name } = this.#parts;
    if (!this.#fresh) await this.#leaveEpoch();
    this.#engine.drainOutputs();
    this.#engine.begin();
    this.#fresh = false;
    if (epoch > this.#position.epoch) this.#position = { epoch, offset: 0 };
    for (;;) {
      await this.#outputs.load();
      const result = await commit(redis, {
        ...{ service: name, last: (await readCheckpoint(redis, name)).commit, commit: randomUUID() },
        ...{ attachedUntilMs: 0, waits: false, forget: true, inputs: [], entries: new Map(), letters: [] },
        ...{ retries: [], hops: [] },
        outputs: this.#outputs.batches([], this.#position.epoch, true),
      });
      if (result.done) break;
    }
    this.#writers.clear();
  }

  /** What was heard to its end is brought to its end. */
  async #leaveEpoch(): Promise<void> {
    const { epoch, offset } = this.#position;
    const { endOffset } = await readProgress(this.#parts.redis, this.#parts.input, epoch);
    if (endOffset !== null) this.#lost += Math.max(0, endOffset - offset);
    if (endOffset === offset) await this.#end();
    this.#flush();
    await Promise.all(this.#ahead.splice(0));
  }

  async #end(): Promise<void> {
    const { epoch } = this.#position;
    if (this.#toldEpoch === epoch) return;
    this.#engine.end();
    this.#flush();
    await Promise.all(this.#ahead.splice(0));
    await this.#outputs.load();
    await this.#outputs.markOver();
    this.#toldEpoch = epoch;
  }

  /** Nothing comes in: lets time pass where it is known that it does. */
  async #idle(): Promise<void> {
    const { epoch, offset } = this.#position;
    if (this.#draining || this.#fresh || (!this.#engine.waits && this.#toldEpoch === epoch)) return;
    const { head, watermarkMs, endOffset } = await readProgress(this.#parts.redis, this.#parts.input, epoch);
    if (this.#draining || this.#position.offset !== offset || head.epoch !== epoch) return;
    if (head.offset > offset) {
      // What is on its way yet is here by the next look; the rest never comes.
      if (this.#behindAt === offset) {
        this.#lost += head.offset - offset;
        this.#position.offset = head.offset;
      } else this.#behindAt = offset;
      return;
    }
    if (!(await this.#mayGoOn())) return;
    if (endOffset === offset) return this.#end();
    if (watermarkMs !== null) this.#engine.advance(watermarkMs);
    else if (this.#engine.isLive) {
      const silentMs = performance.now() - this.#heardAt;
      if (silentMs > LIVE_IDLE_MS) this.#engine.advance(this.#engine.lastWatermarkMs + silentMs);
    }
    this.#flush();
  }

  /** Sends what was derived. */
  #flush(): void {
    const { outputs, told, ...refused } = this.#engine.drainOutputs();
    this.#voice.tell(told);
    for (let from = 0, to; from < outputs.length; from = to) {
      const { to: output, replay, restored } = outputs[from]!;
      const alike = (other: Output) =>
        other.to === output && other.replay === replay && other.restored === restored;
      for (to = from; to < outputs.length && alike(outputs[to]!); to++) {
        const { timeMs, subject, data, cause } = outputs[to]!;
        this.#builder.add(timeMs, subject, data ? JSON.stringify(data) : dataTextOf(cause!));
      }
      const extra = restored ? ',"restored":true,"atmostonce":true' : ',"atmostonce":true';
      this.#send(this.#writer(output, replay).emit(this.#builder.take(), extra));
    }
    const letters = deadLettersOf(refused, { channel: this.#parts.input, service: this.name });
    if (letters.length > 0) this.#send(addDeadLetters(this.#parts.redis, letters));
  }

  /** Anybody can publish anything. */
  #refuse(line: string): void {
    const of = { channel: this.#parts.input, service: this.name };
    this.#send(addDeadLetters(this.#parts.redis, [invalidEventLetter(line, of)]));
  }

  #send(sent: Promise<unknown>): void {
    sent.catch((error: unknown) => this.#stop(error));
    this.#ahead.push(sent);
  }

  #writer(output: string, replay: string | undefined): ChannelWriter {
    const key = `${output} ${replay ?? ''}`;
    let writer = this.#writers.get(key);
    if (!writer) {
      const options = { source: `/services/${this.name}`, ...(replay !== undefined && { replay }) };
      writer = new ChannelWriter(this.#parts.redis, this.#parts.outputs.get(output)!, options);
      this.#writers.set(key, writer);
    }
    return writer;
  }
}
