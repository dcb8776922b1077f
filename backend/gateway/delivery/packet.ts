import { positionText } from '../../../core/wire/event.ts';
import { markOf } from '../../../core/wire/mark.ts';
import type { LogEntry } from '../log/log-slice.ts';

/** The Socket.IO namespace of the gateway. */
export const NAMESPACE = '/live';

interface BatchContent {
  channel: string;
  epoch: number;
  from: number;
  to: number;
  entries: LogEntry[];
  conflated: number;
  dropped: number;
  /** The event at `to`, whether or not it is in the batch; undefined if it is not known. */
  last: LogEntry | undefined;
}

interface GapContent {
  channel: string;
  epoch: number;
  from: number;
  to: number;
  reason: string;
}

/** What is kept of a packet until the client has credited it. */
export interface Receipt {
  epoch: number;
  to: number;
  /** Number of events in the packet. */
  count: number;
}

/** A `batch` or a `gap` message. Serialized at most once in each form, however many clients get it. */
export class Packet {
  readonly receipt: Receipt;
  readonly #parts: BatchContent | GapContent;
  #text: string | undefined;
  #frame: Buffer | undefined;
  #message: Buffer | undefined;

  constructor(parts: BatchContent | GapContent) {
    const { epoch, to } = parts;
    this.receipt = { epoch, to, count: 'entries' in parts ? parts.entries.length : 0 };
    this.#parts = parts;
  }

  /** As a Socket.IO packet. */
  get text(): string {
    return (this.#text ??= this.#write());
  }

  /** As a WebSocket frame that holds the Socket.IO packet. */
  get frame(): Buffer {
    return (this.#frame ??= frameOf(`4${this.#text ?? this.#write()}`));
  }

  /** Write options that make Engine.IO send the prepared frame. */
  get options(): { compress: false; wsPreEncodedFrame: [Buffer] } {
    return { compress: false, wsPreEncodedFrame: [this.frame] };
  }

  /** As Server-Sent Events: one for each event, after one that tells what was left out. */
  get message(): Buffer {
    return (this.#message ??= Buffer.from(this.#events()));
  }

  #write(): string {
    return `2${NAMESPACE},${this.#json()}`;
  }

  #json(): string {
    const { channel, epoch, from, to } = this.#parts;
    const start = `{"channel":${JSON.stringify(channel)},"epoch":${epoch},"from":${from},"to":${to}`;
    if ('reason' in this.#parts) return `["gap",${start},"reason":${JSON.stringify(this.#parts.reason)}}]`;
    const { entries, conflated, dropped, last } = this.#parts;
    const events = entries.map(({ line }) => line).join(',');
    const mark = last ? `,"mark":"${markOf(last.line)}"` : '';
    return `["batch",${start}${mark},"events":[${events}],"conflated":${conflated},"dropped":${dropped}}]`;
  }

  #events(): string {
    const { channel, epoch, from, to } = this.#parts;
    const span = {
      channel,
      from: positionText({ epoch, offset: from }),
      to: positionText({ epoch, offset: to }),
    };
    if ('reason' in this.#parts) {
      return `id: ${span.to}\nevent: gap\ndata: ${JSON.stringify({ ...span, reason: this.#parts.reason })}\n\n`;
    }
    const { entries, conflated, dropped, last } = this.#parts;
    let text =
      conflated + dropped > 0
        ? `event: conflated\ndata: ${JSON.stringify({ ...span, conflated, dropped })}\n\n`
        : '';
    const idAt = (offset: number, line: string) => `id: ${epoch}-${offset}-${markOf(line)}\n`;
    for (const { offset, line } of entries) text += `${idAt(offset, line)}data: ${line}\n\n`;
    // A message without data raises no event in the client, but sets its last event id.
    if (entries.at(-1)?.offset === to) return text;
    return `${text}${last ? idAt(to, last.line) : `id: ${span.to}\n`}\n`;
  }
}

/** An unmasked text frame (RFC 6455, section 5.2). */
function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(start + length);
  bytes[0] = 0x81;
  if (start === 2) bytes[1] = length;
  else if (start === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, start);
  return bytes;
}
