import { timeMsOf } from '../../core/wire/event.ts';
import { canHold } from '../mcap/format/bytes.ts';
import { memberValue, findMember, isObject, valueText } from '../formats/support/json-bytes.ts';

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
}

const MEMBERS = {
  specversion: Buffer.from('specversion'),
  time: Buffer.from('time'),
  subject: Buffer.from('subject'),
  epoch: Buffer.from('epoch'),
  offset: Buffer.from('offset'),
  restored: Buffer.from('restored'),
  data: Buffer.from('data'),
};

/** Reads a message's members without parsing it. Only a CloudEvent whose data are an object counts as an event. */
export function wireMessage(channel: string, bytes: Buffer, heardMs: number): WireMessage {
  const text = (name: keyof typeof MEMBERS) =>
    findMember(bytes, 0, bytes.length, MEMBERS[name])
      ? valueText(bytes, memberValue.start, memberValue.end)
      : null;
  const bare: WireMessage = { channel, bytes, heardMs, timeMs: heardMs, event: null };
  if (text('specversion') === null || !findMember(bytes, 0, bytes.length, MEMBERS.data)) return bare;
  if (!isObject(bytes, memberValue.start, memberValue.end)) return bare;
  const timeMs = timeMsOf(text('time') ?? '');
  return {
    ...bare,
    timeMs: canHold(timeMs) ? timeMs : heardMs,
    event: {
      subject: text('subject') ?? channel,
      epoch: Number(text('epoch') ?? 0) || 0,
      offset: Number(text('offset') ?? 0) || 0,
      // Few events are restored, and searching for the word is faster than searching all members.
      restored: bytes.includes(MEMBERS.restored) && isTrue(bytes, MEMBERS.restored),
    },
  };
}

function isTrue(bytes: Buffer, member: Buffer): boolean {
  return (
    findMember(bytes, 0, bytes.length, member) &&
    bytes.toString('latin1', memberValue.start, memberValue.end) === 'true'
  );
}
