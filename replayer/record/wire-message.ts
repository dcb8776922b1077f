import { timeMsOf } from '../../core/wire/event.ts';
import { canHold } from '../mcap/format/bytes.ts';
import { memberValue, findMember, isObject, valueText } from '../formats/support/json-bytes.ts';

/** A message of a channel, as it was on the wire, and what it says of itself. */
export interface WireMessage {
  channel: string;
  bytes: Buffer;
  /** Wall time at which it was heard, epoch ms. */
  heardMs: number;
  /** Event time; of what is no event, when it was heard. */
  timeMs: number;
  /** null: it is no event. */
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

/** Looks at a message without parsing it. Anything but a CloudEvent with data is taken as it is. */
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
      // Few are, and whether a word is anywhere is known sooner than that there is no such member.
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
