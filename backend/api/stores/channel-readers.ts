import { comparePositions, parsePosition, type Position } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { planPipeline } from '../../../core/wire/pipeline.ts';
import { services } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Setups } from './setups.ts';
import type { ReadersOf } from './trace-summary.ts';

/** A service that reads a channel, and its position; null: it has not read anything yet. */
interface ChannelReader {
  service: string;
  position: Position | null;
}

/** Knows which services read which channel, and how far they are. */
export class ChannelReaders {
  readonly #redis: Redis;
  readonly #setups: Setups;

  constructor(redis: Redis, setups: Setups) {
    this.#redis = redis;
    this.#setups = setups;
  }

  /** A function that tells which services have not read an event yet, stopped ones included. It reads each channel once. */
  look(): ReadersOf {
    let planned: Promise<Map<string, Set<string>>> | null = null;
    const byChannel = new Map<string, Promise<ChannelReader[]>>();
    return async (event) => {
      const [, channel, epoch, offset] = /^(.+)\/(\d+)\/(\d+)$/.exec(event) ?? [];
      if (channel === undefined) return [];
      planned ??= this.#planned();
      let readers = byChannel.get(channel);
      if (!readers) byChannel.set(channel, (readers = this.#readers(channel, (await planned).get(channel))));
      const position = { epoch: Number(epoch), offset: Number(offset) };
      const behind = (await readers).filter(
        (reader) => reader.position === null || comparePositions(reader.position, position) < 0,
      );
      return [...new Set(behind.map(({ service }) => service))];
    };
  }

  /** The services that should read each channel, by channel; partitions are listed one by one. */
  async #planned(): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    const add = (channel: string, service: string) => {
      const names = found.get(channel);
      if (names) names.add(service);
      else found.set(channel, new Set([service]));
    };
    for (const { name, inputs = [] } of await services(this.#redis))
      for (const channel of inputs) add(channel, name);
    for (const [name, pipeline] of Object.entries(await this.#setups.all('pipelines')))
      for (const { channel, service } of planPipeline(name, pipeline).steps) add(channel, service);
    return found;
  }

  async #readers(channel: string, planned: ReadonlySet<string> = new Set()): Promise<ChannelReader[]> {
    const consumers = await this.#redis.hgetall(keys.consumers(channel));
    const known = Object.entries(consumers).flatMap(([name, value]): ChannelReader[] => {
      const [position = '', deadline = ''] = value.split(' ');
      const isGone = !planned.has(name) && Number(deadline) < Date.now();
      return isGone ? [] : [{ service: serviceOf(name), position: parsePosition(position) }];
    });
    const isKnown = new Set(known.map(({ service }) => service));
    const others = [...planned].map(serviceOf).filter((service) => !isKnown.has(service));
    return [...known, ...others.map((service) => ({ service, position: null }))];
  }
}

/** The service that a partition belongs to. */
const serviceOf = (name: string) => name.replace(/#\d+\/\d+$/, '');
