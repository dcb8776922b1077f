import { receivedTime } from './received-time.ts';

/** A sentence of NMEA 0183 (IEC 61162-1), with what the line says of its reception. */
export interface Sentence {
  /** `$`, or `!` for encapsulated data such as AIS. */
  start: '$' | '!';
  /** Two letters that name the sender, such as GP; P for a maker's own sentence. */
  talker: string;
  /** Three letters such as RMC; all letters of a maker's own sentence. */
  type: string;
  /** The fields after the name. */
  fields: string[];
  /** From the start to the checksum. */
  text: string;
  /** Whether it ends with a checksum. */
  hasChecksum: boolean;
  /** When it was received, ISO 8601: from its tag block, or a time beside it. Without a zone where the line names none. */
  received?: string;
  /** The receiver, from its tag block. */
  station?: string;
}

/** A piece of a line that is not a valid sentence. */
export interface BadSentence {
  problem: string;
  text: string;
  /** The fields as far as they can be told, to find out what is lost with them. */
  fields: string[];
  start: string;
}

const START = /[$!](?:P[A-Z0-9]{2,}|[A-Z]{2}[A-Z0-9]{3}),/g;
const SENTENCE = /^([$!])([^*]*)(?:\*([0-9A-Fa-f]{2})(?![0-9A-Fa-f])(.*))?$/s;
const TAG_BLOCK = /\\([^\\]*)\\/g;

/**
 * The sentences of a line, with tag blocks (`\c:1428451253*4F\`) and with a logger's times before or behind them. A line whose
 * end was lost holds two sentences.
 */
export function sentencesOf(line: string): (Sentence | BadSentence)[] {
  const starts = Array.from(line.matchAll(START), ({ index }) => index);
  if (starts.length === 0)
    return [
      { problem: 'Not a sentence of NMEA 0183 ($ or !, a name, fields).', text: line, fields: [], start: '' },
    ];
  let before = line.slice(0, starts[0]);
  return starts.map((from, i) => {
    const piece = line.slice(from, starts[i + 1]);
    const read = sentenceOf(piece, before);
    before = 'text' in read && 'talker' in read ? piece.slice(read.text.length) : '';
    return read;
  });
}

function sentenceOf(piece: string, before: string): Sentence | BadSentence {
  const [, start = '', body = '', checksum, after = ''] = SENTENCE.exec(piece) ?? [];
  const [name = '', ...fields] = body.trimEnd().split(',');
  const bad = (problem: string) => ({ problem, text: before + piece, fields, start });
  if (start === '') return bad('The checksum is cut off or not valid.');
  if (checksum !== undefined && xor(body) !== Number.parseInt(checksum, 16))
    return bad(`The checksum is ${checksum}, the sentence's own is ${hex(xor(body))}.`);
  const tags = [...before.matchAll(TAG_BLOCK)].map(([, tag]) => tag!);
  const damaged = tags.find((tag) => /\*[0-9A-Fa-f]{2}$/.test(tag) && !holds(tag));
  if (damaged !== undefined)
    return bad(`The checksum of the tag block "${damaged.slice(0, 80)}" does not fit.`);
  const tag = new Map(
    tags
      .flatMap((each) => each.replace(/\*.*$/, '').split(','))
      .map((field) => [field.slice(0, 2), field.slice(2)]),
  );
  const beside = receivedTime(before.replace(TAG_BLOCK, ' ')) ?? receivedTime(after);
  const received = receivedTime(tag.get('c:') ?? '') ?? beside;
  const own = name.startsWith('P');
  return {
    start: start as '$' | '!',
    talker: own ? 'P' : name.slice(0, 2),
    type: own ? name : name.slice(2),
    fields,
    text: checksum === undefined ? `${start}${body.trimEnd()}` : `${start}${body}*${checksum}`,
    hasChecksum: checksum !== undefined,
    ...(received !== undefined && { received }),
    ...(tag.has('s:') && { station: tag.get('s:')! }),
  };
}

/** The checksum of a text: all its bytes in an exclusive or. */
export function xor(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum ^= text.charCodeAt(i);
  return sum;
}

/** A checksum as two digits. */
export const hex = (sum: number) => sum.toString(16).toUpperCase().padStart(2, '0');

const holds = (tag: string) => xor(tag.slice(0, -3)) === Number.parseInt(tag.slice(-2), 16);
