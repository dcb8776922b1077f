import type { Channel, CloudEvent } from '../../schemas/types.ts';
import { headOf } from '../redis/channel-store.ts';
import type { Redis } from '../redis/connection.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import { isoTime, parsePosition } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';
import { recentRates } from './rates.ts';

/** How many channels are read in one step: the loops of Redis and of this process are free in between. */
const AT_ONCE = 100;

/** What Redis answers for one channel, in the order of the questions. */
type Facts = [
  head: (string | null)[],
  subjects: number,
  logged: number,
  owner: string | null,
  consumers: { [service: string]: string },
  latest: [string, string[]][],
];
const FACTS = 6;

/** A channel as REST shows it. `rate`: events per second of wall time, over the last two seconds. */
export async function describeChannel(redis: Redis, spec: ChannelSpec): Promise<Channel> {
  return (await describeChannels(redis, [spec]))[0]!;
}

/** Channels as REST shows them, in their order. What is said of a channel was true at one moment, its rate excepted. */
export async function describeChannels(redis: Redis, specs: readonly ChannelSpec[]): Promise<Channel[]> {
  const found: Channel[] = [];
  for (let at = 0; at < specs.length; at += AT_ONCE) {
    const some = specs.slice(at, at + AT_ONCE);
    const facts = await factsOf(redis, some);
    const channels = some.map((spec, i) => described(spec, facts[i]!));
    const rates = await recentRates(redis, channels);
    channels.forEach((channel, i) => found.push({ ...channel, rate: rates[i]! }));
  }
  return found;
}

async function factsOf(redis: Redis, specs: readonly ChannelSpec[]): Promise<Facts[]> {
  const asked = redis.multi();
  for (const { name } of specs) {
    asked
      .hmget(keys.head(name), 'epoch', 'offset', 'time')
      .hlen(keys.state(name))
      .xlen(keys.log(name))
      .get(keys.owner(name))
      .hgetall(keys.consumers(name))
      .xrevrange(keys.log(name), '+', '-', 'COUNT', 1);
  }
  const replies = (await asked.exec()) ?? [];
  return specs.map((_, i) => {
    const own = replies.slice(i * FACTS, (i + 1) * FACTS);
    return own.map(([error, value]) => {
      if (error) throw error;
      return value;
    }) as Facts;
  });
}

function described(spec: ChannelSpec, [head, subjects, logged, owner, consumers, latest]: Facts): Channel {
  const { epoch, offset } = headOf(head);
  const line = latest[0]?.[1][1];
  return {
    name: spec.name,
    schema: spec.schema && `/api/v1/schemas/${spec.schema}`,
    envelope: spec.envelope,
    epoch,
    offset,
    lastTime: head[2] ? isoTime(Number(head[2])) : null,
    subjects,
    logged,
    owner: owner?.split(' ')[0] ?? null,
    lastEvent: line === undefined ? null : (JSON.parse(line) as CloudEvent),
    consumers: Object.entries(consumers).map(([service, value]) => {
      const position = parsePosition(value.split(' ')[0]!);
      const lag = Math.max(0, position.epoch === epoch ? offset - position.offset : offset);
      return { name: service, ...position, lag };
    }),
  };
}
