import { logBytes } from '../../../core/channels/log-memory.ts';
import { headOf } from '../../../core/redis/channel-store.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { comparePositions, parsePosition, positionText, type Position } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { metricText, type Samples } from './prometheus-text.ts';

/** How many channels are asked for in one message. */
const AT_ONCE = 200;
const SENT = /"sent":"([^"]+)"/;

interface Consumer {
  service: string;
  channel: string;
  at: Position;
  /** Events that it has not read. */
  events: number;
}

/** Where channels stand, how far their readers are behind, and what their logs take. */
export async function channelMetrics(redis: Redis, channels: readonly string[]): Promise<string> {
  const heads: Samples = [];
  const epochs: Samples = [];
  const consumers: Consumer[] = [];
  for (let at = 0; at < channels.length; at += AT_ONCE) {
    const some = channels.slice(at, at + AT_ONCE);
    const asked = redis.pipeline();
    for (const name of some) {
      asked.hmget(keys.head(name), 'epoch', 'offset');
      asked.hgetall(keys.consumers(name));
    }
    const replies = ((await asked.exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
    some.forEach((channel, i) => {
      const head = headOf(replies[i * 2] as (string | null)[]);
      heads.push([{ channel }, head.offset]);
      epochs.push([{ channel }, head.epoch]);
      for (const [service, text] of Object.entries(replies[i * 2 + 1] as { [service: string]: string }))
        consumers.push(consumerOf({ service, channel, text, head }));
    });
  }
  const lags = consumers.map(({ service, channel, events }): Samples[number] => [
    { service, channel },
    events,
  ]);
  const help = {
    offset: 'Offset of the last event of each channel, in its current epoch.',
    epoch: 'Current epoch of each channel.',
    lag: 'Events of a channel that a service has not read yet.',
    seconds: 'Age of the oldest event that a service has not read yet; 0 if it has read all.',
  };
  return [
    metricText('reprise_channel_offset', 'gauge', help.offset, heads),
    metricText('reprise_channel_epoch', 'gauge', help.epoch, epochs),
    metricText('reprise_consumer_lag_events', 'gauge', help.lag, lags),
    metricText('reprise_consumer_lag_seconds', 'gauge', help.seconds, await agesOf(redis, consumers)),
    metricText('reprise_channels', 'gauge', 'Number of channels.', [[{}, channels.length]]),
    metricText('reprise_log_bytes', 'gauge', 'Memory of Redis that the logs of all channels take.', [
      [{}, await logBytes(redis, channels)],
    ]),
  ].join('');
}

function consumerOf(told: { service: string; channel: string; text: string; head: Position }): Consumer {
  const { service, channel, text, head } = told;
  const at = parsePosition(text.split(' ')[0]!);
  const isBehind = comparePositions(at, head) < 0;
  const events = !isBehind ? 0 : at.epoch === head.epoch ? head.offset - at.offset : head.offset;
  return { service, channel, at, events };
}

/** How long the next event of each consumer has been waiting, by the wall time at which it was sent. */
async function agesOf(redis: Redis, consumers: readonly Consumer[]): Promise<Samples> {
  const behind = consumers.filter(({ events }) => events > 0);
  const asked = redis.pipeline();
  for (const { channel, at } of behind)
    asked.xrange(keys.log(channel), `(${positionText(at)}`, '+', 'COUNT', 1);
  const replies = behind.length === 0 ? [] : ((await asked.exec()) ?? []);
  const now = Date.now();
  const ages = new Map<Consumer, number>();
  replies.forEach(([, entries], i) => {
    const line = (entries as [string, string[]][] | null)?.[0]?.[1][1] ?? '';
    const sentMs = Date.parse(SENT.exec(line)?.[1] ?? '');
    if (!Number.isNaN(sentMs)) ages.set(behind[i]!, Math.max(0, now - sentMs) / 1000);
  });
  return consumers
    .filter((each) => each.events === 0 || ages.has(each))
    .map((each) => [{ service: each.service, channel: each.channel }, ages.get(each) ?? 0]);
}
