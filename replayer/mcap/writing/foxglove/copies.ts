import { refusal } from '../../../../core/problems/errors.ts';
import type { Data, TimedRecord } from '../../../../core/wire/event.ts';
import { splitMs, words } from '../../format/bytes.ts';
import type { McapWriter } from '../writer.ts';
import { copiesMetadata } from '../../format/copied-channels.ts';
import { drawnKinds, type DrawnKind } from './messages.ts';

/** What a message record holds before its data, without opcode and length. */
const HEAD_BYTES = 22;

/** A row to copy. */
export interface CopiedRow {
  topic: string;
  subject: string;
  datum: Data;
  /** The log time of the row in the file, epoch ns. */
  timeNs: bigint;
  publishNs: bigint;
}

/** Writes beside the rows of a file the messages that Foxglove draws, on topics such as `gps/location` and `posts/log`. */
export class FoxgloveCopies {
  readonly #writer: McapWriter;
  /** Channels by their topic. */
  readonly #channels = new Map<string, { id: number; count: number }>();

  constructor(writer: McapWriter) {
    this.#writer = writer;
  }

  /** Adds what Foxglove draws of a row, if anything, at the time of the row. To be called right after the row was added. */
  add({ topic, subject, datum, timeNs, publishNs }: CopiedRow): void {
    for (const kind of drawnKinds) {
      const message = kind.messageOf(datum, subject, timeNs);
      if (!message) continue;
      const channel = this.#channelOf(topic, kind);
      const data = Buffer.from(JSON.stringify(message));
      const record = Buffer.alloc(HEAD_BYTES + data.length);
      record.writeUInt32LE(channel.count++ >>> 0, 2);
      record.writeBigUInt64LE(timeNs, 6);
      record.writeBigUInt64LE(publishNs, 14);
      data.copy(record, HEAD_BYTES);
      this.#writer.addCopy(channel.id, record, 0, record.length);
    }
  }

  /** Adds what Foxglove draws of a record whose time is stored later by `shiftMs`. */
  addRow(topic: string, { timeMs, subject, data }: TimedRecord, shiftMs: number): void {
    splitMs(timeMs + shiftMs);
    const timeNs = (BigInt(words.high) << 32n) | BigInt(words.low);
    this.add({ topic, subject, datum: JSON.parse(data) as Data, timeNs, publishNs: timeNs });
  }

  #channelOf(topic: string, { name, schema }: DrawnKind): { id: number; count: number } {
    const drawn = `${topic}/${name}`;
    let channel = this.#channels.get(drawn);
    if (!channel) {
      if (!this.#writer.hasRoomForChannel)
        throw refusal('subjects_many', 'MCAP has no room for more than 65,535 channels.', {
          hint: 'Leave out --foxglove, or name the column of the subjects with --subject.',
        });
      const metadata = copiesMetadata();
      channel = { id: this.#writer.addChannel({ topic: drawn, metadata, schema }), count: 0 };
      this.#channels.set(drawn, channel);
    }
    return channel;
  }
}
