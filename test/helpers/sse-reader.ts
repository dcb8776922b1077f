import http, { type IncomingMessage } from 'node:http';

interface Message {
  id?: string;
  event?: string;
  data: string;
}

/** A reader of Server-Sent Events that can stop reading without hanging up. */
export class SseReader {
  readonly messages: Message[] = [];
  readonly response: IncomingMessage;
  #rest = '';

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
  }

  static open(url: string, headers: { [name: string]: string } = {}): Promise<SseReader> {
    return new Promise((resolve, reject) => {
      http
        .get(url, { headers, agent: false }, (response) => resolve(new SseReader(response)))
        .on('error', reject);
    });
  }

  get ids(): string[] {
    return this.messages.filter(({ event }) => event === undefined).map(({ id }) => id!);
  }

  /** The ids of the events without their marks. */
  get positions(): string[] {
    return this.ids.map((id) => id.split('-').slice(0, 2).join('-'));
  }

  close(): void {
    this.response.destroy();
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      );
      if (fields['data'] !== undefined) this.messages.push(fields as unknown as Message);
    }
  }
}
