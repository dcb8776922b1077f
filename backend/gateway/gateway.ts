import type { Server as HttpServer } from 'node:http';
import { Server, type Namespace, type Socket } from 'socket.io';
import { asRepriseError, refusal, RepriseError, sentence } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { Redis } from '../../core/redis.ts';
import { explain, validator } from '../../schemas/index.ts';
import type {
  Credit,
  Replay,
  ReplayChange,
  ReplayPatch,
  Subscribe,
  Subscribed,
  Unsubscribe,
} from '../../schemas/types.ts';
import { boxProblem, type Box } from './box.ts';
import type { Hub } from './hub.ts';
import { join } from './joining.ts';
import type { Audience } from './news.ts';
import { Stream, type Carrier, type Figures } from './stream.ts';
import { Subscription } from './subscription.ts';

/** Packets that may wait in this process for one client before it counts as congested, and before it is let go. */
const CONGESTED_PACKETS = 32;
const STUCK_PACKETS = 1_000;
const MESSAGE_MAX_BYTES = 100_000;
const SUBSCRIPTIONS_MAX = 200;

/** What a client was let in with. */
export interface Admission {
  /** @throws refusal where it may only look */
  mayControl(): void;
  /** Calls back once the key is nobody's any more; call the answer to stop. */
  onRevoked(revoked: () => void): () => void;
}

export interface GatewayParts {
  redis: Redis;
  hub: Hub;
  log: Logger;
  /** Settles when there is a channel of that name that can be followed. @throws refusal */
  channel(name: string): Promise<unknown>;
  patchReplay(id: string, patch: ReplayPatch): Promise<Replay>;
  /** Whether the connection may be made: its origin, and its key; and what its key allows. @throws refusal */
  admit(handshake: { origin: string | undefined; host: string | undefined; token: unknown }): Admission;
  origins: string[];
}

type Ack = (answer: unknown) => void;

/** Socket.IO, namespace `/live`: channels to clients, and their wishes back. */
export class Gateway {
  readonly #parts: GatewayParts;
  readonly #io: Server;
  readonly #live: Namespace;
  readonly #streams = new Map<string, { stream: Stream; stop: Promise<() => void> }>();
  readonly #figures: Figures = { delivered: 0, conflated: 0, dropped: 0 };
  readonly #carrier: Carrier;

  constructor(http: HttpServer, parts: GatewayParts) {
    this.#parts = parts;
    this.#io = new Server(http, {
      serveClient: false,
      maxHttpBufferSize: MESSAGE_MAX_BYTES,
      cors: { origin: parts.origins },
    });
    this.#live = this.#io.of('/live');
    this.#live.use((socket, next) => {
      const { origin, host } = socket.handshake.headers;
      try {
        const { token } = socket.handshake.auth as { token?: unknown };
        const admission = parts.admit({ origin, host, token });
        (socket.data as { admission: Admission }).admission = admission;
        socket.on(
          'disconnect',
          admission.onRevoked(() => socket.conn.close()),
        );
        next();
      } catch (error) {
        next(Object.assign(new Error(sentence(error)), { data: asRepriseError(error).toProblem() }));
      }
    });
    this.#live.on('connection', (socket) => this.#serve(socket));
    this.#carrier = {
      send: (sockets, event, payload) => void this.#live.to(sockets).emit(event, payload),
      congested: (id) => this.congested(id),
      drop: (id) => this.#live.sockets.get(id)?.conn.close(),
    };
  }

  /** The namespace, for news that all clients get. */
  get live(): Namespace {
    return this.#live;
  }

  /** All clients, for news that concern everybody. */
  get audience(): Audience {
    return {
      all: (event, payload) => {
        const busy = [...this.#live.sockets.keys()].filter((id) => this.congested(id));
        this.#live.except(busy).emit(event, payload);
        return busy;
      },
      one: (socket, event, payload) => void this.#live.to(socket).emit(event, payload),
      congested: (socket) => this.congested(socket),
    };
  }

  get figures(): Figures & { clients: number; channels: number; subscriptions: number } {
    let subscriptions = 0;
    for (const { stream } of this.#streams.values()) subscriptions += stream.subscriptions.size;
    return {
      ...this.#figures,
      clients: this.#live.sockets.size,
      channels: this.#streams.size,
      subscriptions,
    };
  }

  /** Whether what was sent to this client before still waits here: it, or its line, is slow. */
  congested(id: string): boolean {
    return waiting(this.#live.sockets.get(id)) > CONGESTED_PACKETS;
  }

  /**
   * Lets all clients go, in a way after which they come back by themselves. The HTTP server is its owner's to close:
   * Socket.IO would wait for every open answer.
   */
  close(): void {
    for (const { stream } of this.#streams.values()) stream.close();
    this.#io.engine.close();
  }

  #serve(socket: Socket): void {
    const subscriptions = new Map<string, Subscription>();
    const on = <T>(event: string, schema: string, handle: (message: T, ack: Ack) => unknown) => {
      const isValid = validator<T>(schema);
      socket.on(event, async (message: unknown, ack: unknown) => {
        const answer: Ack = typeof ack === 'function' ? (ack as Ack) : () => {};
        // Each message may cause an answer: who sends without reading must not fill the memory.
        if (waiting(socket) > STUCK_PACKETS) return void socket.conn.close();
        try {
          if (!isValid(message)) throw malformed(event, explain(isValid.errors, message));
          await handle(message, answer);
        } catch (error) {
          answer({ error: this.#problem(event, error) });
        }
      });
    };
    on<Subscribe>('subscribe', 'socket/subscribe', (wish, ack) =>
      this.#subscribe(socket, subscriptions, wish, ack),
    );
    on<Unsubscribe>('unsubscribe', 'socket/unsubscribe', ({ channel }, ack) => {
      this.#unsubscribe(subscriptions, channel);
      ack({});
    });
    on<Credit>('credit', 'socket/credit', ({ channel, offset, epoch }) => {
      subscriptions.get(channel)?.credit(offset, epoch);
    });
    on<ReplayChange>('replay', 'socket/replay-change', async ({ id, ...patch }, ack) => {
      (socket.data as { admission: Admission }).admission.mayControl();
      ack(await this.#parts.patchReplay(id, patch));
    });
    socket.on('disconnect', () => {
      for (const channel of [...subscriptions.keys()]) this.#unsubscribe(subscriptions, channel);
    });
  }

  async #subscribe(
    socket: Socket,
    subscriptions: Map<string, Subscription>,
    wish: Subscribe,
    ack: (answer: Subscribed) => void,
  ): Promise<void> {
    const problem = wish.bbox && boxProblem(wish.bbox as Box);
    if (problem) throw malformed('subscribe', `bbox: ${problem}`);
    await this.#parts.channel(wish.channel);
    this.#unsubscribe(subscriptions, wish.channel);
    if (subscriptions.size >= SUBSCRIPTIONS_MAX) {
      throw refusal('subscriptions_too_many', 429, `A client can follow ${SUBSCRIPTIONS_MAX} channels.`, {
        hint: 'Unsubscribe from one first.',
      });
    }
    if (!socket.connected) return;
    const subscription = new Subscription(socket.id, wish);
    subscriptions.set(wish.channel, subscription);
    const { stream, stop } = this.#stream(wish.channel);
    stream.add(subscription);
    try {
      await stop;
      await join(this.#parts.redis, stream, subscription, wish.since, ack);
    } catch (error) {
      if (subscriptions.get(wish.channel) === subscription) this.#unsubscribe(subscriptions, wish.channel);
      throw error;
    }
  }

  #unsubscribe(subscriptions: Map<string, Subscription>, channel: string): void {
    const subscription = subscriptions.get(channel);
    const entry = this.#streams.get(channel);
    subscriptions.delete(channel);
    if (!subscription || !entry) return;
    entry.stream.remove(subscription);
    if (entry.stream.subscriptions.size > 0) return;
    this.#streams.delete(channel);
    entry.stop.then(
      (stop) => stop(),
      () => {},
    );
  }

  #stream(channel: string): { stream: Stream; stop: Promise<() => void> } {
    let entry = this.#streams.get(channel);
    if (!entry) {
      const stream = new Stream(channel, this.#carrier, this.#figures);
      entry = { stream, stop: this.#parts.hub.watch(channel, stream) };
      this.#streams.set(channel, entry);
    }
    return entry;
  }

  #problem(event: string, error: unknown): object {
    const ours = error instanceof RepriseError && error.kind !== 'invariant';
    if (!ours) this.#parts.log.error({ event, err: error }, sentence(error));
    const shown = ours
      ? error
      : new RepriseError('failure', 'unexpected', 500, 'Something went wrong here that should not.');
    return shown.toProblem();
  }
}

function waiting(socket: Socket | undefined): number {
  return (socket?.conn as unknown as { writeBuffer: unknown[] } | undefined)?.writeBuffer.length ?? 0;
}

function malformed(event: string, detail: string): RepriseError {
  return refusal('message_invalid', 422, `${event}: ${detail}.`, {
    hint: 'GET /api/v1/asyncapi.json says what a message looks like.',
  });
}
