import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { MalformedMcap } from '../../replayer/mcap/format/bytes.ts';
import { compress, unpackLz4 } from '../../replayer/mcap/compression/compression.ts';
import { columnsIn, findMessages } from '../../replayer/mcap/format/message-columns.ts';
import { UnpackKernel } from '../../replayer/mcap/compression/unpack-kernel.ts';

/** Bytes in which much repeats, near and far, as in texts. */
const someBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .record({ byte: fc.nat(255), count: fc.nat(600) })
        .map(({ byte, count }) => Buffer.alloc(count, byte)),
      fc
        .record({ period: fc.uint8Array({ minLength: 1, maxLength: 20 }), count: fc.nat(40) })
        .map((of) => Buffer.concat(Array<Uint8Array>(of.count).fill(of.period))),
      fc.nat(70_000).map((length) => Buffer.alloc(length, `{"latitude":52.5${length},"longitude":13.4}`)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

const lz4 = createRequire(import.meta.url)('@foxglove/wasm-lz4') as {
  (bytes: Uint8Array, size: number): Uint8Array;
  isLoaded: Promise<void>;
};

/** xxHash32 with the seed 0. */
function checksum(bytes: Uint8Array): number {
  const [p1, p2, p3, p4, p5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1] as const;
  const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [at, hash] = [0, p5 | 0];
  if (bytes.length >= 16) {
    const lanes = [(p1 + p2) | 0, p2 | 0, 0, -p1 | 0];
    for (; at + 16 <= bytes.length; at += 16)
      lanes.forEach((lane, i) => {
        const word = view.getUint32(at + 4 * i, true);
        lanes[i] = Math.imul(rotate((lane + Math.imul(word, p2)) | 0, 13), p1);
      });
    hash = [1, 7, 12, 18].reduce((sum, bits, i) => (sum + rotate(lanes[i]!, bits)) | 0, 0);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotate((hash + Math.imul(view.getUint32(at, true), p3)) | 0, 17), p4);
  for (; at < bytes.length; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, p5)) | 0, 11), p1);
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A frame without checksums, with checksums added to each block, at its end, or both. */
function withChecksums(frame: Buffer, content: Buffer, kinds: string[]): Buffer {
  const word = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const flags = 0x60 | (kinds.includes('block') ? 16 : 0) | (kinds.includes('frame') ? 4 : 0);
  const descriptor = Buffer.of(flags, 0x70);
  const parts = [frame.subarray(0, 4), descriptor, Buffer.of((checksum(descriptor) >>> 8) & 0xff)];
  let at = 7;
  for (let size; (size = frame.readUInt32LE(at)) > 0; at += 4 + (size & 0x7fffffff)) {
    const block = frame.subarray(at + 4, at + 4 + (size & 0x7fffffff));
    parts.push(word(size), block);
    if (kinds.includes('block')) parts.push(word(checksum(block)));
  }
  parts.push(word(0));
  if (kinds.includes('frame')) parts.push(word(checksum(content)));
  return Buffer.concat(parts);
}

describe('the unpacking kernel', () => {
  const kernel = new UnpackKernel();
  before(() => lz4.isLoaded);

  /** Returns null where the kernel declines. */
  function unpacked(packed: Uint8Array, size: number): Buffer | null {
    const room = kernel.begin(packed.length, size);
    room.records.fill(0xee);
    room.packed.set(packed);
    return kernel.unpack() ? Buffer.from(room.records) : null;
  }

  it('unpacks what the packer packed', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        assert.deepEqual(unpacked(compress(bytes, 'lz4'), bytes.length), bytes);
      }),
    );
    const large = Buffer.alloc(9_000_000, 'blocks of four megabytes, ');
    assert.ok(unpacked(compress(large, 'lz4'), large.length)!.equals(large));
  });

  it('accepts stored blocks and a content size, and declines frames with a dictionary', () => {
    const stored = (flags: string) => Buffer.from(`04224d18${flags}0300008068656c00000000`, 'hex');
    assert.equal(unpacked(stored('607073'), 3)?.toString(), 'hel');
    assert.equal(unpacked(stored('6870030000000000000099'), 3)?.toString(), 'hel');
    assert.equal(unpacked(stored('617073'), 3), null);
    assert.equal(unpacked(stored('607073'), 4), null, 'too short');
    assert.equal(unpacked(stored('607073'), 2), null, 'too long');
  });

  it('checks the checksums of blocks and frames', () => {
    fc.assert(
      fc.property(someBytes, fc.nat(), (bytes, place) => {
        const size = bytes.length;
        for (const kinds of [['block'], ['frame'], ['block', 'frame']]) {
          const packed = withChecksums(compress(bytes, 'lz4'), bytes, kinds);
          assert.ok(unpacked(packed, size)?.equals(bytes));
          // Another decoder agrees that the frame is valid.
          if (size > 0) assert.ok(Buffer.from(lz4(packed, size)).equals(bytes));
          packed[7 + (place % (packed.length - 7))]! ^= 1;
          // Some changes do not change the content.
          assert.ok(unpacked(packed, size)?.equals(bytes) ?? true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('unpacks what there is of a frame that is cut off', () => {
    fc.assert(
      fc.property(someBytes, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, part) => {
        const packed = compress(bytes, 'lz4');
        const cut = packed.subarray(0, Math.floor((packed.length - 1) * part));
        const { records, isWhole } = unpackLz4(cut, bytes.length);
        assert.ok(!isWhole);
        assert.ok(records.equals(bytes.subarray(0, records.length)));
      }),
      { numRuns: 300 },
    );
    const texts = Buffer.from(Array.from({ length: 5_000 }, (_, n) => `{"n":${n * 7919}}`).join(''));
    const packed = compress(texts, 'lz4');
    const half = unpackLz4(packed.subarray(0, packed.length / 2), texts.length).records;
    assert.ok(half.length > texts.length * 0.4, `${half.length} bytes of ${texts.length}`);
  });

  it('either declines broken input or returns exactly as many bytes as asked for', () => {
    const aPlace = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255) });
    fc.assert(
      fc.property(
        someBytes,
        fc.array(aPlace, { maxLength: 4 }),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        fc.integer({ min: -3, max: 3 }),
        (bytes, places, part, more) => {
          const packed = compress(bytes, 'lz4');
          for (const { at, byte } of places) packed[Math.floor(at * (packed.length - 1))] = byte;
          const cut = packed.subarray(0, Math.ceil(packed.length * part));
          const size = Math.max(0, bytes.length + more);
          const before = Buffer.from(cut);
          const result = unpacked(cut, size);
          assert.ok(cut.equals(before));
          if (result) assert.equal(result.length, size);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds the messages, or reports that a record is not whole', () => {
    const aRecord = fc
      .record({
        opcode: fc.constantFrom(3, 4, 5, 5, 5, 5),
        body: fc.uint8Array({ minLength: 19, maxLength: 60 }),
        wrong: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer() }),
      })
      .map(({ opcode, body, wrong }) => {
        const record = Buffer.alloc(9 + body.length);
        record[0] = opcode;
        record.writeUInt32LE((body.length + wrong) >>> 0, 1);
        record.set(body, 9);
        return record;
      });
    fc.assert(
      fc.property(fc.array(aRecord, { maxLength: 30 }), fc.nat(20), fc.boolean(), (records, cut, hasRoom) => {
        const all = Buffer.concat(records);
        const bytes = all.subarray(0, Math.max(0, all.length - (cut > 15 ? cut - 15 : 0)));
        kernel.begin(0, bytes.length).records.set(bytes);
        const found = kernel.finish(hasRoom ? new ArrayBuffer(bytes.length * 2 + 64) : null);
        let expected;
        try {
          expected = findMessages(bytes);
        } catch (error) {
          assert.ok(error instanceof MalformedMcap);
          assert.equal(found, null);
          return;
        }
        assert.ok(found);
        const { memory, count, names } = found;
        assert.ok(Buffer.from(memory, 0, bytes.length).equals(bytes));
        const { timesMs, starts, ends, ids } = columnsIn(memory, bytes.length, count, names);
        assert.deepEqual(
          { count, names, timesMs, starts, ends, ids },
          {
            count: expected.count,
            names: expected.names,
            timesMs: expected.timesMs,
            starts: expected.starts,
            ends: expected.ends,
            ids: expected.ids,
          },
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('a thread pool', () => {
  it('lets a process end, even when its threads start after the work is done', () => {
    const at = (path: string) => new URL(`../../replayer/${path}`, import.meta.url).href;
    const folder = mkdtempSync(join(tmpdir(), 'reprise-threads-'));
    const program = join(folder, 'program.mjs');
    writeFileSync(
      program,
      `const { ThreadPool } = await import('${at('reading/parsing/thread-pool.ts')}');
      new ThreadPool(new URL('${at('mcap/compression/unpack-thread.mjs')}'), 1).start();
      setTimeout(() => {}, 2_000);`,
    );
    const { status, signal } = spawnSync(process.execPath, ['--import=tsx', program], { timeout: 10_000 });
    rmSync(folder, { recursive: true });
    assert.deepEqual([status, signal], [0, null]);
  });
});
