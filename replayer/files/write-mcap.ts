import { open, rm } from 'node:fs/promises';
import type { Block } from '../../core/wire/block.ts';
import { canHold } from '../mcap/format/bytes.ts';
import { LIBRARY } from '../mcap/format/libraries.ts';
import { openBytesMax } from '../mcap/reading/time-order.ts';
import { readCheckedRecords } from '../mcap/reading/read-chunk.ts';
import { RawCopy, rawRows, scanRaw } from './raw-messages.ts';
import { mergedRows, type ChannelRows } from '../mcap/format/channel-rows.ts';
import { asRefusal } from '../mcap/reading/as-refusal.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { readSummary } from '../mcap/reading/summary.ts';
import { embeddedSchema, TopicWriter, type TopicOptions } from '../mcap/writing/topics.ts';
import { McapWriter } from '../mcap/writing/writer.ts';
import { sorted, type Disorder } from '../reading/order.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { TextRecording } from '../reading/text-recording.ts';
import { Progress, timeShare } from './progress.ts';
import { readingMetadata } from './reading-metadata.ts';

/** So much is put in order in memory at once, where the whole does not fit. */
const RUN_BYTES = 1 << 25;
/** Chunks that lie across one another may take so much memory. */
const OPEN_MAX_BYTES = 1 << 27;

/** A range of time, epoch ms, both ends within. */
export interface TimeRange {
  fromMs: number;
  endMs: number;
}

export interface WritePlan {
  range: TimeRange;
  options: OpenOptions;
  /** A file that may be written meanwhile. */
  temporary: string;
  /** Hears how far it is. */
  passes?: Progress;
}

/** Writes a recording of another format as MCAP, in time order; answers how many steps back in time were mended. */
export async function writeRecording(
  recording: TextRecording,
  writer: McapWriter,
  { range, options, temporary, passes = new Progress() }: WritePlan,
): Promise<number> {
  const { channel, interpretation } = recording;
  const column = interpretation.subject.value;
  const topic: TopicOptions = {
    topic: channel,
    schema: embeddedSchema(channel, options.channels),
    subjectColumn: column === null ? null : (interpretation.rename.value.get(column) ?? column),
  };
  const refuse = (block: Block, row: number) => {
    const reason = 'MCAP holds times from 1970 to 2554.';
    const content = block.record(row).data;
    options.refuse?.([{ channel, file: recording.file, line: 0, reason, content }]);
  };
  await writer.addMetadata(`reading:${channel}`, readingMetadata(recording));
  if (recording.sorted) {
    const blocks = watched(recording, recording.blocks(), passes.begin());
    await writeBlocks(blocks, writer, new TopicWriter(writer, topic), range, refuse);
    return recording.disorder.reordered;
  }
  const disorder: Disorder = { reordered: 0, late: 0, outliers: 0 };
  try {
    await McapWriter.whole(temporary, { library: LIBRARY }, async (runs) => {
      const runTopic = new TopicWriter(runs, topic);
      for await (const run of runsOf(watched(recording, recording.inFileOrder(), passes.begin()))) {
        await writeBlocks((await sorted(run, disorder, () => true)) ?? [], runs, runTopic, range, refuse);
        await runs.flush();
      }
    });
    await copyMessages([await readSummary(temporary)], writer, range, passes.begin());
  } finally {
    await rm(temporary, { force: true });
  }
  return disorder.reordered;
}

async function writeBlocks(
  blocks: AsyncIterable<Block> | Iterable<Block>,
  writer: McapWriter,
  topic: TopicWriter,
  { fromMs, endMs }: TimeRange,
  refuse: (block: Block, row: number) => void,
): Promise<void> {
  for await (const block of blocks) {
    for (let row = 0; row < block.count; row++) {
      const timeMs = block.timesMs[row]!;
      if (timeMs < fromMs || timeMs > endMs) continue;
      if (canHold(timeMs)) topic.add(block, row);
      else refuse(block, row);
      if (writer.full) await writer.flush();
    }
  }
}

/** A recording's blocks, and how much of it they are. */
async function* watched(
  recording: TextRecording,
  blocks: AsyncGenerator<Block>,
  tell: (share: number | null) => void,
): AsyncGenerator<Block> {
  const { startMs, endMs } = recording;
  for await (const block of blocks) {
    yield block;
    tell(endMs === null ? recording.readShare : timeShare(block.timesMs.at(-1)!, startMs, endMs));
  }
}

/** Blocks in heaps of some 32 MB. */
async function* runsOf(blocks: AsyncIterable<Block>): AsyncGenerator<AsyncIterable<Block>> {
  const iterator = blocks[Symbol.asyncIterator]();
  let next = await iterator.next();
  while (!next.done) {
    yield (async function* () {
      for (let bytes = 0; !next.done && bytes < RUN_BYTES; next = await iterator.next()) {
        bytes += next.value.data.length;
        yield next.value;
      }
    })();
  }
}

/** Copies the messages of MCAP files as they are, in time order. @throws refusal where one is not intact */
export async function copyMessages(
  summaries: Summary[],
  writer: McapWriter,
  range: TimeRange,
  tell: (share: number) => void,
): Promise<RawCopy> {
  const copy = new RawCopy(writer, summaries);
  const { startMs, endMs } = timeRangeOf(summaries, range);
  await asRefusal(summaries.map(({ path }) => path).join(' or '), async () => {
    for await (const rows of rawRows(summaries, range.fromMs, range.endMs)) {
      await copy.add(rows, range.fromMs, range.endMs);
      tell(timeShare(rows.block.timesMs.at(-1)!, startMs, endMs));
    }
  });
  return copy;
}

/** From the first message of files to the last, as far as they are in a range. */
function timeRangeOf(summaries: Summary[], { fromMs, endMs }: TimeRange): { startMs: number; endMs: number } {
  const chunks = summaries.flatMap((summary) => summary.chunks);
  return {
    startMs: Math.max(fromMs, Math.min(...chunks.map((chunk) => chunk.startMs))),
    endMs: Math.min(endMs, Math.max(...chunks.map((chunk) => chunk.endMs))),
  };
}

/**
 * A file whose chunks lie so much across one another that they can't all be open, once more in runs that can be; any
 * other as it is.
 */
export async function mergeable(summary: Summary, temporary: string): Promise<Summary> {
  if (openBytesMax(summary.chunks) <= OPEN_MAX_BYTES) return summary;
  await McapWriter.whole(temporary, { library: summary.library }, (runs) => writeRuns(summary, runs));
  return { ...(await readSummary(temporary)), metadata: summary.metadata };
}

async function writeRuns(summary: Summary, runs: McapWriter): Promise<void> {
  const copy = new RawCopy(runs, [summary]);
  const handle = await open(summary.path);
  try {
    let held: ChannelRows[] = [];
    let bytes = 0;
    for (const [i, chunk] of summary.chunks.entries()) {
      held.push(scanRaw(await readCheckedRecords(handle, chunk)));
      bytes += chunk.bytes;
      if (bytes < RUN_BYTES && i + 1 < summary.chunks.length) continue;
      for (const rows of mergedRows(held)) await copy.add(rows);
      await runs.flush();
      [held, bytes] = [[], 0];
    }
  } finally {
    await handle.close();
  }
}
