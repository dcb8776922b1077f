import type { Config } from '../../schemas/types.ts';
import { CONTENT, OBJECTS } from '../mcap/format/bare-data.ts';
import { canHold } from '../mcap/format/bytes.ts';
import { LIBRARY } from '../mcap/format/libraries.ts';
import { McapWriter, type NewSchema } from '../mcap/writing/writer.ts';
import { EventSchemas } from './event-schemas.ts';
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
  /** Messages that are whole in the file, without what the recorder reports itself. */
  readonly written: number;
  /** Hands all waiting messages to the kernel, which keeps them even if this process is killed. */
  flush(): Promise<void>;
  /** Flushes, and completes the file. */
  end(): Promise<void>;
  /** Completes the file as far as that is possible, without what waits. Call it after another method has failed. */
  endAfterFailure(): Promise<void>;
}

/** Whether a message is one that the recorder reports itself. */
export const isOwn = ({ event, encoding }: WireMessage): boolean => event === null && encoding === null;

/** Whether a recording under this name is written as MCAP. */
export function isMcapName(path: string): boolean {
  return /\.mcap$/i.test(path);
}

/**
 * Writes messages to an MCAP file, byte for byte. The log time is the event time, or the time at which it was heard where
 * MCAP can't hold that; the publish time is when it was heard.
 */
export class McapFile implements RecordSink {
  readonly #writer: McapWriter;
  readonly #schemas: EventSchemas;
  /** Channel ids by topic, and then by what the messages are and their subject. */
  readonly #ids = new Map<string, Map<string, number>>();
  /** How many own messages wait, and how many are in the file. */
  readonly #own = { waiting: 0, written: 0 };

  private constructor(writer: McapWriter, channels: Config['channels']) {
    this.#writer = writer;
    this.#schemas = new EventSchemas(channels);
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

  add(message: WireMessage): void {
    const { bytes, heardMs, timeMs, event } = message;
    const held = canHold(timeMs) ? timeMs : heardMs;
    const sequence = event ? event.offset >>> 0 : undefined;
    if (isOwn(message)) this.#own.waiting++;
    this.#writer.add(this.#idOf(message), held, bytes, 0, bytes.length, heardMs, sequence);
  }

  get written(): number {
    return this.#writer.written - this.#own.written;
  }

  async flush(): Promise<void> {
    await this.#writer.flush();
    this.#own.written += this.#own.waiting;
    this.#own.waiting = 0;
  }

  async end(): Promise<void> {
    await this.flush();
    await this.#writer.end();
  }

  endAfterFailure(): Promise<void> {
    return this.#writer.endAfterFailure();
  }

  #idOf(message: WireMessage): number {
    const { channel: topic, event } = message;
    let ids = this.#ids.get(topic);
    if (!ids) this.#ids.set(topic, (ids = new Map<string, number>()));
    const schema = event && this.#schemas.of(message);
    const { kind, encoding, metadata } = kindOf(message, schema);
    let id = ids.get(`${kind} ${event?.subject ?? ''}`);
    if (id !== undefined) return id;
    const isShared = event !== null && (ids.size >= SUBJECTS_MAX || !this.#writer.hasRoomForChannel);
    if (event && !isShared) metadata.set('subject', event.subject);
    // The channel that many subjects share is kept under a name that no subject can have.
    const name = `${kind} ${isShared ? '\0' : (event?.subject ?? '')}`;
    id = ids.get(name) ?? this.#writer.addChannel({ topic, metadata, schema, encoding });
    ids.set(name, id);
    return id;
  }
}

/** What tells the messages of one MCAP channel from those of another, besides topic and subject. */
function kindOf(
  { channel, event, encoding }: WireMessage,
  schema: NewSchema | null,
): { kind: string; encoding: string; metadata: Map<string, string> } {
  if (event) {
    const metadata = new Map([['envelope', 'cloudevents']]);
    if (event.restored) metadata.set('restored', 'true');
    return { kind: `event ${schema!.data.length} ${event.restored}`, encoding: 'json', metadata };
  }
  // What the recorder reports itself.
  if (encoding === null) return { kind: 'own', encoding: 'json', metadata: new Map([['subject', channel]]) };
  const metadata = new Map([['envelope', 'none']]);
  if (encoding === 'object') metadata.set(CONTENT, OBJECTS);
  return { kind: encoding, encoding: encoding === 'object' ? 'json' : encoding, metadata };
}
