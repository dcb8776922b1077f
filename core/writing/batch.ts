import { BATCH_KEYS, type BATCH } from '../lua/functions.ts';
import type { Argument, ValuesOf } from '../lua/layout.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import type { Position, TimedRecord } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';

/** The keys of a batch on a channel, in the order in which the Redis Functions take them. */
export function batchKeys({ name, latestKey }: ChannelSpec): string[] {
  return BATCH_KEYS.encode({
    head: keys.head(name),
    log: keys.log(name),
    state: keys.state(name),
    consumers: keys.consumers(name),
    owner: keys.owner(name),
    latest: keys.latest(latestKey),
  }).list.map(String);
}

/**
 * A batch as the Redis Functions take it.
 * @param head the position at which the channel is expected
 * @param from the position that the events follow: `head`, or the start of a newer epoch
 * @param events the records as lines
 */
export function batchOf(
  spec: ChannelSpec,
  head: Position,
  from: Position,
  records: TimedRecord[],
  events: string[],
): ValuesOf<typeof BATCH> {
  const subjects: Argument[] = [];
  if (spec.keepsState) {
    const last = new Map<string, number>();
    records.forEach(({ subject }, i) => last.set(subject, i + 1));
    for (const [subject, number] of last) subjects.push(subject, number);
  }
  return {
    channel: spec.name,
    expectedEpoch: head.epoch,
    expectedOffset: head.offset,
    epoch: from.epoch,
    timeMs: records.at(-1)?.timeMs ?? '',
    logMax: spec.logMax,
    events,
    subjects,
    bare: shownOf(spec, records, events),
  };
}

/** What subscribers get of each event, where that is not the event itself; empty where all get the event. */
function shownOf({ envelope }: ChannelSpec, records: TimedRecord[], events: string[]): Argument[] {
  if (envelope === 'none') return records.map(({ data, bare }) => bare ?? data);
  if (!records.some(({ bare }) => bare)) return [];
  return records.map(({ bare }, i) => bare ?? events[i]!);
}
