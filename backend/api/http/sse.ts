import { once } from 'node:events';
import type { Call } from './route.ts';

const HEARTBEAT_MS = 15_000;

/** A response of Server-Sent Events. Writers wait for `send`, or check `waitingBytes` first, so that nothing piles up. */
export class EventStream {
  readonly #call: Call<unknown, unknown>;
  readonly #timer: NodeJS.Timeout;

  constructor(call: Call<unknown, unknown>) {
    this.#call = call;
    const { response } = call;
    response.set({
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders();
    response.write('retry: 1000\n\n');
    this.#timer = setInterval(() => {
      if (!response.writableNeedDrain) response.write(':\n\n');
    }, HEARTBEAT_MS);
    call.signal.addEventListener('abort', () => clearInterval(this.#timer));
  }

  /** Whether the reader is connected and wants messages; false for HEAD, which wants headers only. */
  get open(): boolean {
    return !this.#call.signal.aborted && this.#call.request.method !== 'HEAD';
  }

  /** Sends a message; `data` is one line of JSON text. Resolves once the reader has room for more; never throws. */
  async send(message: { data: string; id?: string; event?: string }): Promise<void> {
    const { response, signal } = this.#call;
    if (signal.aborted) return;
    const text = `${message.id ? `id: ${message.id}\n` : ''}${message.event ? `event: ${message.event}\n` : ''}data: ${message.data}\n\n`;
    if (!response.write(text)) await once(response, 'drain', { signal }).catch(() => {});
  }

  /** Writes serialized messages, without waiting. */
  write(messages: Buffer): void {
    if (!this.#call.signal.aborted) this.#call.response.write(messages);
  }

  /** Bytes written that the reader has not taken yet. */
  get waitingBytes(): number {
    return this.#call.response.writableLength;
  }

  /** Closes the connection abruptly, so that the reader reconnects. */
  drop(): void {
    this.#call.response.destroy();
  }

  /** Ends the response. */
  end(): void {
    clearInterval(this.#timer);
    this.#call.response.end();
  }
}
