import { connect } from 'node:net';

/** Sends these bytes to an address as they are, and returns the status of the answer; 0: the connection was closed without one. */
export function rawStatus(url: string, request: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => socket.write(request));
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
      if (/^HTTP\/1\.[01] \d{3}/.test(text)) socket.destroy();
    });
    socket.on('close', () => resolve(Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0)));
    socket.on('error', reject);
  });
}

/** A request without a body, with exactly these header lines. */
export function rawRequest(method: string, target: string, headers: string[]): string {
  return [`${method} ${target} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n');
}

/** The header lines of a WebSocket handshake. */
export const UPGRADE = [
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
