import { once } from 'node:events';
import type { Call } from './route.ts';

const HEARTBEAT_MS = 15_000;

/** A Server-Sent Events answer. Who writes waits until the reader takes it, or asks before: nothing piles up here. */
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

  /** False for HEAD: headers are all there is to say. */
  get open(): boolean {
    return !this.#call.signal.aborted && this.#call.request.method !== 'HEAD';
  }

  /** `data` is one line of JSON text. Settles when the reader has room for more; never throws. */
  async send(message: { data: string; id?: string; event?: string }): Promise<void> {
    const { response, signal } = this.#call;
    if (signal.aborted) return;
    const text = `${message.id ? `id: ${message.id}\n` : ''}${message.event ? `event: ${message.event}\n` : ''}data: ${message.data}\n\n`;
    if (!response.write(text)) await once(response, 'drain', { signal }).catch(() => {});
  }

  /** Whole messages, without waiting. */
  write(messages: Buffer): void {
    if (!this.#call.signal.aborted) this.#call.response.write(messages);
  }

  /** What was written and waits for the reader. */
  get waitingBytes(): number {
    return this.#call.response.writableLength;
  }

  /** Hangs up, so that the reader comes back. */
  drop(): void {
    this.#call.response.destroy();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#call.response.end();
  }
}
