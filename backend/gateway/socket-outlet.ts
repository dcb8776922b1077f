import type { Socket } from 'socket.io';
import type { Outlet } from './outlet.ts';
import type { Packet } from './packet.ts';

/** What may wait in this process for one client before it counts as congested. */
const CONGESTED_PACKETS = 32;
const CONGESTED_BYTES = 64_000;

/** What Engine.IO has not handed to its transport yet. It has no other way to be asked. */
interface Waiting {
  writeBuffer: { data?: string | Buffer; options?: { wsPreEncodedFrame?: Buffer[] } }[];
}

/** A client of Socket.IO. */
export class SocketOutlet implements Outlet {
  readonly isCredited = true;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Packets that wait for the transport. */
  get waitingPackets(): number {
    return (this.#socket.conn as unknown as Waiting).writeBuffer.length;
  }

  get waitingBytes(): number {
    const { transport } = this.#socket.conn as { transport: { socket?: { bufferedAmount?: number } } };
    let bytes = transport.socket?.bufferedAmount ?? 0;
    for (const { data, options } of (this.#socket.conn as unknown as Waiting).writeBuffer)
      bytes += options?.wsPreEncodedFrame?.[0]?.length ?? data?.length ?? 0;
    return bytes;
  }

  get isCongested(): boolean {
    return this.waitingPackets > CONGESTED_PACKETS || this.waitingBytes > CONGESTED_BYTES;
  }

  send(packet: Packet): void {
    const { conn } = this.#socket;
    // A WebSocket takes the frame, which is every client's; only another transport needs the text.
    conn.write(conn.transport.name === 'websocket' ? '' : packet.text, packet.frame);
  }

  drop(): void {
    this.#socket.conn.close();
  }
}
