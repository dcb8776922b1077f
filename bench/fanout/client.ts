import { connect, type Socket } from 'node:net';

const CREDIT_EVENTS = 1_000;
const CREDIT_MS = 1_000;
const BATCH = /^42\/live,\["batch",\{"channel":"([^"]*)","epoch":(\d+),"from":(\d+),"to":(\d+)/;
const LEFT_OUT = /"conflated":(\d+),"dropped":(\d+)\}\]$/;
const SENT = Buffer.from('"sent":"');
const SENT_LENGTH = '2026-01-01T00:00:00.000Z'.length;

/** What clients have received. */
export interface Tally {
  events: number;
  bytes: number;
  conflated: number;
  /** Events that a client missed. */
  lost: number;
  /** Time from publication to receipt, ms, for the clients that measure it. */
  latenciesMs: number[];
}

/**
 * A minimal Socket.IO client on a TCP connection: the necessary parts of WebSocket (RFC 6455), Engine.IO 4 and Socket.IO
 * 5. It reads only the needed part of a packet, so that a thousand clients cost little.
 */
export class Client {
  /** Settles when the server has accepted it and, on `/live`, has acknowledged its subscription. */
  readonly ready: Promise<void>;
  readonly #socket: Socket;
  readonly #tally: Tally;
  readonly #subscribe: string | null;
  readonly #measures: boolean;
  #rest: Buffer | null = null;
  #upgraded = false;
  #isReady: () => void = () => {};
  #last = 0;
  #credited = 0;
  #creditedMs = performance.now();

  /** `channel`: follows it through the gateway; null: receives what a plain server emits. `measures`: records the delay of each event. */
  constructor(port: number, channel: string | null, tally: Tally, measures: boolean) {
    this.#tally = tally;
    this.#measures = measures;
    this.#subscribe = channel && `42/live,0["subscribe",{"channel":"${channel}"}]`;
    // `onread` reuses one buffer and creates no stream chunks.
    const onread = { buffer: shared, callback: (bytes: number) => this.#read(bytes) };
    this.#socket = connect({ port, host: '127.0.0.1', onread }, () => this.#upgrade());
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = resolve;
      this.#socket.on('error', reject);
    });
  }

  /** Stops reading, but keeps the connection open. */
  freeze(): void {
    this.#socket.pause();
  }

  #upgrade(): void {
    this.#socket.setNoDelay();
    this.#socket.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n' +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
  }

  #read(count: number): boolean {
    let bytes: Buffer = shared.subarray(0, count);
    if (this.#rest) bytes = Buffer.concat([this.#rest, bytes]);
    this.#rest = null;
    let at = 0;
    if (!this.#upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end !== -1) this.#upgraded = true;
      at = end === -1 ? 0 : end + 4;
    }
    while (this.#upgraded && at + 2 <= bytes.length) {
      const short = bytes[at + 1]! & 127;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (start > bytes.length) break;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUIntBE(at + 4, 6);
      if (start + length > bytes.length) break;
      this.#take(bytes.subarray(start, start + length));
      at = start + length;
    }
    // All clients share the buffer, so an incomplete packet is copied.
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
    return true;
  }

  #take(packet: Buffer): void {
    const [engine, kind] = packet;
    if (engine === CODE['0']) this.#send(this.#subscribe ? '40/live,' : '40');
    else if (engine === CODE['2']) this.#send('3');
    else if (engine !== CODE['4']) return;
    else if (kind === CODE['0'] && this.#subscribe) this.#send(this.#subscribe);
    else if (kind === CODE['0'] || kind === CODE['3']) this.#isReady();
    else if (kind === CODE['2']) this.#count(packet);
  }

  #count(packet: Buffer): void {
    const tally = this.#tally;
    if (this.#subscribe) {
      const batch = BATCH.exec(packet.toString('latin1', 0, 200));
      if (!batch) return;
      const [from, to] = [Number(batch[3]), Number(batch[4])];
      const [, conflated, dropped] = LEFT_OUT.exec(packet.toString('latin1', packet.length - 80))!.map(
        Number,
      );
      tally.events += to - from + 1 - conflated! - dropped!;
      tally.conflated += conflated!;
      tally.lost += dropped! + (this.#last === 0 ? 0 : from - this.#last - 1);
      this.#last = to;
      this.#credit(batch[1]!, batch[2]!, to);
    } else tally.events++;
    tally.bytes += packet.length;
    if (this.#measures) measure(packet, tally.latenciesMs);
  }

  #credit(channel: string, epoch: string, offset: number): void {
    const now = performance.now();
    if (offset - this.#credited < CREDIT_EVENTS && now - this.#creditedMs < CREDIT_MS) return;
    this.#credited = offset;
    this.#creditedMs = now;
    this.#send(`42/live,["credit",{"channel":"${channel}","epoch":${epoch},"offset":${offset}}]`);
  }

  /** A masked text frame; a mask of zeros leaves the text as it is. */
  #send(text: string): void {
    const payload = Buffer.from(text);
    const head =
      payload.length < 126
        ? [0x81, 0x80 | payload.length]
        : [0x81, 0xfe, payload.length >> 8, payload.length & 255];
    this.#socket.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]));
  }
}

/** The read buffer that all clients of this process share. */
const shared = Buffer.allocUnsafe(1 << 18);
const CODE = { 0: 48, 2: 50, 3: 51, 4: 52 } as const;

function measure(packet: Buffer, latenciesMs: number[]): void {
  const now = Date.now();
  for (let at = packet.indexOf(SENT); at !== -1; at = packet.indexOf(SENT, at)) {
    at += SENT.length;
    latenciesMs.push(now - Date.parse(packet.toString('latin1', at, at + SENT_LENGTH)));
  }
}
