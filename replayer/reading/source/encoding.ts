import { isUtf8 } from 'node:buffer';
import { refusal } from '../../../core/problems/errors.ts';
import { certain, given as asGiven, guess, likely, type Decision } from '../../formats/support/decision.ts';
import { foreignOf } from '../packing/foreign.ts';
import { Utf8Scan } from './utf8-scan.ts';

/** The encoding of a file whose bytes are not text in any encoding that Reprise recognises: its format reads the bytes. */
export const BINARY = 'binary';

const MARKS: [mark: Buffer, encoding: string, name: string][] = [
  // The mark of UTF-16LE begins that of UTF-32LE, so the longer ones come first.
  [Buffer.from([0xff, 0xfe, 0, 0]), 'utf-32le', 'UTF-32'],
  [Buffer.from([0, 0, 0xfe, 0xff]), 'utf-32be', 'UTF-32'],
  [Buffer.from([0xef, 0xbb, 0xbf]), 'utf-8', 'UTF-8'],
  [Buffer.from([0xff, 0xfe]), 'utf-16le', 'UTF-16'],
  [Buffer.from([0xfe, 0xff]), 'utf-16be', 'UTF-16'],
];
/** This much of the beginning shows whether every other byte is zero. */
const PATTERN_BYTES = 1 << 14;
/** Text has hardly any control characters; a tenth of packed bytes are. */
const CONTROLS_MAX_SHARE = 0.02;

/**
 * The encoding of a text that begins with these bytes: a label of TextDecoder, `utf-32le`, `utf-32be`, or `binary` where
 * they are not text. A mark at the beginning decides, then a pattern of zero bytes (UTF-16 and UTF-32), then whether the
 * bytes are UTF-8. Anything else is taken for windows-1252, as a guess. `given` is the user's own choice.
 * @throws refusal `encoding_unknown` for a name that is not an encoding
 */
export function encodingOf(head: Buffer, given?: string): Decision<string> {
  if (given !== undefined) return asGiven(encodingNamed(given, head));
  for (const [mark, encoding, name] of MARKS)
    if (head.subarray(0, mark.length).equals(mark))
      return certain(encoding, `it begins with the mark of ${name}`);
  const foreign = foreignOf(head);
  if (foreign) return certain(BINARY, `it is ${foreign}`);
  const zeros = zeroPattern(head);
  if (zeros) return zeros;
  if (isUtf8(head)) return certain('utf-8', 'its beginning is UTF-8');
  const scan = new Utf8Scan();
  scan.add(head);
  if (scan.invalid === 0) return certain('utf-8', 'its beginning is UTF-8');
  if (controls(head) > CONTROLS_MAX_SHARE) return certain(BINARY, 'its bytes are not those of text');
  const at = `byte ${scan.firstInvalid} is not UTF-8`;
  // In text of another encoding, hardly any bytes form the longer characters of UTF-8 by chance.
  if (scan.multiByte > 2 * scan.invalid) {
    return likely('utf-8', `${scan.multiByte} characters are UTF-8 of several bytes, but ${at}`, {
      value: 'windows-1252',
      because: at,
    });
  }
  return guess('windows-1252', `${at}, and most such files come from Western Windows programs`, {
    value: 'iso-8859-2',
    because: 'other encodings of one byte for each character look the same',
  });
}

/** The name of an encoding as this room writes it. @throws refusal `encoding_unknown` */
function encodingNamed(name: string, head: Buffer): string {
  const label = name.trim().toLowerCase();
  const marked = MARKS.find(([mark]) => head.subarray(0, mark.length).equals(mark))?.[1];
  if (/^utf-?32$/.test(label)) return marked?.startsWith('utf-32') ? marked : 'utf-32le';
  if (/^utf-?32[lb]e$/.test(label)) return `utf-32${label.slice(-2)}`;
  if (/^utf-?16$/.test(label) && marked === 'utf-16be') return marked;
  try {
    return new TextDecoder(label).encoding;
  } catch (cause) {
    throw refusal('encoding_unknown', `"${name.slice(0, 40)}" is not the name of an encoding.`, {
      hint: 'Names are utf-8, utf-16le, windows-1252, iso-8859-2, shift_jis, gb18030, koi8-r and the other labels of the WHATWG Encoding Standard; and utf-32le and utf-32be.',
      cause,
    });
  }
}

/** UTF-16 or UTF-32 without a mark: most characters of a table have zeros at the same places. null where there is no such pattern. */
function zeroPattern(head: Buffer): Decision<string> | null {
  const bytes = head.subarray(0, PATTERN_BYTES & ~3).subarray(0, head.length & ~3);
  const zeros = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0) zeros[at & 3]!++;
  const count = bytes.length / 4;
  const share = zeros.map((each) => each / Math.max(1, count));
  const text = 'three of four bytes of Latin characters are zero';
  if (share[3]! > 0.95 && share[2]! > 0.4 && share[0]! < 0.3) return patterned('utf-32le', text);
  if (share[0]! > 0.95 && share[1]! > 0.4 && share[3]! < 0.3) return patterned('utf-32be', text);
  const [even, odd] = [(share[0]! + share[2]!) / 2, (share[1]! + share[3]!) / 2];
  if (odd > 0.2 && even < odd / 10)
    return patterned('utf-16le', 'every second byte of Latin characters is zero');
  if (even > 0.2 && odd < even / 10)
    return patterned('utf-16be', 'every first byte of Latin characters is zero');
  return null;
}

const patterned = (encoding: string, because: string) =>
  likely(encoding, `it has no mark, but ${because}`, {
    value: 'utf-8',
    because: 'zero bytes are characters of UTF-8, too',
  });

/** The share of control characters among the bytes. Zeros do not count: loggers that lose power leave runs of them. */
function controls(head: Buffer): number {
  let count = 0;
  let others = 0;
  for (const byte of head) {
    if (byte === 0) continue;
    others++;
    if (byte < 32 && (byte < 9 || byte > 13) && byte !== 27 && byte !== 26) count++;
  }
  return count / Math.max(1, others);
}
