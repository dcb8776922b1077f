import type { Packet } from './packet.ts';

/** The connection to one client. */
export interface Outlet {
  /** Bytes that wait in this process because the client does not read them. */
  readonly waitingBytes: number;
  /** Whether so much waits that nothing should be added. */
  readonly isCongested: boolean;
  /** Whether the client confirms with `credit` what it has handled. */
  readonly isCredited: boolean;
  send(packet: Packet): void;
  /** Closes the connection, so that the client reconnects and resumes, or learns that it can't. */
  drop(): void;
}
