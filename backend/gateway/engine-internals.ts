import type { Duplex } from 'node:stream';
import { invariant } from '../../core/problems/errors.ts';

/** `readyState` of an open WebSocket. */
export const WS_OPEN = 1;

/**
 * The private members of an Engine.IO connection that the gateway reads: what has not been handed to the transport yet, and
 * the transport itself. Neither Engine.IO nor ws offers them publicly, so package.json pins both to exact versions.
 */
export interface EngineInternals {
  writeBuffer: { data?: string | Buffer; options?: { wsPreEncodedFrame?: Buffer[] } }[];
  transport: {
    name: string;
    writable: boolean;
    /** For the transport `websocket`: the WebSocket of ws. */
    socket?: { readyState: number; bufferedAmount: number; _socket?: Duplex };
  };
}

/**
 * A connection's internals, checked.
 * @throws RepriseError (invariant) if the connection is not built as Engine.IO 6.6 and ws 8 build it
 */
export function internalsOf(connection: object): EngineInternals {
  if (isExpected(connection)) return connection;
  throw invariant('The connections of engine.io and ws are not built as the gateway expects.', {
    hint: 'Install the versions that package.json pins (npm ci), or adapt backend/gateway/engine-internals.ts.',
  });
}

function isExpected(connection: object): connection is EngineInternals {
  const { writeBuffer, transport } = connection as Partial<EngineInternals>;
  if (!Array.isArray(writeBuffer) || typeof transport?.name !== 'string') return false;
  if (typeof transport.writable !== 'boolean') return false;
  if (transport.name !== 'websocket') return true;
  const { socket } = transport;
  if (typeof socket?.readyState !== 'number' || typeof socket.bufferedAmount !== 'number') return false;
  return socket.readyState !== WS_OPEN || typeof socket._socket?.write === 'function';
}
