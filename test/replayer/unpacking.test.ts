import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { MalformedMcap } from '../../replayer/mcap/format/bytes.ts';
import { compress, loadCompression } from '../../replayer/mcap/format/compression.ts';
import { columnsIn, findMessages } from '../../replayer/mcap/format/message-columns.ts';
import { UnpackKernel } from '../../replayer/mcap/unpacking/unpack-kernel.ts';

/** Bytes with much in them twice, near and far, as texts have. */
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

describe('the unpacking kernel', () => {
  const kernel = new UnpackKernel();
  before(() => loadCompression('lz4'));

  /** null where it says that it can't. */
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

  it('accepts stored blocks and a content size, and declines frames with checksums', () => {
    const stored = (flags: string) =>
      Buffer.concat([Buffer.from(`04224d18${flags}0300008068656c00000000`, 'hex')]);
    assert.equal(unpacked(stored('607073'), 3)?.toString(), 'hel');
    assert.equal(unpacked(stored('6870030000000000000099'), 3)?.toString(), 'hel');
    assert.equal(unpacked(stored('647073'), 3), null);
    assert.equal(unpacked(stored('707073'), 3), null);
    assert.equal(unpacked(stored('607073'), 4), null, 'too short');
    assert.equal(unpacked(stored('607073'), 2), null, 'too long');
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

describe('Threads', () => {
  it('let a process end, also when they come up after its work is done', () => {
    const at = (path: string) => new URL(`../../replayer/${path}`, import.meta.url).href;
    const folder = mkdtempSync(join(tmpdir(), 'reprise-threads-'));
    const program = join(folder, 'program.mjs');
    writeFileSync(
      program,
      `const { Threads } = await import('${at('reading/threads.ts')}');
      new Threads(new URL('${at('mcap/unpacking/unpack-thread.mjs')}'), 1).start();
      setTimeout(() => {}, 2_000);`,
    );
    const { status, signal } = spawnSync(process.execPath, ['--import=tsx', program], { timeout: 10_000 });
    rmSync(folder, { recursive: true });
    assert.deepEqual([status, signal], [0, null]);
  });
});
