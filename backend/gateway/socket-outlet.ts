import type { Duplex } from 'node:stream';
import type { Socket } from 'socket.io';
import type { Outlet } from './delivery/outlet.ts';
import type { Packet } from './delivery/packet.ts';

/** What may wait in this process for one client before it counts as congested. */
const CONGESTED_PACKETS = 32;
const CONGESTED_BYTES = 64_000;
const OPEN = 1;

/** What Engine.IO has not handed to its transport yet, and that transport. It has no other way to be asked. */
interface EngineInternals {
  writeBuffer: { data?: string | Buffer; options?: { wsPreEncodedFrame?: Buffer[] } }[];
  transport: {
    name: string;
    writable: boolean;
    /** Of a WebSocket: that of ws. */
    socket?: { readyState: number; bufferedAmount: number; _socket?: Duplex };
  };
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
    return this.#inside.writeBuffer.length;
  }

  get waitingBytes(): number {
    const { writeBuffer, transport } = this.#inside;
    let bytes = transport.socket?.bufferedAmount ?? 0;
    for (const { data, options } of writeBuffer)
      bytes += options?.wsPreEncodedFrame?.[0]?.length ?? data?.length ?? 0;
    return bytes;
  }

  get isCongested(): boolean {
    return this.waitingPackets > CONGESTED_PACKETS || this.waitingBytes > CONGESTED_BYTES;
  }

  send(packet: Packet): void {
    const { conn } = this.#socket;
    const { writeBuffer, transport } = this.#inside;
    if (transport.name !== 'websocket') return void conn.write(packet.text, packet.options);
    const { socket } = transport;
    // The frame is every client's, and with nothing before it only has to be written. What Engine.IO and ws do besides
    // takes an eighth of the CPU that a thousand clients cost.
    const isFree = writeBuffer.length === 0 && transport.writable && socket?.readyState === OPEN;
    if (isFree && socket._socket) socket._socket.write(packet.frame);
    else conn.write('', packet.options);
  }

  drop(): void {
    this.#socket.conn.close();
  }

  get #inside(): EngineInternals {
    return this.#socket.conn as unknown as EngineInternals;
  }
}
