import type { Channel } from '../../schemas/types.ts';
import type { Redis } from '../redis/connection.ts';
import { keys } from '../wire/keys.ts';

/** How many events of the log the rate is computed from. */
const SAMPLE_EVENTS = 200;
const WINDOW_MS = 2_000;
const SENT = /"sent":"([^"]+)"/;

/** A search for the oldest event of the window, counted back from the latest, which is number 1. */
interface Search {
  channel: number;
  /** The greatest number that is known to be in the window, with its wall time. */
  inside: number;
  insideMs: number;
  /** The smallest number that is known not to be in the window. */
  outside: number;
  latestMs: number;
  sample: number;
}

/**
 * Events per second of wall time of channels, over the last two seconds. The log is searched for the beginning of that time,
 * for all channels together: eight questions at most, however many channels and events there are.
 */
export async function recentRates(redis: Redis, channels: readonly Channel[]): Promise<number[]> {
  const sinceMs = Date.now() - WINDOW_MS;
  const searches = channels.flatMap((channel, i): Search[] => {
    const latestMs = Date.parse(channel.lastEvent?.sent ?? '');
    if (!(latestMs >= sinceMs)) return [];
    const sample = Math.max(1, Math.min(SAMPLE_EVENTS, channel.offset, channel.logged));
    return [{ channel: i, inside: 1, insideMs: latestMs, outside: sample + 1, latestMs, sample }];
  });
  // The oldest of the sample first: it decides about busy channels.
  let probe = (search: Search) => search.sample;
  for (let open = searches; (open = open.filter(isOpen)).length > 0; probe = middle) {
    const times = await sentTimes(redis, channels, open, probe);
    open.forEach((search, i) => {
      const number = probe(search);
      if (times[i]! >= sinceMs) Object.assign(search, { inside: number, insideMs: times[i]! });
      else search.outside = number;
    });
  }
  const rates = channels.map(() => 0);
  for (const search of searches) rates[search.channel] = rateOf(search);
  return rates;
}

const isOpen = ({ inside, outside }: Search) => outside - inside > 1;
const middle = ({ inside, outside }: Search) => Math.floor((inside + outside) / 2);

function rateOf({ inside, insideMs, latestMs, sample }: Search): number {
  const seconds = (latestMs - insideMs) / 1000;
  // If the whole sample is recent, the window has more events than the sample: use the time that the sample covers.
  if (inside === sample && inside > 1 && seconds > 0) return Math.round((inside - 1) / seconds);
  return inside / (WINDOW_MS / 1000);
}

/** The wall time of one event of each search, epoch ms; NaN where it has left the log. */
async function sentTimes(
  redis: Redis,
  channels: readonly Channel[],
  searches: readonly Search[],
  numberOf: (search: Search) => number,
): Promise<number[]> {
  const asked = redis.pipeline();
  for (const search of searches) {
    const { name, epoch, offset } = channels[search.channel]!;
    const id = `${epoch}-${offset - numberOf(search) + 1}`;
    asked.xrange(keys.log(name), id, id);
  }
  const replies = (await asked.exec()) ?? [];
  return replies.map(([, entries]) => {
    const line = (entries as [string, string[]][] | null)?.[0]?.[1][1] ?? '';
    return Date.parse(SENT.exec(line)?.[1] ?? '');
  });
}
