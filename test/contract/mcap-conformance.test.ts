import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McapStreamReader } from '@mcap/core';
import { isProblem } from '../../core/problems/errors.ts';
import { convert } from '../../replayer/files/convert.ts';
import { diagnose } from '../../replayer/files/doctor.ts';
import { recordingInfo } from '../../replayer/files/info.ts';
import { recover } from '../../replayer/files/recover.ts';
import { conformanceSet, type ConformanceFile } from '../helpers/mcap-conformance.ts';
import { played } from '../helpers/played.ts';

const require = createRequire(import.meta.url);
const lz4 = require('@foxglove/wasm-lz4') as ((bytes: Uint8Array, size: number) => Uint8Array) & {
  isLoaded: Promise<void>;
};

/** Checksums of the summary section in the published descriptions of some files. */
const PUBLISHED = {
  'TenMessages-ch-chx-mx-pad-rch-rsh-st-sum': 829_723_996,
  'OneSchemalessMessage-ch-chx-mx-pad-rch-st-sum': 239_768_738,
  'OneAttachment-ax-pad-sum': 3_288_356_607,
  'OneMetadata-mdx-pad-st-sum': 1_149_090_039,
};

describe("R23: the 416 files of MCAP's conformance set", () => {
  const files = [...conformanceSet()];
  let folder: string;
  before(() => lz4.isLoaded);
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-mcap-set-'))));
  after(() => rm(folder, { recursive: true }));

  const write = async ({ name, bytes }: ConformanceFile): Promise<string> => {
    const path = join(folder, `${name}.mcap`);
    await writeFile(path, bytes);
    return path;
  };

  it('are as published', () => {
    assert.equal(new Set(files.map(({ name }) => name)).size, 416);
    for (const [name, crc] of Object.entries(PUBLISHED)) {
      const { bytes } = files.find((file) => file.name === name)!;
      assert.equal(bytes.readUInt32LE(bytes.length - 12), crc, name);
    }
  });

  it('are counted by info', async () => {
    for (const file of files) {
      const { messages, attachments, metadata } = await recordingInfo(await write(file), {});
      const found = [messages, attachments!.length, Object.keys(metadata!).length];
      assert.deepEqual(found, [file.messages, file.attachments, file.metadata], file.name);
    }
  }).timeout(60_000);

  it('are intact for doctor, which says where there is no message', async () => {
    for (const file of files) {
      const { messages, findings } = await diagnose(await write(file), {});
      assert.equal(messages, file.messages, file.name);
      const errors = findings.filter(({ severity }) => severity === 'error');
      assert.deepEqual(errors, [], file.name);
      const isEmpty = findings.some(({ what }) => what === 'it holds no message');
      assert.equal(isEmpty, file.messages === 0, file.name);
    }
  }).timeout(60_000);

  it('play as they are', async () => {
    for (const file of files.filter(({ messages }) => messages > 0)) {
      const { records, refused } = await played(await write(file));
      assert.equal(records.length, file.messages, file.name);
      assert.deepEqual(refused, [], file.name);
      assert.equal(Buffer.from(String(records[0]!.data['base64']), 'base64').join(), '1,2,3');
    }
  }).timeout(60_000);

  it('keep all that they hold when they are converted', async () => {
    const out = join(folder, 'converted.mcap');
    for (const file of files) {
      const converted = convert({ inputs: [await write(file)], out, options: {} });
      if (file.messages === 0) {
        await assert.rejects(converted, (error: unknown) => isProblem(error, 'recording_empty'));
        continue;
      }
      const { messages, refused } = await converted;
      assert.deepEqual([messages, refused], [file.messages, 0], file.name);
      assert.deepEqual(contentOf(await readFile(out)), contentOf(file.bytes), file.name);
    }
  }).timeout(120_000);

  it('are recovered whole, with nothing lost', async () => {
    const out = join(folder, 'recovered.mcap');
    for (const file of files) {
      const report = await recover(await write(file), out);
      const { recovered, attachments, metadata, lost, damages } = report;
      assert.deepEqual([lost, damages], [false, []], file.name);
      assert.deepEqual([recovered, attachments, metadata], [file.messages, file.attachments, file.metadata]);
      assert.deepEqual(contentOf(await readFile(out)), contentOf(file.bytes), file.name);
    }
  }).timeout(120_000);
});

/** What a file holds, by the reader of @mcap/core: messages with their channels and schemas, attachments, metadata. */
function contentOf(bytes: Buffer): unknown {
  const decompressHandlers = { lz4: (packed: Uint8Array, size: bigint) => lz4(packed, Number(size)) };
  const reader = new McapStreamReader({ validateCrcs: true, decompressHandlers });
  reader.append(bytes);
  const content = {
    messages: new Set<string>(),
    attachments: new Set<string>(),
    metadata: new Set<string>(),
  };
  const schemas = new Map<number, string>();
  const channels = new Map<number, string>();
  for (let record; (record = reader.nextRecord());) {
    if (record.type === 'Schema')
      schemas.set(record.id, `${record.name} ${record.encoding} ${record.data.join()}`);
    else if (record.type === 'Channel') {
      const { id, topic, messageEncoding, metadata, schemaId } = record;
      channels.set(
        id,
        [topic, messageEncoding, JSON.stringify([...metadata]), schemas.get(schemaId)].join(' '),
      );
    } else if (record.type === 'Message') {
      const { channelId, sequence, logTime, publishTime, data } = record;
      content.messages.add([channels.get(channelId), sequence, logTime, publishTime, data.join()].join(' '));
    } else if (record.type === 'Attachment') {
      const { name, logTime, createTime, mediaType, data } = record;
      content.attachments.add([name, logTime, createTime, mediaType, data.join()].join(' '));
    } else if (record.type === 'Metadata')
      content.metadata.add(`${record.name} ${JSON.stringify([...record.metadata])}`);
  }
  assert.ok(reader.done());
  return content;
}
