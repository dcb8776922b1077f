import type { Data, CloudEvent, TimedRecord, Stamp } from './event.ts';
import { isoTime } from './event.ts';
import { dataTextIn, oneLine } from './json-text.ts';

/** Members of an event that are neither in its record nor in its stamp. `Framer.frame` takes them as `extra` text. */
export type ExtraMembers = Partial<
  Pick<CloudEvent, 'restored' | 'partition' | 'traceparent' | 'tracestate' | 'pipeline' | 'route' | 'params'>
> & {
  /** Extensions by name. */
  extensions?: { [name: string]: unknown } | undefined;
};

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
  readonly tracestate: string | undefined;
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
    this.tracestate = members.tracestate;
    this.pipeline = members.pipeline;
    this.route = members.route;
    this.params = members.params;
    this.#text = record.data;
    if (members.extensions) Object.assign(this, members.extensions);
  }

  get data(): Data {
    return (this.#data ??= JSON.parse(this.#text) as Data);
  }

  set data(data: Data) {
    this.#data = data;
  }

  /** The data as JSON text: that of the line, or formatted again if they were changed. */
  get dataText(): string {
    return this.#data ? unlessChanged(this.#text, this.#data) : this.#text;
  }

  /** The members in the order of the line. JSON leaves out those that are undefined. */
  toJSON(): CloudEvent {
    return { ...this, data: this.data };
  }
}

/** The line that an event was parsed from. A symbol, so that it is no member of the event. */
const LINE = Symbol('line');

/** Notes the line that an event was parsed from, so that its data can be passed on as they are written there. */
export function rememberLine(event: CloudEvent, line: string): void {
  (event as { [LINE]?: string })[LINE] = line;
}

/** The data of an event as JSON text: as they were written, with all digits, unless they were changed. */
export function dataTextOf(event: CloudEvent): string {
  if (event instanceof FramedEvent) return event.dataText;
  const line = (event as { [LINE]?: string })[LINE];
  if (line === undefined) return JSON.stringify(event.data);
  const quick = line.slice(line.indexOf(DATA) + DATA.length, -1);
  const again = JSON.stringify(event.data);
  // Our own lines end with their data. Those of other programs need not.
  return quick === again ? again : unlessChanged(oneLine(dataTextIn(line) ?? again), event.data, again);
}

const DATA = ',"data":';

/** The text that data were parsed from; or, if they have been changed since, their text now. */
function unlessChanged(text: string, data: Data, again = JSON.stringify(data)): string {
  return text === again || JSON.stringify(JSON.parse(text)) === again ? text : again;
}
