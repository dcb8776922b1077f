import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McapIndexedReader, McapRecordBuilder, McapWriter } from '@mcap/core';
import fc from 'fast-check';
import { convert } from '../../../replayer/files/convert.ts';
import { diagnose } from '../../../replayer/files/doctor.ts';
import { recordingInfo } from '../../../replayer/files/info.ts';
import { recover } from '../../../replayer/files/recover.ts';
import { conformanceSet } from '../../helpers/mcap-conformance.ts';
import { played, recordedCase } from '../../helpers/played.ts';

describe('R23: an intact MCAP file', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-mcap-records-'))));
  after(() => rm(folder, { recursive: true }));

  it('may have bytes after the fields of its records', async () => {
    const path = recordedCase('TenMessages-ch-mx-pad.mcap');
    const { findings, messages } = await diagnose(path, {});
    assert.equal(messages, 10);
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'error'),
      [],
    );
    const { recovered, lost } = await recover(path, join(folder, 'saved.mcap'));
    assert.deepEqual([recovered, lost], [10, false]);
  });

  it('may have records of kinds that are not known, anywhere in the file', async () => {
    const files = [...conformanceSet()].filter(({ name }) => name.startsWith('TenMessages'));
    const path = join(folder, 'unknown.mcap');
    const unknown = fc.record({
      opcode: fc.integer({ min: 0x10, max: 0xff }),
      content: fc.uint8Array({ maxLength: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        unknown,
        async ({ bytes, features }, { opcode, content }) => {
          // Before the first record after the header: nothing refers to a place in a file without a summary.
          fc.pre(['rsh', 'rch', 'st', 'chx', 'sum'].every((feature) => !features.has(feature as 'st')));
          const record = Buffer.concat([Buffer.from([opcode]), Buffer.alloc(8), content]);
          record.writeBigUInt64LE(BigInt(content.length), 1);
          const at = 8 + 9 + bytes.readUInt32LE(9);
          const whole = Buffer.concat([bytes.subarray(0, at), record, bytes.subarray(at)]);
          await writeFile(path, whole);
          const { findings, messages } = await diagnose(path, {});
          const errors = findings.filter(({ severity }) => severity === 'error');
          assert.deepEqual([messages, errors], [10, []]);
          const { recovered, lost } = await recover(path, join(folder, 'saved.mcap'));
          assert.deepEqual([recovered, lost], [10, false]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('may hold messages that its index does not name', async () => {
    const path = join(folder, 'mixed.mcap');
    const records = new McapRecordBuilder();
    const [chunked] = [...conformanceSet()].filter(({ name }) => name === 'TenMessages-ch-chx-mx-rch-rsh-st');
    const { bytes } = chunked!;
    // A message outside of chunks, behind the message index and before the end of the data.
    records.writeMessage({
      channelId: 1,
      sequence: 99,
      logTime: 5_000_000n,
      publishTime: 5_000_000n,
      data: Uint8Array.of(9),
    });
    const summaryAt = Number(bytes.readBigUInt64LE(bytes.length - 8 - 20));
    const dataEnd = summaryAt - 13;
    const moved = Buffer.from(bytes);
    moved.writeBigUInt64LE(BigInt(summaryAt + records.length), bytes.length - 8 - 20);
    moved.writeUInt32LE(0, bytes.length - 8 - 4);
    await writeFile(
      path,
      Buffer.concat([moved.subarray(0, dataEnd), records.buffer, moved.subarray(dataEnd)]),
    );
    const { records: rows } = await played(path);
    assert.equal(rows.length, 11);
    assert.equal(rows.at(-1)!.timeMs, 5);
  });

  it('keeps its times to the nanosecond when it is converted', async () => {
    const [path, out] = [join(folder, 'ns.mcap'), join(folder, 'ns-out.mcap')];
    const times = [1_700_000_000_123_456_789n, 1_700_000_000_123_456_788n, 1_700_000_000_000_000_001n];
    await writeMessages(path, times);
    await convert({ inputs: [path], out, compression: '', options: {} });
    const reader = await readerOf(out);
    const found: bigint[] = [];
    for await (const { logTime, publishTime } of reader.readMessages())
      found.push(logTime, publishTime - logTime);
    assert.deepEqual(
      found,
      [...times].sort((a, b) => (a < b ? -1 : 1)).flatMap((time) => [time, 7n]),
    );
    assert.equal(reader.statistics!.messageStartTime, times[2]);
    assert.equal(reader.chunkIndexes[0]!.messageStartTime, times[2]);
    assert.equal(reader.chunkIndexes[0]!.messageEndTime, times[0]);
  });

  it('keeps its attachments and metadata, also those of equal names', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ name: fc.constantFrom('a', 'b', 'ü'), data: fc.uint8Array({ maxLength: 3_000 }) }),
          { minLength: 1, maxLength: 5 },
        ),
        fc.array(fc.constantFrom('m', 'n'), { maxLength: 4 }),
        fc.boolean(),
        async (attachments, metadata, indexed) => {
          const [path, out] = [join(folder, 'besides.mcap'), join(folder, 'besides-out.mcap')];
          const besides = {
            attachments: attachments.map(({ name, data }, i) => ({ name, data, createTime: BigInt(i) })),
            metadata: metadata.map((name, i): [string, string] => [name, String(i)]),
          };
          await writeMessages(path, [1_700_000_000_000_000_000n], besides, indexed);
          const whole = { inputs: [path], out, compression: '' as const, options: {} };
          const writings = [
            () => convert(whole),
            () => convert({ ...whole, start: '0s', end: '1s' }),
            () => recover(path, out),
            () => convert({ ...whole, inputs: [path, recordedCase('cap-header.csv')] }),
          ];
          for (const write of writings) {
            await write();
            const { attachments: found, metadata: texts } = await besidesOf(out);
            assert.deepEqual(found, besides.attachments);
            assert.deepEqual(texts.slice(0, metadata.length), besides.metadata);
            assert.equal((await recordingInfo(out, {})).attachments!.length, attachments.length);
            const { findings } = await diagnose(out, {});
            assert.deepEqual(
              findings.filter(({ severity }) => severity === 'error'),
              [],
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  }).timeout(60_000);

  it('says which attachment is damaged, and saves the others', async () => {
    const [path, out] = [join(folder, 'attached.mcap'), join(folder, 'attached-out.mcap')];
    const attachments = ['good', 'bad', 'fine'].map((name) => ({
      name,
      data: Buffer.from(`the data of ${name}`),
      createTime: 0n,
    }));
    await writeMessages(path, [1_700_000_000_000_000_000n], { attachments, metadata: [] });
    const bytes = await readFile(path);
    bytes[bytes.indexOf('data of bad') + 3]! ^= 1;
    await writeFile(path, bytes);
    const { findings } = await diagnose(path, {});
    assert.ok(findings.some(({ what }) => what.includes('the attachment "bad" is damaged (CRC)')));
    await assert.rejects(convert({ inputs: [path], out, options: {} }), /attachment "bad" is damaged/);
    const report = await recover(path, out);
    assert.deepEqual([report.recovered, report.attachments, report.lost], [1, 2, true]);
    assert.deepEqual(
      report.damages.map(({ what }) => what),
      ['the attachment "bad" is damaged (CRC)'],
    );
  });
});

interface Besides {
  attachments: { name: string; data: Uint8Array; createTime: bigint }[];
  metadata: [name: string, value: string][];
}

/** Writes a file of another program: messages of one channel at these times, and what a file holds besides. */
async function writeMessages(
  path: string,
  times: bigint[],
  besides: Besides = { attachments: [], metadata: [] },
  indexed = true,
): Promise<void> {
  const pieces: Buffer[] = [];
  let position = 0n;
  const writable = {
    position: () => position,
    write(bytes: Uint8Array) {
      pieces.push(Buffer.from(bytes));
      position += BigInt(bytes.length);
      return Promise.resolve();
    },
  };
  const writer = new McapWriter({ writable, useAttachmentIndex: indexed, useMetadataIndex: indexed });
  await writer.start({ profile: '', library: 'another' });
  const channelId = await writer.registerChannel({
    schemaId: 0,
    topic: '/thing',
    messageEncoding: 'json',
    metadata: new Map(),
  });
  for (const { name, data, createTime } of besides.attachments)
    await writer.addAttachment({ name, data, createTime, logTime: 5n, mediaType: 'text/plain' });
  for (const [sequence, logTime] of times.entries())
    await writer.addMessage({
      channelId,
      sequence,
      logTime,
      publishTime: logTime + 7n,
      data: Buffer.from('{"a":1}'),
    });
  for (const [name, value] of besides.metadata)
    await writer.addMetadata({ name, metadata: new Map([['value', value]]) });
  await writer.end();
  await writeFile(path, Buffer.concat(pieces));
}

async function readerOf(path: string): Promise<McapIndexedReader> {
  const bytes = await readFile(path);
  const readable = {
    size: () => Promise.resolve(BigInt(bytes.length)),
    read: (offset: bigint, length: bigint) =>
      Promise.resolve(new Uint8Array(bytes.subarray(Number(offset), Number(offset + length)))),
  };
  return McapIndexedReader.Initialize({ readable });
}

/** What a file holds besides messages, by the reader of @mcap/core, which checks the checksums. */
async function besidesOf(path: string): Promise<Besides> {
  const reader = await readerOf(path);
  const besides: Besides = { attachments: [], metadata: [] };
  for await (const { name, data, createTime } of reader.readAttachments())
    besides.attachments.push({ name, data: Uint8Array.from(data), createTime });
  for await (const { name, metadata } of reader.readMetadata())
    besides.metadata.push([name, metadata.get('value') ?? '']);
  return besides;
}
