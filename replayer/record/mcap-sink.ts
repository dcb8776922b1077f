import type { Config } from '../../schemas/types.ts';
import { LIBRARY } from '../mcap/format/libraries.ts';
import { embeddedSchema } from '../mcap/writing/topics.ts';
import { McapWriter, type NewSchema } from '../mcap/writing/writer.ts';
import type { WireMessage } from './wire-message.ts';

/** Subjects of a topic beyond this number share one MCAP channel. */
const SUBJECTS_MAX = 10_000;

/** Where a recorder writes messages to. */
export interface RecordSink {
  /** Collects a message. */
  add(message: WireMessage): void;
  /** Whether enough messages wait to be flushed. */
  readonly full: boolean;
  /** Bytes written and waiting. */
  readonly bytes: number;
  /** Hands all waiting messages to the kernel, which keeps them even if this process is killed. */
  flush(): Promise<void>;
  /** Flushes, and completes the file. */
  end(): Promise<void>;
}

/** Subject -> id of its MCAP channel. Messages that are not events have the subject null. */
type Ids = Map<string | null, number>;

/** Writes messages to an MCAP file, byte for byte. The log time is the event time; the publish time is when it was heard. */
export class McapFile implements RecordSink {
  readonly #writer: McapWriter;
  readonly #channels: Config['channels'];
  /** Channel ids by topic: those of new events, and those of restored state. */
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
    const byTopic = this.#ids[restored ? 1 : 0];
    let ids = byTopic.get(topic);
    if (!ids) byTopic.set(topic, (ids = new Map<string | null, number>()));
    let id = ids.get(subject);
    if (id !== undefined) return id;
    const shared = subject !== null && (ids.size >= SUBJECTS_MAX || !this.#writer.hasRoomForChannel);
    const metadata = new Map([['envelope', subject === null ? 'none' : 'cloudevents']]);
    if (subject !== null && !shared) metadata.set('subject', subject);
    if (restored) metadata.set('restored', 'true');
    // The channel that many subjects share is kept under a name that no subject can have.
    const name = shared ? '\0' : subject;
    id =
      ids.get(name) ?? this.#writer.addChannel({ topic, metadata, schema: schemaOf(topic, this.#channels) });
    ids.set(name, id);
    return id;
  }
}

/** The schema of a topic; null where its name is not a valid channel name: patterns match any Redis channel. */
function schemaOf(topic: string, channels: Config['channels']): NewSchema | null {
  try {
    return embeddedSchema(topic, channels);
  } catch {
    return null;
  }
}
