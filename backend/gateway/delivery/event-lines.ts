import { Decoder, Encoder, PacketType, type Packet } from 'socket.io-parser';
import type { Subscribed } from '../../../schemas/types.ts';

/** Events as they stand in Redis, one JSON text each: they are sent without being parsed, so that no digit is lost. */
export class EventLines {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }
}

/** The answer to a subscription. */
export type JoinAnswer = Omit<Subscribed, 'snapshot'> & { snapshot: EventLines };

/** Writes the packets of Socket.IO, with the snapshot of an answer as it is. */
class LineEncoder extends Encoder {
  override encode(packet: Packet): (string | Buffer)[] {
    const [answer] = (packet.type === PacketType.ACK ? packet.data : []) as [Partial<JoinAnswer>?];
    const snapshot = answer?.snapshot;
    if (!(snapshot instanceof EventLines)) return super.encode(packet) as (string | Buffer)[];
    const [text] = super.encode({ ...packet, data: [{ ...answer, snapshot: [] }] }) as [string];
    return [text.replace('"snapshot":[]', () => `"snapshot":[${snapshot.lines.join()}]`)];
  }
}

/** The parser of the server, as its option `parser` takes it. */
export const lineParser = { Encoder: LineEncoder, Decoder };
