import { createHash } from 'node:crypto';
import { memberValue, findMember, valueText } from '../formats/support/json-bytes.ts';
import { onOneLine } from '../mcap/format/bare-data.ts';
import { bareMessage, wireMessage, type WireMessage } from './wire-message.ts';

const BARE = Buffer.from('bare');
const DATA = Buffer.from('data');
const BASE64 = Buffer.from('base64');
/** More different messages of a channel are not remembered: these take some 100 MB. */
const REMEMBERED_MAX = 1_000_000;

/** The message that subscribers got for an event of a log: the event itself, or what a replay published bare. */
export function publishedMessage(channel: string, event: Buffer, heardMs: number): WireMessage {
  const message = wireMessage(channel, event, heardMs);
  const bytes = bareBytes(event);
  return bytes ? bareMessage(channel, bytes, heardMs, message.timeMs) : message;
}

/** The bytes of the message that a replay published instead of an event; null where it published the event. */
function bareBytes(event: Buffer): Buffer | null {
  if (!event.includes(BARE) || !findMember(event, 0, event.length, BARE)) return null;
  const kind = valueText(event, memberValue.start, memberValue.end);
  if (!findMember(event, 0, event.length, DATA)) return null;
  const { start, end } = memberValue;
  if (kind === 'object') return Buffer.from(event.subarray(start, end));
  if (kind !== 'base64' || !findMember(event, start, end, BASE64)) return null;
  return Buffer.from(valueText(event, memberValue.start, memberValue.end) ?? '', 'base64');
}

/** Remembers the messages on channels that came after the last event, to know which events of a log were heard bare. */
export class BareSinceEvents {
  /** For each channel, how often a message was heard, by its digest: messages may be large and many. */
  readonly #messages = new Map<string, Map<string, number>>();

  /** Notes a message that is not an event. */
  heard(channel: string, bytes: Buffer): void {
    const messages = this.#messages.get(channel) ?? new Map<string, number>();
    const digest = digestOf(bytes);
    if (messages.size < REMEMBERED_MAX) messages.set(digest, (messages.get(digest) ?? 0) + 1);
    this.#messages.set(channel, messages);
  }

  /** Whether such a message was heard. Each one counts once. */
  has(channel: string, bytes: Buffer): boolean {
    const messages = this.#messages.get(channel);
    const digest = digestOf(bytes);
    const times = messages?.get(digest) ?? 0;
    if (times > 1) messages!.set(digest, times - 1);
    else messages?.delete(digest);
    return times > 0;
  }

  forget(channel: string): void {
    this.#messages.delete(channel);
  }
}

/** A digest of a message as the log has it: a JSON object is on one line there. */
function digestOf(bytes: Buffer): string {
  return createHash('sha1').update(onOneLine(bytes)).digest('base64url');
}
