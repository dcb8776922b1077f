import { Decoder, Encoder, type Packet } from 'socket.io-parser';
import type { CloudEvent } from '../../../../../schemas/types.ts';
import { keepText } from './event-text.ts';

/** What arrives on the socket with events in it: a batch, or the answer to a subscription. */
interface Carrier {
  events?: CloudEvent[];
  snapshot?: CloudEvent[];
}

/** The decoder of Socket.IO, which also keeps the text of the events that it decodes. */
class RawDecoder extends Decoder {
  #text = '';

  constructor() {
    super();
    // The first listener: events have their text before anybody sees them.
    this.on('decoded', ({ data }: Packet) => {
      if (!Array.isArray(data)) return;
      for (const part of data as unknown[]) {
        if (typeof part !== 'object' || part === null) continue;
        const { events, snapshot } = part as Carrier;
        if (Array.isArray(events)) keepText(events, this.#text, 'events');
        if (Array.isArray(snapshot)) keepText(snapshot, this.#text, 'snapshot');
      }
    });
  }

  override add(packet: unknown): void {
    this.#text = typeof packet === 'string' ? packet : '';
    super.add(packet);
  }
}

/** The parser of the socket, as its option `parser` takes it. */
export const rawParser = { Encoder, Decoder: RawDecoder };
