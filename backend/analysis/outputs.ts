import type { ChannelSpec } from '../../core/channels.ts';
import { Framer, type Position, type Record } from '../../core/event.ts';
import type { Redis } from '../../core/redis.ts';
import { readHead } from '../../core/store.ts';
import type { OutputBatch } from './checkpoint.ts';
import type { Output } from './engine/engine.ts';
import { MAIN_OUTPUT } from './service.ts';

/** What is derived from what is not new is not new either. */
const RESTORED = ',"restored":true';

export interface OutputsParts {
  redis: Redis;
  service: string;
  /** By the output's name; the main one is the service's own, the others it may share. */
  specs: ReadonlyMap<string, ChannelSpec>;
  /** Other partitions of the service write the main one too. */
  shared: boolean;
}

/** The channels that one service writes: where they stand, and what is derived as the events that come next there. */
export class Outputs {
  readonly #parts: OutputsParts;
  readonly #heads = new Map<string, Position>();
  readonly #framers = new Map<string, Framer>();

  constructor(parts: OutputsParts) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    const { redis, specs } = this.#parts;
    for (const { name } of specs.values()) this.#heads.set(name, await readHead(redis, name));
  }

  /** Redis stands elsewhere than believed. */
  correct(channel: string, head: Position): void {
    this.#heads.set(channel, head);
  }

  /** These are in Redis. */
  settle(batches: OutputBatch[]): void {
    for (const { spec, from, records } of batches)
      this.#heads.set(spec.name, { epoch: from.epoch, offset: from.offset + records.length });
  }

  /**
   * What was derived in an epoch of the input as one batch for each channel. `fresh`: it is the first of its epoch, and
   * opens a new one on the service's own channel, even with nothing to say.
   */
  batches(derived: Output[], epoch: number, fresh: boolean): OutputBatch[] {
    const byChannel = new Map<ChannelSpec, Output[]>();
    const main = this.#parts.specs.get(MAIN_OUTPUT)!;
    if (fresh) byChannel.set(main, []);
    for (const output of derived) {
      const spec = this.#parts.specs.get(output.to);
      if (!spec) throw new Error(`Service "${this.#parts.service}" has no output "${output.to}".`);
      const outputs = byChannel.get(spec);
      if (outputs) outputs.push(output);
      else byChannel.set(spec, [output]);
    }
    const sent = new Date().toISOString();
    return Array.from(byChannel, ([spec, outputs]) => {
      const head = this.#heads.get(spec.name)!;
      const from = this.#from(head, epoch, spec === main && fresh, spec !== main || this.#parts.shared);
      // Another partition has begun a newer epoch: what is derived in the one before is void.
      const kept = from.epoch > epoch && spec === main && this.#parts.shared ? [] : outputs;
      const records = kept.map(recordOf);
      const events = records.map((record, i) =>
        this.#framer(spec.name, kept[i]!.replay).frame(record, from.epoch, from.offset + 1 + i, sent),
      );
      return { spec, head, from, records, events };
    });
  }

  /** Where the next events go: the epoch of an output rises with that of the input. */
  #from(head: Position, epoch: number, fresh: boolean, shared: boolean): Position {
    if (shared) return head.epoch < epoch ? { epoch, offset: 0 } : head;
    // A service that begins anew voids what it derived before.
    if (fresh) return { epoch: Math.max(head.epoch + 1, epoch), offset: 0 };
    return head.epoch === 0 ? { epoch: 1, offset: 0 } : head;
  }

  /** What is derived from replayed data is marked as replayed too. */
  #framer(channel: string, replay: string | undefined): Framer {
    const key = `${channel} ${replay ?? ''}`;
    let framer = this.#framers.get(key);
    if (!framer) {
      framer = new Framer({ channel, source: `/services/${this.#parts.service}`, replay });
      this.#framers.set(key, framer);
    }
    return framer;
  }
}

function recordOf({ subject, timeMs, data, restored }: Output): Record {
  return { subject, timeMs, data: JSON.stringify(data), ...(restored && { extra: RESTORED }) };
}
