import type { CloudEvent } from '../wire/event.ts';

/**
 * Events of one channel and one epoch, in order, as they are in the log. A batch without events (`to` is 0) says that the
 * epoch has begun.
 */
export interface LogBatch {
  channel: string;
  epoch: number;
  /** Offset of the first event. */
  from: number;
  /** Offset of the last event. */
  to: number;
  /** The events as lines. */
  events: string[];
  /** The same events as objects, if this process wrote them. */
  known?: readonly CloudEvent[];
  /** How many events are missing before this batch, because they had left the log. */
  lost: number;
}
