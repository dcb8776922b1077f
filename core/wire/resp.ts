import { invariant } from '../problems/errors.ts';

/** A Redis command in RESP. Its words are text: bytes that are not would not come through. */
export function command(...words: (string | number | Buffer)[]): string {
  let text = `*${words.length}\r\n`;
  for (const each of words) {
    if (typeof each === 'object') throw invariant('a command that is text was given bytes');
    text += word(String(each));
  }
  return text;
}

/** A word of a Redis command in RESP (a bulk string). */
export function word(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
