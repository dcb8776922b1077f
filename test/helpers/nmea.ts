import { hex, xor } from '../../replayer/formats/support/nmea/sentence.ts';

/** A sentence with its checksum, from the text between `$` or `!` and `*`. */
export function sentence(body: string, start = '$'): string {
  return `${start}${body}*${hex(xor(body))}`;
}

/** A field of an AIS message: its width in bits, and its number or text (six bits a character). */
export type AisField = [width: number, value: number | string];

const CHARACTERS = '@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !"#$%&\'()*+,-./0123456789:;<=>?';

/** AIVDM sentences of a message, in parts of up to 60 characters. */
export function aivdm(fields: AisField[], { sequence = 1, channel = 'A' } = {}): string[] {
  const bits = fields.map(([width, value]) => bitsOf(width, value)).join('');
  const fill = (6 - (bits.length % 6)) % 6;
  const sixes = (bits + '0'.repeat(fill)).match(/.{6}/g) ?? [];
  const payload = sixes.map((six) => armored(Number.parseInt(six, 2))).join('');
  const parts = payload.match(/.{1,60}/g) ?? [];
  const id = parts.length > 1 ? String(sequence) : '';
  return parts.map((part, i) => {
    const fillBits = i === parts.length - 1 ? fill : 0;
    return sentence(`AIVDM,${parts.length},${i + 1},${id},${channel},${part},${fillBits}`, '!');
  });
}

const armored = (six: number) => String.fromCharCode(six < 40 ? six + 48 : six + 56);

function bitsOf(width: number, value: number | string): string {
  if (typeof value === 'number')
    return (BigInt(value) & ((1n << BigInt(width)) - 1n)).toString(2).padStart(width, '0');
  const sixes = [...value.padEnd(width / 6, '@')].map((character) => CHARACTERS.indexOf(character));
  return sixes.map((six) => six.toString(2).padStart(6, '0')).join('');
}

/** A position report of class A (message 1 to 3) with these raw values; all others say "not available". */
export function classA(raw: {
  type?: number;
  mmsi: number;
  longitude: number;
  latitude: number;
  speed?: number;
  course?: number;
  heading?: number;
  turn?: number;
  status?: number;
}): AisField[] {
  const { type = 1, mmsi, longitude, latitude, speed = 1023, course = 3600, heading = 511 } = raw;
  return [
    [6, type],
    [2, 0],
    [30, mmsi],
    [4, raw.status ?? 15],
    [8, raw.turn ?? -128],
    [10, speed],
    [1, 0],
    [28, longitude],
    [27, latitude],
    [12, course],
    [9, heading],
    [6, 60],
    [25, 0],
  ];
}
