import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BlockBuilder } from '../../core/block.ts';
import type { Event, Position } from '../../core/event.ts';
import { addDeadLetters } from '../../core/store.ts';
import { Wiretap } from '../../core/wiretap.ts';
import { ChannelWriter } from '../../core/writer.ts';
import { commit, hold, readCheckpoint, readStanding } from './checkpoint.ts';
import { Engine, type Output } from './engine/engine.ts';
import { Outputs } from './outputs.ts';
import { HOLD_MS, SIGN_MS, STANDBY_LOOK_MS, type RunnerParts } from './runner.ts';

const IDLE_LOOK_MS = 250;
/** So many batches on their way at once; what is derived meanwhile goes with the next. */
const BATCHES_AHEAD = 4;
const BATCH_MAX = 512;

/**
 * Runs a service on what is published, for the lowest latency: nothing is read from a log, and nothing is kept. What is
 * published while it is away it never sees, so all that it derives says `atmostonce`.
 */
export class LiveRunner {
  readonly name: string;
  readonly #parts: RunnerParts;
  readonly #token = randomUUID();
  readonly #engine: Engine;
  readonly #outputs: Outputs;
  readonly #builder = new BlockBuilder();
  /** By output channel and replay. */
  readonly #writers = new Map<string, ChannelWriter>();
  #position: Position | null = null;
  #waiting: string[] = [];
  #draining: Promise<void> | null = null;
  #lost = 0;
  #closed = false;
  #stop: () => void = () => {};

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.#engine = new Engine(parts.service);
    this.#outputs = new Outputs({
      redis: parts.redis,
      service: parts.name,
      specs: parts.outputs,
      shared: false,
    });
  }

  /** Input events that it did not hear. */
  get lost(): number {
    return this.#lost;
  }

  get position(): Position | null {
    return this.#position;
  }

  /** Runs until closed. */
  async run(): Promise<void> {
    const { redis, input } = this.#parts;
    while (!this.#closed && !(await hold(redis, this.name, this.#token, HOLD_MS)))
      await delay(STANDBY_LOOK_MS);
    if (this.#closed) return;
    const signs = setInterval(
      () => void hold(redis, this.name, this.#token, HOLD_MS).catch(() => {}),
      SIGN_MS,
    );
    const looks = setInterval(() => void this.#idle().catch(() => {}), IDLE_LOOK_MS);
    const tap = await Wiretap.start(redis, [input], (_channel, message) => this.#hear(message.toString()));
    this.#position ??= { epoch: 0, offset: 0 };
    try {
      await new Promise<void>((resolve) => (this.#stop = resolve));
      await this.#draining;
    } finally {
      clearInterval(signs);
      clearInterval(looks);
      tap.close();
      await hold(redis, this.name, this.#token, 0).catch(() => {});
    }
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #hear(line: string): void {
    this.#waiting.push(line);
    this.#draining ??= this.#drain().finally(() => (this.#draining = null));
  }

  async #drain(): Promise<void> {
    this.#position ??= { epoch: 0, offset: 0 };
    // Events that come in together go out together.
    await new Promise((resolve) => setImmediate(resolve));
    const ahead: Promise<unknown>[] = [];
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0, BATCH_MAX);
      for (const line of lines) {
        const event = JSON.parse(line) as Event;
        if (event.epoch > this.#position.epoch) {
          await this.#flush();
          await this.#beginEpoch(event.epoch);
        } else if (event.epoch < this.#position.epoch) continue;
        this.#lost += Math.max(0, event.offset - this.#position.offset - 1);
        this.#position.offset = event.offset;
        this.#engine.take(event);
      }
      ahead.push(this.#flush());
      if (ahead.length >= BATCHES_AHEAD) await ahead.shift();
    }
    await Promise.all(ahead);
  }

  /** A new epoch of the input is one of the output. */
  async #beginEpoch(epoch: number): Promise<void> {
    const { redis, name } = this.#parts;
    this.#engine.begin();
    this.#position = { epoch, offset: 0 };
    for (;;) {
      await this.#outputs.load();
      const batches = this.#outputs.batches([], epoch, true);
      const last = (await readCheckpoint(redis, name)).commit;
      const work = { service: name, last, commit: randomUUID(), attachedUntilMs: 0, forget: true };
      const result = await commit(redis, {
        ...work,
        inputs: [],
        entries: new Map(),
        letters: [],
        outputs: batches,
      });
      if (!result.done) continue;
      this.#writers.clear();
      return;
    }
  }

  async #idle(): Promise<void> {
    if (this.#draining || !this.#engine.waits) return;
    const { epoch, offset } = this.#position!;
    const { watermarkMs, endOffset } = await readStanding(this.#parts.redis, this.#parts.input, epoch);
    if (this.#draining || this.#position!.offset !== offset) return;
    if (endOffset === offset) this.#engine.end();
    else if (watermarkMs !== null) this.#engine.advance(watermarkMs);
    await this.#flush();
  }

  /** Sends what was derived. */
  async #flush(): Promise<void> {
    const { outputs, rejected } = this.#engine.drainOutputs();
    const sent: Promise<unknown>[] = [];
    for (let from = 0, to; from < outputs.length; from = to) {
      const { to: output, replay, restored } = outputs[from]!;
      const alike = (other: Output) =>
        other.to === output && other.replay === replay && other.restored === restored;
      for (to = from; to < outputs.length && alike(outputs[to]!); to++) {
        const { timeMs, subject, data } = outputs[to]!;
        this.#builder.add(timeMs, subject, JSON.stringify(data));
      }
      const extra = restored ? ',"restored":true,"atmostonce":true' : ',"atmostonce":true';
      sent.push(this.#writer(output, replay).emit(this.#builder.take(), extra));
    }
    if (rejected.length > 0) {
      const letters = rejected.map(({ event, reason }) => ({
        channel: this.#parts.input,
        source: `/services/${this.name}`,
        reason,
        content: JSON.stringify(event),
      }));
      sent.push(addDeadLetters(this.#parts.redis, letters));
    }
    await Promise.all(sent);
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
