import type { Batch, CloudEvent } from '../../../../schemas/types.ts';
import { RingBuffer } from './ring-buffer.ts';

/** How events reached the page: as they happen, as the latest event of each subject, or from the log after a load. */
export type Arrival = 'live' | 'snapshot' | 'past';

/** Receives the events of all channels in order, and forgets them when their epoch is void. `times` are event times in ms. */
export interface EventSink {
  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void;
  /** Takes events of a channel that does not belong to what is shown, but that the person asked for. */
  takeExtra?(
    channel: ChannelState,
    events: readonly CloudEvent[],
    times: Float64Array,
    arrival: Arrival,
  ): void;
  forget(channel: ChannelState): void;
  /** Whether events of earlier epochs are of use; `history` holds those of the current epoch. */
  wants?(history: readonly CloudEvent[]): boolean;
  /** Takes events of earlier epochs, oldest first. */
  recall?(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array): void;
}

/** Events of a channel that never reached the page, and about when (recording time, ms). */
export interface Loss {
  channel: string;
  timeMs: number;
  count: number;
}

/** The page's position on one channel and its latest events. Not reactive: it changes too often. */
export class ChannelState {
  readonly name: string;
  epoch = 0;
  offset = 0;
  /** Checksum of the event at `offset`; undefined if it is not known. */
  mark: string | undefined;
  received = 0;
  /** Events that never reached the page, over all epochs. */
  lost = 0;
  /** Events skipped because a newer one of the same subject came in the same batch. */
  conflated = 0;
  /** Event time of the newest event, ms. */
  lastTime = NaN;
  readonly latest = new Map<string, CloudEvent>();
  readonly recent = new RingBuffer<CloudEvent>(400);
  /** Batches that wait for the snapshot and the history; null when nothing is waited for. */
  held: Batch[] | null = null;
  snapshot: readonly CloudEvent[] = [];

  constructor(name: string) {
    this.name = name;
  }
}
