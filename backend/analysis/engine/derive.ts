import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import type { Service } from './service.ts';
import { Engine, type Output, type RejectedEvent } from './engine.ts';

export interface DeriveOptions {
  /** Whether the replay is over after the last event: what waits for time to pass is told. */
  ends?: boolean;
  /** Throws the engine away after every so many events, and goes on from what it kept, as after a crash. */
  restartEvery?: number;
}

/** An output with its data, also where they are those of the event that it was derived from. */
export interface DerivedOutput extends Output {
  data: Data;
}

/**
 * What a service makes of a list of events, in order, with no Redis and no process. A new epoch forgets the one before.
 * @throws Error where the service fails at a timer
 */
export function derive(service: Service<unknown>, events: Iterable<CloudEvent>, options: DeriveOptions = {}) {
  const { ends = true, restartEvery = Infinity } = options;
  const outputs: DerivedOutput[] = [];
  const rejected: RejectedEvent[] = [];
  let kept = new Map<string, string>();
  let engine = new Engine(service);
  const drain = () => {
    const results = engine.drain();
    if (results.failed[0]) throw new Error(results.failed[0].reason);
    for (const output of results.outputs)
      outputs.push({ ...output, data: output.data ?? output.cause!.data });
    rejected.push(...results.rejected);
    for (const [entry, text] of results.entries) {
      if (text === '') kept.delete(entry);
      else kept.set(entry, text);
    }
  };
  let epoch = 0;
  let count = 0;
  for (const event of events) {
    if (event.epoch > epoch) {
      engine.begin();
      kept = new Map();
    }
    epoch = event.epoch;
    engine.take(event);
    if (++count % restartEvery !== 0) continue;
    drain();
    engine = new Engine(service);
    engine.load(kept);
  }
  if (ends) engine.end();
  drain();
  return { outputs, rejected };
}

/** Events for tests and examples: data of one subject after the other on one channel, at their times. */
export function eventsOf(
  channel: string,
  rows: Iterable<{ subject: string; timeMs: number; data: Data; replay?: string; epoch?: number }>,
): CloudEvent[] {
  let [epoch, offset] = [1, 0];
  return Array.from(rows, ({ subject, timeMs, data, replay = 'test', ...row }) => {
    if (row.epoch !== undefined && row.epoch !== epoch) [epoch, offset] = [row.epoch, 0];
    const time = new Date(timeMs).toISOString();
    return {
      specversion: '1.0' as const,
      id: `${channel}/${epoch}/${++offset}`,
      source: `/replays/${replay}`,
      type: channel,
      subject,
      time,
      epoch,
      offset,
      replay,
      sent: time,
      data,
    };
  });
}
