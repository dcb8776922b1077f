import { Framer, type CloudEvent, type Position, type TimedRecord } from '../../../../core/wire/event.ts';
import { FramedEvent, dataTextOf, type ExtraMembers } from '../../../../core/wire/framed-event.ts';
import type { Output } from '../../engine/results.ts';
import type { OutputBatch } from '../checkpoint.ts';
import type { Partition } from '../partition.ts';

/** An event derived from a restored event is restored too. */
const RESTORED = ',"restored":true';

/** A derived event, and what it carries: as members, and as their JSON text with a leading comma. */
export interface RoutedOutput {
  output: Output;
  members: ExtraMembers;
  text: string;
}

/** Turns what a service derives into events as they are on the wire. */
export class EventFraming {
  readonly #service: string;
  /** The member `partition` of every event. */
  readonly #partition: string | undefined;
  readonly #partitionText: string;
  readonly #framers = new Map<string, Framer>();

  constructor(service: string, partition: Partition | null) {
    this.#service = service;
    this.#partition = partition ? `${partition.index}/${partition.count}` : undefined;
    this.#partitionText = this.#partition === undefined ? '' : `,"partition":"${this.#partition}"`;
  }

  /**
   * Frames events of one channel so that they follow a position.
   * @param sent wall time, ISO 8601
   * @param parses whether to return the events parsed as well
   */
  frame(
    channel: string,
    routed: RoutedOutput[],
    from: Position,
    sent: string,
    parses: boolean,
  ): Pick<OutputBatch, 'records' | 'events' | 'causes' | 'parsed'> {
    const records: TimedRecord[] = [];
    const events: string[] = [];
    const causes: (CloudEvent | null)[] = [];
    const parsed: CloudEvent[] = [];
    let framer = this.#framer(channel, undefined);
    for (const { output, members, text } of routed) {
      const { subject, timeMs, restored, replay, cause } = output;
      const record = {
        subject,
        timeMs,
        data: output.text ?? dataTextOf(cause!),
        extra: (restored ? RESTORED : '') + this.#partitionText + text,
      };
      if (framer.stamp.replay !== replay) framer = this.#framer(channel, replay);
      const offset = from.offset + 1 + events.length;
      records.push(record);
      events.push(framer.frame(record, from.epoch, offset, sent));
      causes.push(cause);
      if (parses) {
        const all: ExtraMembers = { ...members, partition: this.#partition };
        if (restored) all.restored = true;
        parsed.push(new FramedEvent(framer.stamp, record, { epoch: from.epoch, offset, sent }, all));
      }
    }
    return { records, events, causes, parsed: parses ? parsed : null };
  }

  /** Derived events are marked as replayed like the events that they come from. */
  #framer(channel: string, replay: string | undefined): Framer {
    const key = `${channel} ${replay ?? ''}`;
    let framer = this.#framers.get(key);
    if (!framer) {
      framer = new Framer({ channel, source: `/services/${this.#service}`, replay });
      this.#framers.set(key, framer);
    }
    return framer;
  }
}
