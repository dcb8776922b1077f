import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import type { Service } from './service.ts';
import { Engine } from './engine.ts';
import type { Output, RejectedEvent } from './results.ts';

/** How a list of events is run. */
export interface DeriveOptions {
  /** Whether the replay ends after the last event: then all timers are called. Default: true. */
  ends?: boolean;
  /** Replaces the engine after this many events and continues from its checkpoint, as after a crash. Default: never. */
  restartEvery?: number;
}

/** An output whose data are always filled in, also if they are those of its cause. */
export interface DerivedOutput extends Output {
  data: Data;
}

/**
 * Runs a service over a list of events, in order, without Redis. A new epoch drops the state of the one before.
 * @throws Error if the service fails at a timer
 */
export function derive(service: Service<unknown>, events: Iterable<CloudEvent>, options: DeriveOptions = {}) {
  const { ends = true, restartEvery = Infinity } = options;
  const outputs: DerivedOutput[] = [];
  const rejected: RejectedEvent[] = [];
  let checkpoint = new Map<string, string>();
  let engine = new Engine(service);
  const drain = () => {
    const results = engine.drain();
    if (results.failed[0]) throw new Error(results.failed[0].reason);
    for (const output of results.outputs)
      outputs.push({ ...output, data: output.data ?? output.cause!.data });
    rejected.push(...results.rejected);
    for (const [entry, text] of results.entries) {
      if (text === '') checkpoint.delete(entry);
      else checkpoint.set(entry, text);
    }
  };
  let epoch = 0;
  let count = 0;
  for (const event of events) {
    if (event.epoch > epoch) {
      engine.begin();
      checkpoint = new Map();
    }
    epoch = event.epoch;
    engine.take(event);
    if (++count % restartEvery !== 0) continue;
    drain();
    engine = new Engine(service);
    engine.load(checkpoint);
  }
  if (ends) engine.end();
  drain();
  return { outputs, rejected };
}

/** Creates events on one channel for tests and examples. @param rows one per event, in order; times in epoch ms */
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
