import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { Server, type Namespace, type Socket } from 'socket.io';
import type { ChannelSpec } from '../../core/wire/channels.ts';
import {
  asRepriseError,
  refusal,
  sentence,
  shownError,
  type RepriseError,
} from '../../core/problems/errors.ts';
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
import { boxProblem, type BoundingBox } from './delivery/bounding-box.ts';
import { Client } from './streams/client.ts';
import type { Broadcast, Shown } from './status-news.ts';
import { lineParser } from './delivery/event-lines.ts';
import { NAMESPACE } from './delivery/packet.ts';
import { SocketOutlet } from './socket-outlet.ts';
import type { Streams } from './streams/streams.ts';

/** A client that goes on asking while this many packets wait for it is disconnected. */
const STUCK_PACKETS = 1_000;
const MESSAGE_MAX_BYTES = 100_000;
/** A connection that has not joined the namespace by then is closed. */
const JOIN_MS = 10_000;

/** What the key of a client allows. */
export interface Admission {
  /** @throws refusal if the client may not read this channel, as its key is now */
  mayRead(channel: string): void;
  /** Whether messages that name these channels may be sent to the client. */
  maySee(channels: readonly string[] | null): boolean;
  /** Whether there are channels that the client may not read. */
  readonly isLimited: boolean;
  /** Changes a replay. @throws refusal if the client may not */
  patchReplay(id: string, patch: ReplayPatch): Promise<Replay>;
  /** Calls back when the key has changed, with whether it still exists. */
  onChanged(changed: (exists: boolean) => void): void;
  /** Called at the end of the connection. */
  left(): void;
}

export interface GatewayDependencies {
  streams: Streams;
  log: Logger;
  /** The channel of that name. @throws refusal if it can't be followed */
  channel(name: string): Promise<ChannelSpec>;
  /** Checks each request of the transport, before anything is read from it. @throws refusal */
  checkRequest(request: IncomingMessage): void;
  /** Counts a connection; call the returned function at its end. @throws refusal if there are too many */
  connected(request: IncomingMessage): () => void;
  /** Checks where a connection comes from, and its key; returns what the key allows. @throws refusal */
  admit(handshake: { request: IncomingMessage; token: unknown }): Promise<Admission>;
  origins: string[];
}

/** A connection of Engine.IO. */
type EngineSocket = Socket['conn'];

type Ack = (answer: unknown) => void;

/** What belongs to one connection. */
interface Connection {
  admission: Admission;
  outlet: SocketOutlet;
}

/** The Socket.IO namespace `/live`: clients subscribe to channels, are sent events, and control replays. */
export class Gateway {
  readonly #dependencies: GatewayDependencies;
  readonly #io: Server;
  readonly #live: Namespace;
  readonly #outlets = new Map<string, SocketOutlet>();

  constructor(http: HttpServer, dependencies: GatewayDependencies) {
    this.#dependencies = dependencies;
    this.#io = new Server(http, {
      serveClient: false,
      parser: lineParser,
      maxHttpBufferSize: MESSAGE_MAX_BYTES,
      cors: { origin: dependencies.origins },
      connectTimeout: JOIN_MS,
    });
    this.#io.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      try {
        dependencies.checkRequest(request);
      } catch (error) {
        return refuse(request, response, this.#shown('request', error));
      }
      next();
    });
    this.#io.engine.on('connection', (connection: EngineSocket) => {
      try {
        connection.on('close', dependencies.connected(connection.request));
      } catch {
        connection.close();
      }
    });
    // Nothing is there, and a connection to it would not need a key.
    this.#io.of('/').use((socket, next) => {
      const problem = refusal('unauthorized', 'The namespace / is closed.', {
        hint: `Connect to the namespace ${NAMESPACE}.`,
      }).toProblem();
      next(Object.assign(new Error(problem.title), { data: problem }));
      closeAfterReason(socket);
    });
    this.#live = this.#io.of(NAMESPACE);
    this.#live.use((socket, next) => void this.#admit(socket, next));
    this.#live.on('connection', (socket) => this.#serve(socket));
  }

  async #admit(socket: Socket, next: (error?: Error) => void): Promise<void> {
    try {
      const { token } = socket.handshake.auth as { token?: unknown };
      const outlet = new SocketOutlet(socket);
      const admission = await this.#dependencies.admit({ request: socket.request, token });
      Object.assign(socket.data as object, { admission, outlet } satisfies Connection);
      socket.conn.on('close', () => admission.left());
      // It may have gone meanwhile.
      if (socket.conn.readyState === 'closed') admission.left();
      next();
    } catch (error) {
      const shown = this.#shown('connect', error);
      next(Object.assign(new Error(sentence(shown)), { data: shown.toProblem() }));
      closeAfterReason(socket);
    }
  }

  /** The namespace that clients connect to. */
  get live(): Namespace {
    return this.#live;
  }

  /** Reaches all clients at once. */
  get broadcast(): Broadcast {
    const congested = (socket: string) => this.#outlets.get(socket)?.isCongested ?? false;
    return {
      all: (event, payload, shown) => {
        const busy = [...this.#outlets.keys()].filter(congested);
        const limited = [...this.#live.sockets.values()].filter((each) => admissionOf(each).isLimited);
        this.#live.except([...busy, ...limited.map(({ id }) => id)]).emit(event, payload);
        for (const socket of limited) if (!congested(socket.id)) tell(socket, event, payload, shown);
        return busy;
      },
      one: (id, event, payload, shown) => {
        const socket = this.#live.sockets.get(id);
        if (socket) tell(socket, event, payload, shown);
      },
      congested,
    };
  }

  /**
   * Disconnects all clients in a way that makes them reconnect. The HTTP server stays open, since Socket.IO would wait for
   * every response under way; its owner closes it.
   */
  close(): void {
    this.#io.engine.close();
  }

  #serve(socket: Socket): void {
    const { streams } = this.#dependencies;
    const { admission, outlet } = socket.data as Connection;
    const client = new Client(socket.id, 'socket', outlet);
    this.#outlets.set(socket.id, outlet);
    streams.clients.add(client);
    const on = <T>(event: string, schema: string, handle: (message: T, ack: Ack) => unknown) => {
      const isValid = validator<T>(schema);
      socket.on(event, async (message: unknown, ack: unknown) => {
        const answer: Ack = typeof ack === 'function' ? (ack as Ack) : () => {};
        // Each message may cause an answer; a client that sends without reading must not fill the memory.
        if (outlet.waitingPackets > STUCK_PACKETS) return outlet.drop();
        try {
          if (!isValid(message)) throw malformed(event, explain(isValid.errors, message));
          await handle(message, answer);
        } catch (error) {
          answer({ error: this.#shown(event, error).toProblem() });
        }
      });
    };
    on<Subscribe>('subscribe', 'socket/subscribe', async (message, ack) => {
      const { mode = 'stream', subjects, maxHz, since } = message;
      const box = message.bbox as BoundingBox | undefined;
      const problem = box && boxProblem(box);
      if (problem) throw malformed('subscribe', `bbox: ${problem}`);
      admission.mayRead(message.channel);
      const spec = await this.#dependencies.channel(message.channel);
      if (!socket.connected) return;
      await streams.follow(client, spec, { options: { mode, subjects, box, maxHz }, since, joined: ack });
    });
    on<Unsubscribe>('unsubscribe', 'socket/unsubscribe', ({ channel }, ack) => {
      streams.leave(client, channel);
      ack({});
    });
    on<Credit>('credit', 'socket/credit', ({ channel, offset, epoch }) => {
      client.followed.get(channel)?.subscription.account.credit(offset, epoch);
    });
    on<ReplayChange>('replay', 'socket/replay-change', async ({ id, ...patch }, ack) => {
      ack(await admission.patchReplay(id, patch));
    });
    admission.onChanged((exists) => {
      // A client that has lost a channel learns of it when it comes back.
      if (!exists || !admission.maySee([...client.followed.keys()])) socket.conn.close();
    });
    socket.on('disconnect', () => {
      this.#outlets.delete(socket.id);
      streams.forget(client);
    });
  }

  /** The error as the client may see it; the log has the rest. */
  #shown(event: string, error: unknown): RepriseError {
    if (asRepriseError(error).kind === 'invariant')
      this.#dependencies.log.error({ event, err: error }, sentence(error));
    return shownError(error);
  }
}

const admissionOf = (socket: Socket): Admission => (socket.data as Connection).admission;

/** Sends one client the part of a message that it may see. */
function tell(socket: Socket, event: string, payload: unknown, shown: Shown): void {
  const admission = admissionOf(socket);
  const part = admission.isLimited ? shown((channels) => admission.maySee(channels)) : payload;
  if (part !== null) socket.emit(event, part);
}

/** Closes a refused connection, which could otherwise stay open. Socket.IO sends the reason in the next tick. */
function closeAfterReason(socket: Socket): void {
  setImmediate(() => socket.conn.close());
}

/** Answers a request of the transport with a problem. Engine.IO's response to an upgrade writes nothing. */
function refuse(request: IncomingMessage, response: ServerResponse, error: RepriseError): void {
  const problem = error.toProblem();
  const body = JSON.stringify(problem);
  const headers = { 'Content-Type': 'application/problem+json', 'Content-Length': Buffer.byteLength(body) };
  if (request.headers.upgrade === undefined)
    return void response.writeHead(problem.status, headers).end(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${problem.status} Refused`, ...lines, 'Connection: close'];
  request.socket.end([...head, '', body].join('\r\n'));
}

function malformed(event: string, detail: string): RepriseError {
  return refusal('message_invalid', `${event}: ${detail}.`, {
    hint: 'GET /api/v1/asyncapi.json describes all messages.',
  });
}
