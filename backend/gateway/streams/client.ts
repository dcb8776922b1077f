import type { Client as ClientStatus } from '../../../schemas/types.ts';
import type { Outlet } from '../delivery/outlet.ts';
import type { Stream } from './stream.ts';
import type { Subscription } from '../delivery/subscription.ts';

/** A client that follows channels: a Socket.IO connection, or one reader of Server-Sent Events. */
export class Client {
  readonly id: string;
  readonly kind: ClientStatus['kind'];
  readonly outlet: Outlet;
  /** By channel. */
  readonly followed = new Map<string, { stream: Stream; subscription: Subscription }>();
  readonly #connected = new Date().toISOString();

  constructor(id: string, kind: ClientStatus['kind'], outlet: Outlet) {
    this.id = id;
    this.kind = kind;
    this.outlet = outlet;
  }

  get status(): ClientStatus {
    return {
      id: this.id,
      kind: this.kind,
      connected: this.#connected,
      waitingBytes: this.outlet.waitingBytes,
      subscriptions: [...this.followed].map(([channel, { stream, subscription }]) => ({
        channel,
        mode: subscription.audience.mode,
        state: subscription.state as Exclude<Subscription['state'], 'closed'>,
        epoch: subscription.cursor.epoch,
        offset: subscription.cursor.offset,
        ...subscription.ledger(stream.tail),
      })),
    };
  }
}
