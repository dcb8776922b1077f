import { once } from 'node:events';
import type { ChannelSpec } from '../../../core/wire/channels.ts';
import type { MarkedPosition } from '../../../core/wire/mark.ts';
import { Client } from '../../gateway/streams/client.ts';
import type { SubscriptionOptions } from '../../gateway/delivery/audience.ts';
import type { Outlet } from '../../gateway/delivery/outlet.ts';
import type { Packet } from '../../gateway/delivery/packet.ts';
import type { Streams } from '../../gateway/streams/streams.ts';
import type { EventStream } from '../http/sse.ts';

/** A reader that has more than this waiting counts as congested. */
const CONGESTED_BYTES = 64_000;

let count = 0;

interface ChannelFollow {
  streams: Streams;
  spec: ChannelSpec;
  options: SubscriptionOptions;
  /** The position after which the reader resumes; without one it starts with the next event. */
  since: MarkedPosition | undefined;
  signal: AbortSignal;
  stream: EventStream;
}

/**
 * Sends the events of a channel as Server-Sent Events, each once and in order, until the signal is aborted. A reader that wants
 * every event and falls behind gets them from the log, and a gap for those that have left the log.
 * @throws failure of Redis
 */
export async function followChannel({
  streams,
  spec,
  options,
  since,
  signal,
  stream,
}: ChannelFollow): Promise<void> {
  const client = new Client(`events-${++count}`, 'events', new EventsOutlet(stream));
  streams.clients.add(client);
  try {
    const gone = once(signal, 'abort');
    await streams.follow(client, spec, { options, since });
    if (!signal.aborted) await gone;
  } finally {
    streams.forget(client);
  }
}

/** The connection to a reader of Server-Sent Events. */
class EventsOutlet implements Outlet {
  readonly isCredited = false;
  readonly #stream: EventStream;

  constructor(stream: EventStream) {
    this.#stream = stream;
  }

  get waitingBytes(): number {
    return this.#stream.waitingBytes;
  }

  get isCongested(): boolean {
    return this.waitingBytes > CONGESTED_BYTES;
  }

  send(packet: Packet): void {
    this.#stream.write(packet.message);
  }

  drop(): void {
    this.#stream.drop();
  }
}
