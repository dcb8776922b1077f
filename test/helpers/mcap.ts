import { Block } from '../../core/wire/block.ts';
import type { TimedRecord } from '../../core/wire/event.ts';
import type { Compression } from '../../replayer/mcap/compression/compression.ts';
import { LIBRARY } from '../../replayer/mcap/format/libraries.ts';
import type { McapRecording } from '../../replayer/mcap/reading/mcap-recording.ts';
import { embeddedSchema, TopicWriter } from '../../replayer/mcap/writing/topics.ts';
import { McapWriter } from '../../replayer/mcap/writing/writer.ts';

/** Time of the first of `records`. */
export const START_MS = 1_577_218_887_999;

/** Records 10 ms apart of trucks in turn, numbered from 0. */
export function records(count: number, subjects = 3): TimedRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    timeMs: START_MS + n * 10,
    subject: `truck-${n % subjects}`,
    data: `{"n":${n},"vehicle_id":"truck-${n % subjects}","latitude":52.50,"longitude":13.4}`,
  }));
}

/** Writes records in chunks of `chunkRows`, in the order given. */
export async function write(
  path: string,
  rows: TimedRecord[],
  chunkRows: number,
  compression: Compression = 'lz4',
) {
  const writer = await McapWriter.create(path, { library: LIBRARY, compression });
  const topic = new TopicWriter(writer, {
    topic: 'gps',
    schema: embeddedSchema('gps'),
    subjectColumn: null,
  });
  await writer.addMetadata('reading:gps', new Map([['timeColumn', 'n']]));
  const block = Block.of(rows);
  for (let row = 0; row < block.count; row++) {
    topic.add(block, row);
    if ((row + 1) % chunkRows === 0) await writer.flush();
  }
  await writer.end();
}

/** The records that a recording yields, all or those from a time on. */
export async function played(recording: McapRecording, fromMs?: number): Promise<TimedRecord[]> {
  const rows: TimedRecord[] = [];
  for await (const { block } of recording.rows(fromMs)) rows.push(...block.records());
  return rows;
}
