import type { Config } from '../../schemas/types.ts';
import { LIBRARY } from '../mcap/format/libraries.ts';
import { embeddedSchema } from '../mcap/writing/topics.ts';
import { McapWriter, type NewSchema } from '../mcap/writing/writer.ts';
import type { WireMessage } from './wire-message.ts';

/** Beyond so many subjects of a channel, further ones share an MCAP channel. */
const SUBJECTS_MAX = 10_000;

/** Where a recorder writes to. */
export interface RecordSink {
  /** Takes a message; what it writes of it, it writes later. */
  add(message: WireMessage): void;
  /** Whether so much waits that it is to be flushed. */
  readonly full: boolean;
  /** Bytes written, and waiting. */
  readonly bytes: number;
  /** Hands all that waits to the kernel, which keeps it when this process is killed. */
  flush(): Promise<void>;
  end(): Promise<void>;
}

/** Subject -> id of its MCAP channel; null: of messages that are no events. */
type Ids = Map<string | null, number>;

/** Messages of the wire in MCAP, byte for byte: the log time is the event time, the publish time when it was heard. */
export class McapFile implements RecordSink {
  readonly #writer: McapWriter;
  readonly #channels: Config['channels'];
  /** By topic, what was restored apart. */
  readonly #ids = [new Map<string, Ids>(), new Map<string, Ids>()] as const;

  private constructor(writer: McapWriter, channels: Config['channels']) {
    this.#writer = writer;
    this.#channels = channels;
  }

  static async create(path: string, channels: Config['channels']): Promise<McapFile> {
    return new McapFile(await McapWriter.create(path, { library: LIBRARY }), channels);
  }

  get full(): boolean {
    return this.#writer.full;
  }

  get bytes(): number {
    return this.#writer.bytes + this.#writer.waiting;
  }

  add({ channel, bytes, heardMs, timeMs, event }: WireMessage): void {
    const id = this.#idOf(channel, event && event.subject, event?.restored ?? false);
    const sequence = event ? event.offset >>> 0 : undefined;
    this.#writer.add(id, timeMs, bytes, 0, bytes.length, heardMs, sequence);
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  end(): Promise<void> {
    return this.#writer.end();
  }

  #idOf(topic: string, subject: string | null, restored: boolean): number {
    const idsOf = this.#ids[restored ? 1 : 0];
    let ids = idsOf.get(topic);
    if (!ids) idsOf.set(topic, (ids = new Map<string | null, number>()));
    let id = ids.get(subject);
    if (id !== undefined) return id;
    const shared = subject !== null && (ids.size >= SUBJECTS_MAX || !this.#writer.hasRoomForChannel);
    const metadata = new Map([['envelope', subject === null ? 'none' : 'cloudevents']]);
    if (subject !== null && !shared) metadata.set('subject', subject);
    if (restored) metadata.set('restored', 'true');
    // Where all subjects beyond some share a channel, its name here is one that none can have.
    const name = shared ? '\0' : subject;
    id =
      ids.get(name) ?? this.#writer.addChannel({ topic, metadata, schema: schemaOf(topic, this.#channels) });
    ids.set(name, id);
    return id;
  }
}

/** Messages may be heard on channels whose names we would not give. */
function schemaOf(topic: string, channels: Config['channels']): NewSchema | null {
  try {
    return embeddedSchema(topic, channels);
  } catch {
    return null;
  }
}
