import { isUtf8 } from 'node:buffer';
import { timeMsOf, type Data } from '../../core/wire/event.ts';
import { encodingOf, isLine, type BareEncoding } from '../mcap/format/bare-data.ts';

/** A message of a channel as it was on the wire, and what it tells about itself. */
export interface WireMessage {
  channel: string;
  bytes: Buffer;
  /** Wall time at which it was heard, epoch ms. */
  heardMs: number;
  /** Event time, epoch ms; for messages that are not events, the time at which they were heard. */
  timeMs: number;
  /** null: the message is not an event. */
  event: { subject: string; epoch: number; offset: number; restored: boolean } | null;
  /** The event, parsed; absent where the message was kept for a while. */
  value?: Data | undefined;
  /** What the bytes of a message are that is not an event; `object`: one JSON object on one line. */
  encoding: BareEncoding | 'object' | null;
}

/**
 * Reads what a message tells of itself. Only a CloudEvent on one line, whose data are an object, counts as an event: anything
 * else could not be an event again, byte for byte, when it is replayed.
 */
export function wireMessage(channel: string, bytes: Buffer, heardMs: number): WireMessage {
  const value = eventIn(bytes);
  if (!value) return bareMessage(channel, bytes, heardMs);
  const { time, subject, epoch, offset, restored } = value;
  const timeMs = typeof time === 'string' ? timeMsOf(time) : NaN;
  const named = typeof subject === 'string' || typeof subject === 'number';
  return {
    channel,
    bytes,
    heardMs,
    timeMs: Number.isNaN(timeMs) ? heardMs : timeMs,
    encoding: null,
    event: {
      subject: named ? String(subject) : channel,
      epoch: Number(epoch) || 0,
      offset: Number(offset) || 0,
      restored: restored === true,
    },
    value,
  };
}

/** A message that is not an event, at the time at which it was heard. */
export function bareMessage(channel: string, bytes: Buffer, heardMs: number, timeMs = heardMs): WireMessage {
  const { encoding, isObject } = encodingOf(bytes);
  return {
    channel,
    bytes,
    heardMs,
    timeMs,
    event: null,
    encoding: isObject && isLine(bytes) ? 'object' : encoding,
  };
}

/** The event that a message is; null where it is none. */
function eventIn(bytes: Buffer): Data | null {
  // Most of what is not an event shows that without being parsed.
  if (!bytes.includes('specversion') || !isLine(bytes) || !isUtf8(bytes)) return null;
  const value = parsed(bytes);
  if (!isObject(value) || value['specversion'] === undefined) return null;
  return isObject(value['data']) ? value : null;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
