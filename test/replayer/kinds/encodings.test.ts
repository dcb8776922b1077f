import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { encodingOf } from '../../../replayer/reading/source/encoding.ts';
import { pipeSource } from '../../../replayer/reading/source/pipe-source.ts';
import { TextRecording } from '../../../replayer/reading/text-recording.ts';
import type { OpenOptions } from '../../../replayer/reading/open-options.ts';
import { played, recordedCase } from '../../helpers/played.ts';

const HEADER = 'time,vehicle_id,latitude,longitude,name';
const table = (names: string[]) =>
  `${HEADER}\n${names.map((name, i) => `${1.7e9 + i},bus-1,52.5,13.4,"${name}"\n`).join('')}`;

const utf16 = (text: string, isBigEndian = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBigEndian ? bytes.swap16() : bytes;
};
const utf32 = (text: string, isBigEndian = false) =>
  Buffer.concat(
    Array.from(text, (character) => {
      const unit = Buffer.alloc(4);
      unit[isBigEndian ? 'writeUInt32BE' : 'writeUInt32LE'](character.codePointAt(0)!);
      return unit;
    }),
  );

/** How each encoding writes a text; whether it needs a mark to be told. */
const ENCODERS: [name: string, encode: (text: string) => Buffer][] = [
  ['utf-8', (text) => Buffer.from(text)],
  ['utf-8 with a mark', (text) => Buffer.from(`\ufeff${text}`)],
  ['utf-16le with a mark', (text) => utf16(`\ufeff${text}`)],
  ['utf-16be with a mark', (text) => utf16(`\ufeff${text}`, true)],
  ['utf-16le', (text) => utf16(text)],
  ['utf-16be', (text) => utf16(text, true)],
  ['utf-32le with a mark', (text) => utf32(`\ufeff${text}`)],
  ['utf-32be with a mark', (text) => utf32(`\ufeff${text}`, true)],
  ['utf-32le', (text) => utf32(text)],
];

describe('R10: encodings', function () {
  this.timeout(60_000);
  let folder: string;
  let files = 0;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'reprise-encodings-'))));
  after(() => rmSync(folder, { recursive: true }));
  const read = async (bytes: Buffer, options: OpenOptions = {}) => {
    const path = join(folder, `${files++}.csv`);
    writeFileSync(path, bytes);
    const { records, recording, refused } = await played(path, options);
    assert.ok(recording instanceof TextRecording);
    return { names: records.map(({ data }) => data['name']), recording, refused };
  };

  it('UTF-16 is told by its mark', async () => {
    const { records } = await played(recordedCase('utf16le-bom.csv'));
    assert.ok(records.length > 0);
    for (const { json } of records) assert.doesNotMatch(json, /\\u0000|\ufffd/);
  });

  it('bytes that are not UTF-8 are windows-1252, as a guess with its reason', async () => {
    const { records, recording } = await played(recordedCase('latin1.csv'));
    assert.ok(records.some(({ json }) => /[äöüß]/i.test(json)));
    assert.ok(recording instanceof TextRecording);
    const { certainty, value, instead } = recording.interpretation.layout.encoding!;
    assert.deepEqual([value, certainty], ['windows-1252', 'guess']);
    assert.ok(instead);
  });

  for (const [name, encode] of ENCODERS) {
    it(`any text in ${name} comes out as it is, packed as well`, async () => {
      const word = fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
        .map((text) => `x${text.replaceAll('"', '')}x`);
      await fc.assert(
        fc.asyncProperty(
          fc.array(word, { minLength: 1, maxLength: 20 }),
          fc.boolean(),
          async (words, isPacked) => {
            const bytes = encode(table(words));
            const { names, recording } = await read(isPacked ? gzipSync(bytes) : bytes);
            assert.deepEqual(names, words);
            assert.deepEqual(recording.notes, []);
          },
        ),
        { numRuns: 20, endOnFailure: true },
      );
    });
  }

  it('characters are whole wherever the pieces of a pipe end', async () => {
    const text = table(['Käthe', '日本語', '🚌🚋', 'ﬁn']);
    for (const [, encode] of ENCODERS) {
      for (const size of [1, 2, 3, 5]) {
        const bytes = encode(text);
        const pieces = async function* () {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        };
        let found = '';
        for await (const piece of pipeSource('x', pieces()).input().text()) found += piece;
        assert.equal(found, text);
      }
    }
  });

  it('all characters of windows-1252 are right, those from 0x80 to 0x9f too', async () => {
    const text = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ äöüÄÖÜß';
    const byte = new Map(
      Array.from({ length: 256 }, (_, i) => [
        new TextDecoder('windows-1252').decode(Uint8Array.of(i), { stream: true }),
        i,
      ]),
    );
    const bytes = Buffer.from(Array.from(table([text]), (character) => byte.get(character)!));
    assert.deepEqual((await read(bytes)).names, [text]);
    assert.deepEqual((await read(bytes, { encoding: 'latin1' })).names, [text]);
  });

  it('--encoding names any other, and a wrong name is refused', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEADER}\n1700000000,a,1,2,`),
      Buffer.from('93fa967b', 'hex'),
      Buffer.from('\n'),
    ]);
    assert.deepEqual((await read(bytes, { encoding: 'Shift_JIS' })).names, ['日本']);
    await assert.rejects(read(bytes, { encoding: 'klingon' }), { code: 'encoding_unknown' });
  });

  it('bytes in the middle of a file that are not UTF-8 are kept as windows-1252, counted and placed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 60_000 }),
        fc.integer({ min: 1, max: 9 }),
        async (row, count) => {
          const lines = table(Array.from({ length: 70_000 }, (_, i) => `n${i}`)).split('\n');
          const before = Buffer.from(`${lines.slice(0, row + 1).join('\n')}\n1700000000,x,1,2,`);
          const bytes = Buffer.concat([
            before,
            Buffer.alloc(count, 0xe4),
            Buffer.from(`\n${lines.slice(row + 1).join('\n')}`),
          ]);
          // A name in UTF-8 at the beginning, so that the whole is not taken for windows-1252.
          const marked = Buffer.concat([Buffer.from('\ufeff'), bytes]);
          const { names, recording } = await read(marked);
          assert.equal(names.filter((name) => name === 'ä'.repeat(count)).length, 1);
          const [note] = recording.notes;
          assert.match(
            note!,
            new RegExp(
              `^${count} bytes of .* not UTF-8, the first at byte ${(before.length + 3).toLocaleString('en')};`,
            ),
          );
        },
      ),
      { numRuns: 3 },
    );
  }).timeout(60_000);

  it('a few broken bytes do not turn a file of UTF-8 into another encoding', () => {
    const { value, certainty } = encodingOf(
      Buffer.concat([Buffer.from('äöü'.repeat(20)), Buffer.from([0xe4]), Buffer.from(' ß')]),
    );
    assert.deepEqual([value, certainty], ['utf-8', 'likely']);
  });

  it('a run of zeros in a log does not make it UTF-16 or bytes', () => {
    const log = Buffer.concat([
      Buffer.from(table(['a', 'b'])),
      Buffer.alloc(4_096),
      Buffer.from(table(['c'])),
    ]);
    assert.equal(encodingOf(log).value, 'utf-8');
  });

  it('halves of characters in UTF-16 are counted, and U+FFFD that stands in the text is not', async () => {
    const { names, recording } = await read(utf16(`\ufeff${table(['a\ud83db', 'c\ufffdd'])}`));
    assert.deepEqual(names, ['a\ufffdb', 'c\ufffdd']);
    assert.match(recording.notes.join(), /^1 characters of .* can't be read as utf-16le/);
  });

  it('bytes that are not text are refused', async () => {
    const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * i * 31 + (i >> 3) * 17) & 255));
    await assert.rejects(read(bytes), { code: 'recording_unreadable', message: /is not text/ });
  });
});
