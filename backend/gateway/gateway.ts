import type { Server as HttpServer } from 'node:http';
import { Server, type Namespace, type Socket } from 'socket.io';
import type { ChannelSpec } from '../../core/wire/channels.ts';
import { asRepriseError, refusal, RepriseError, sentence } from '../../core/problems/errors.ts';
import type { Logger } from '../../core/logging/log.ts';
import { explain, validator } from '../../schemas/index.ts';
import type {
  Credit,
  Replay,
  ReplayChange,
  ReplayPatch,
  Subscribe,
  Unsubscribe,
} from '../../schemas/types.ts';
import { boxProblem, type Box } from './delivery/bounding-box.ts';
import { Client } from './client.ts';
import type { Audience } from './status-news.ts';
import { NAMESPACE } from './delivery/packet.ts';
import { SocketOutlet } from './socket-outlet.ts';
import type { Streams } from './streams.ts';

/** Packets that may wait for a client that goes on asking before it is let go. */
const STUCK_PACKETS = 1_000;
const MESSAGE_MAX_BYTES = 100_000;

/** What a client was let in with. */
export interface Admission {
  /** @throws refusal where it may only look */
  mayControl(): void;
  /** Calls back once the key is nobody's any more; call the answer to stop. */
  onRevoked(revoked: () => void): () => void;
}

export interface GatewayParts {
  streams: Streams;
  log: Logger;
  /** The channel of that name, if it can be followed. @throws refusal */
  channel(name: string): Promise<ChannelSpec>;
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
  readonly #outlets = new Map<string, SocketOutlet>();

  constructor(http: HttpServer, parts: GatewayParts) {
    this.#parts = parts;
    this.#io = new Server(http, {
      serveClient: false,
      maxHttpBufferSize: MESSAGE_MAX_BYTES,
      cors: { origin: parts.origins },
    });
    this.#live = this.#io.of(NAMESPACE);
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
  }

  /** The namespace, for news that all clients get. */
  get live(): Namespace {
    return this.#live;
  }

  /** All clients, for news that concern everybody. */
  get audience(): Audience {
    const congested = (socket: string) => this.#outlets.get(socket)?.isCongested ?? false;
    return {
      all: (event, payload) => {
        const busy = [...this.#outlets.keys()].filter(congested);
        this.#live.except(busy).emit(event, payload);
        return busy;
      },
      one: (socket, event, payload) => void this.#live.to(socket).emit(event, payload),
      congested,
    };
  }

  /**
   * Lets all clients go, in a way after which they come back by themselves. The HTTP server is its owner's to close:
   * Socket.IO would wait for every open answer.
   */
  close(): void {
    this.#io.engine.close();
  }

  #serve(socket: Socket): void {
    const { streams } = this.#parts;
    const outlet = new SocketOutlet(socket);
    const client = new Client(socket.id, 'socket', outlet);
    this.#outlets.set(socket.id, outlet);
    streams.clients.add(client);
    const on = <T>(event: string, schema: string, handle: (message: T, ack: Ack) => unknown) => {
      const isValid = validator<T>(schema);
      socket.on(event, async (message: unknown, ack: unknown) => {
        const answer: Ack = typeof ack === 'function' ? (ack as Ack) : () => {};
        // Each message may cause an answer: who sends without reading must not fill the memory.
        if (outlet.waitingPackets > STUCK_PACKETS) return outlet.drop();
        try {
          if (!isValid(message)) throw malformed(event, explain(isValid.errors, message));
          await handle(message, answer);
        } catch (error) {
          answer({ error: this.#problem(event, error) });
        }
      });
    };
    on<Subscribe>('subscribe', 'socket/subscribe', async (message, ack) => {
      const { mode = 'stream', subjects, maxHz, since } = message;
      const box = message.bbox as Box | undefined;
      const problem = box && boxProblem(box);
      if (problem) throw malformed('subscribe', `bbox: ${problem}`);
      const spec = await this.#parts.channel(message.channel);
      if (!socket.connected) return;
      await streams.follow(client, spec, { wish: { mode, subjects, box, maxHz }, since, joined: ack });
    });
    on<Unsubscribe>('unsubscribe', 'socket/unsubscribe', ({ channel }, ack) => {
      streams.leave(client, channel);
      ack({});
    });
    on<Credit>('credit', 'socket/credit', ({ channel, offset, epoch }) => {
      client.followed.get(channel)?.subscription.account.credit(offset, epoch);
    });
    on<ReplayChange>('replay', 'socket/replay-change', async ({ id, ...patch }, ack) => {
      (socket.data as { admission: Admission }).admission.mayControl();
      ack(await this.#parts.patchReplay(id, patch));
    });
    socket.on('disconnect', () => {
      this.#outlets.delete(socket.id);
      streams.forget(client);
    });
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

function malformed(event: string, detail: string): RepriseError {
  return refusal('message_invalid', 422, `${event}: ${detail}.`, {
    hint: 'GET /api/v1/asyncapi.json says what a message looks like.',
  });
}
