import type { Data, CloudEvent, TimedRecord, Stamp } from './event.ts';
import { isoTime } from './event.ts';

/** Members of an event that are neither in its record nor in its stamp. `Framer.frame` takes them as `extra` text. */
export type ExtraMembers = Partial<
  Pick<CloudEvent, 'restored' | 'partition' | 'traceparent' | 'pipeline' | 'route' | 'params'>
>;

/**
 * The event of a line that this process has just formatted: it knows the members, so it does not parse the line. The data
 * are parsed at their first use.
 */
export class FramedEvent implements CloudEvent {
  [member: string]: unknown;
  readonly specversion = '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly epoch: number;
  readonly offset: number;
  readonly replay: string | undefined;
  readonly sent: string;
  readonly restored: true | undefined;
  readonly partition: string | undefined;
  readonly traceparent: string | undefined;
  readonly pipeline: string | undefined;
  readonly route: CloudEvent['route'];
  readonly params: string | undefined;
  readonly #text: string;
  #data: Data | null = null;

  constructor(
    stamp: Stamp,
    record: TimedRecord,
    { epoch, offset, sent }: Pick<CloudEvent, 'epoch' | 'offset' | 'sent'>,
    members: ExtraMembers,
  ) {
    this.id = `${stamp.channel}/${epoch}/${offset}`;
    this.source = stamp.source;
    this.type = stamp.channel;
    this.subject = record.subject;
    this.time = isoTime(record.timeMs);
    this.epoch = epoch;
    this.offset = offset;
    this.replay = stamp.replay;
    this.sent = sent;
    this.restored = members.restored;
    this.partition = members.partition;
    this.traceparent = members.traceparent;
    this.pipeline = members.pipeline;
    this.route = members.route;
    this.params = members.params;
    this.#text = record.data;
  }

  get data(): Data {
    return (this.#data ??= JSON.parse(this.#text) as Data);
  }

  set data(data: Data) {
    this.#data = data;
  }

  /** The data as JSON text: that of the line, or, once the data were used and may have changed, formatted again. */
  get dataText(): string {
    return this.#data ? JSON.stringify(this.#data) : this.#text;
  }

  /** The members in the order of the line. JSON leaves out those that are undefined. */
  toJSON(): CloudEvent {
    return { ...this, data: this.data };
  }
}

/** The data of an event as JSON text, without formatting them again where possible. */
export function dataTextOf(event: CloudEvent): string {
  return event instanceof FramedEvent ? event.dataText : JSON.stringify(event.data);
}
