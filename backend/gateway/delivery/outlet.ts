import type { Packet } from './packet.ts';

/** How packets reach one client. */
export interface Outlet {
  /** Bytes that wait in this process, because the client does not take them. */
  readonly waitingBytes: number;
  /** Whether so much waits that nothing should be added. */
  readonly isCongested: boolean;
  /** Whether the client says by `credit` what it has dealt with. */
  readonly isCredited: boolean;
  send(packet: Packet): void;
  /** Ends the connection, so that the client comes back and resumes, or learns that it can't. */
  drop(): void;
}
