import type { Channel, CloudEvent } from '../../schemas/types.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import { isoTime, parsePosition } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';
import { headOf } from './channel-store.ts';
import type { Redis } from './connection.ts';

/** How many events of the log the rate is computed from. */
const SAMPLE_EVENTS = 200;
const RATE_WINDOW_MS = 2_000;

/** A channel as REST shows it, read in one step. `rate`: events per second of wall time, over the last two seconds. */
export async function describeChannel(redis: Redis, spec: ChannelSpec): Promise<Channel> {
  const { name } = spec;
  const replies = await redis
    .multi()
    .hmget(keys.head(name), 'epoch', 'offset', 'time')
    .hlen(keys.state(name))
    .xlen(keys.log(name))
    .get(keys.owner(name))
    .hgetall(keys.consumers(name))
    .xrevrange(keys.log(name), '+', '-', 'COUNT', SAMPLE_EVENTS)
    .exec();
  const [head, subjects, logged, owner, consumers, latest] = replies!.map(([, value]) => value) as [
    (string | null)[],
    number,
    number,
    string | null,
    { [service: string]: string },
    [string, string[]][],
  ];
  const { epoch, offset } = headOf(head);
  const events = latest.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent);
  return {
    name,
    schema: spec.schema && `/api/v1/schemas/${spec.schema}`,
    envelope: spec.envelope,
    epoch,
    offset,
    lastTime: head[2] ? isoTime(Number(head[2])) : null,
    rate: recentRate(events),
    subjects,
    logged,
    owner: owner?.split(' ')[0] ?? null,
    lastEvent: events[0] ?? null,
    consumers: Object.entries(consumers).map(([service, value]) => {
      const position = parsePosition(value.split(' ')[0]!);
      const lag = Math.max(0, position.epoch === epoch ? offset - position.offset : offset);
      return { name: service, ...position, lag };
    }),
  };
}

function recentRate(newestFirst: CloudEvent[]): number {
  const sinceMs = Date.now() - RATE_WINDOW_MS;
  const recent = newestFirst.filter((event) => Date.parse(event.sent) >= sinceMs);
  const overWindow = recent.length / (RATE_WINDOW_MS / 1000);
  if (recent.length < 2) return overWindow;
  const seconds = (Date.parse(recent[0]!.sent) - Date.parse(recent.at(-1)!.sent)) / 1000;
  // If the whole sample is recent, the window has more events than the sample: use the time that the sample covers.
  const isWholeSample = recent.length === newestFirst.length && seconds > 0;
  return isWholeSample ? Math.round((recent.length - 1) / seconds) : overWindow;
}
