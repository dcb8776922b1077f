import { createServer } from 'node:net';

/** Whether a server could listen on the port now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return listenOnce(port, host).then(
    () => true,
    () => false,
  );
}

/** The first free port from `first` upwards; any free one for 0. */
export async function freePort(first = 0, host = '127.0.0.1'): Promise<number> {
  if (first === 0) return listenOnce(0, host);
  for (let port = first; port < first + 1_000; port++) if (await isFree(port, host)) return port;
  return listenOnce(0, host);
}

function listenOnce(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
