import { addDeadLetters } from '../../../../core/redis/dead-letters.ts';
import type { Redis } from '../../../../core/redis/connection.ts';
import { waitOut } from '../../../../core/redis/wait-out.ts';
import { extensionsOf, membersText } from '../../../../core/wire/attributes.ts';
import { BlockBuilder } from '../../../../core/wire/block.ts';
import type { ChannelSpec } from '../../../../core/wire/channels.ts';
import { dataTextOf } from '../../../../core/wire/framed-event.ts';
import { ChannelWriter } from '../../../../core/writing/writer.ts';
import type { Output, Results } from '../../engine/results.ts';
import { deadLettersOf, invalidEventLetter } from '../dead-letters.ts';

/** At most this many batches are on their way at once; what is derived meanwhile goes with the next. */
const BATCHES_AHEAD = 4;

/** What live outputs need. */
export interface LiveOutputsParts {
  redis: Redis;
  service: string;
  input: string;
  /** Output channels by name of the output. */
  specs: ReadonlyMap<string, ChannelSpec>;
  onError: (error: unknown) => void;
}

/** Writes what a live service derives. It does not wait for Redis before the next batch is derived. */
export class LiveOutputs {
  readonly #parts: LiveOutputsParts;
  readonly #builder = new BlockBuilder();
  /** By output and replay. */
  readonly #writers = new Map<string, ChannelWriter>();
  #ahead: Promise<unknown>[] = [];

  constructor(parts: LiveOutputsParts) {
    this.#parts = parts;
  }

  /** Writes outputs and dead letters. */
  send({ outputs, rejected, failed }: Pick<Results, 'outputs' | 'rejected' | 'failed'>): void {
    for (let from = 0, to; from < outputs.length; from = to) {
      const { to: name, replay, restored } = outputs[from]!;
      const isAlike = (other: Output) =>
        other.to === name && other.replay === replay && other.restored === restored;
      const extras = new Map<number, string>();
      for (to = from; to < outputs.length && isAlike(outputs[to]!); to++) {
        const { timeMs, subject, text, cause } = outputs[to]!;
        const extensions = text === null ? extensionsOf(cause!) : undefined;
        if (extensions) extras.set(to - from, membersText(extensions));
        this.#builder.add(timeMs, subject, text ?? dataTextOf(cause!));
      }
      const extra = restored ? ',"restored":true,"atmostonce":true' : ',"atmostonce":true';
      this.#track(
        this.#writer(name, replay).emit(this.#builder.take(), extra, extras.size > 0 ? extras : undefined),
      );
    }
    const { redis, input: channel, service } = this.#parts;
    const letters = deadLettersOf({ rejected, failed }, { channel, service });
    if (letters.length > 0) this.#track(waitOut(redis, () => addDeadLetters(redis, letters)));
  }

  /** Sends a line that is not a valid event to the dead letters. */
  reject(line: string): void {
    const { redis, input: channel, service } = this.#parts;
    const letter = invalidEventLetter(line, { channel, service });
    this.#track(waitOut(redis, () => addDeadLetters(redis, [letter])));
  }

  /** Waits while too much is on its way. */
  async waitForRoom(): Promise<void> {
    while (this.#ahead.length >= BATCHES_AHEAD) await this.#ahead.shift();
  }

  /** Waits until everything is written. @throws what went wrong with it */
  async written(): Promise<void> {
    await Promise.all(this.#ahead.splice(0));
  }

  /** Waits until everything is written or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#ahead.splice(0));
  }

  /** The outputs begin a new epoch. */
  beginEpoch(): void {
    this.#writers.clear();
  }

  #track(write: Promise<unknown>): void {
    write.catch(this.#parts.onError);
    this.#ahead.push(write);
  }

  #writer(output: string, replay: string | undefined): ChannelWriter {
    const key = `${output} ${replay ?? ''}`;
    let writer = this.#writers.get(key);
    if (!writer) {
      const { redis, service, specs } = this.#parts;
      const source = `/services/${service}`;
      writer = new ChannelWriter(redis, specs.get(output)!, {
        source,
        ...(replay !== undefined && { replay }),
      });
      this.#writers.set(key, writer);
    }
    return writer;
  }
}
