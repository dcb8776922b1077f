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
import { copyAttachments } from '../mcap/writing/attachments.ts';
import { embeddedSchema, TopicWriter, type TopicOptions } from '../mcap/writing/topics.ts';
import { McapWriter } from '../mcap/writing/writer.ts';
import { sorted, type Disorder } from '../reading/order/order.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { RecordingRows, TextRecording } from '../reading/text-recording.ts';
import { Progress, timeShare } from './progress.ts';
import { OUTSIDE, Tally } from './tally.ts';
import { readingMetadata } from './reading-metadata.ts';

/** Size of the runs that are sorted in memory, where the whole recording does not fit. */
const RUN_BYTES = 1 << 25;
/** Bound on the memory of chunks that overlap. */
const OPEN_MAX_BYTES = 1 << 27;

/** A time range, epoch ms. Both ends belong to it. */
export interface TimeRange {
  fromMs: number;
  endMs: number;
}

export interface WritePlan {
  range: TimeRange;
  options: OpenOptions;
  /** Path for a temporary file. */
  temporary: string;
  progress?: Progress;
  /** Counts the rows that are not written. */
  tally?: Tally;
}

/** What this needs of a recording. */
type WritableRecording = Pick<
  TextRecording,
  | 'file'
  | 'format'
  | 'channels'
  | 'interpretation'
  | 'startMs'
  | 'endMs'
  | 'readShare'
  | 'sorted'
  | 'disorder'
> &
  Pick<TextRecording, 'blocks' | 'inFileOrder' | 'withChannels'>;

/** Writes a recording of another format as MCAP, in time order; returns how many steps back in time it had. */
export async function writeRecording(
  recording: WritableRecording,
  writer: McapWriter,
  { range, options, temporary, progress = new Progress(), tally = new Tally() }: WritePlan,
): Promise<number> {
  const { channels, interpretation } = recording;
  const column = interpretation.subject.value;
  const topics = channels.map((channel) => ({
    topic: channel,
    schema: embeddedSchema(channel, options.channels),
    subjectColumn: column === null ? null : (interpretation.rename.value.get(column) ?? column),
  }));
  const refuse = (block: Block, row: number, channel: string) => {
    const reason = 'MCAP can only hold times from 1970 to 2554.';
    const content = block.record(row).data;
    tally.refuse({ channel, file: recording.file, line: 0, reason, content });
  };
  for (const channel of channels) await writer.addMetadata(`reading:${channel}`, readingMetadata(recording));
  const write = (blocks: AsyncIterable<Block> | Iterable<Block>, to: McapWriter, topicsOf: TopicWriter[]) =>
    writeBlocks(withChannels(recording, blocks), to, topicsOf, range, refuse, tally);
  if (recording.sorted) {
    const blocks = watched(recording, recording.blocks(), progress.begin());
    await write(blocks, writer, topicWriters(writer, topics));
    return recording.disorder.reordered;
  }
  const disorder: Disorder = { reordered: 0, late: 0, outliers: 0 };
  try {
    await McapWriter.whole(temporary, { library: LIBRARY }, async (runs) => {
      const runTopics = topicWriters(runs, topics);
      for await (const run of runsOf(watched(recording, recording.inFileOrder(), progress.begin()))) {
        await write((await sorted(run, disorder, () => true)) ?? [], runs, runTopics);
        await runs.flush();
      }
    });
    await copyMessages([await readSummary(temporary)], writer, range, progress.begin());
  } finally {
    await rm(temporary, { force: true });
  }
  return disorder.reordered;
}

const topicWriters = (writer: McapWriter, topics: TopicOptions[]) =>
  topics.map((topic) => new TopicWriter(writer, topic));

async function* withChannels(
  recording: WritableRecording,
  blocks: AsyncIterable<Block> | Iterable<Block>,
): AsyncGenerator<RecordingRows> {
  for await (const block of blocks) yield recording.withChannels(block);
}

async function writeBlocks(
  rows: AsyncIterable<RecordingRows>,
  writer: McapWriter,
  topics: TopicWriter[],
  { fromMs, endMs }: TimeRange,
  refuse: (block: Block, row: number, channel: string) => void,
  tally: Tally,
): Promise<void> {
  for await (const { block, channels } of rows) {
    for (let row = 0; row < block.count; row++) {
      const timeMs = block.timesMs[row]!;
      if (timeMs < fromMs || timeMs > endMs) {
        tally.skip(OUTSIDE);
        continue;
      }
      const topic = topics[channels?.[row] ?? 0]!;
      if (canHold(timeMs)) topic.add(block, row);
      else refuse(block, row, topic.channel);
      if (writer.full) await writer.flush();
    }
  }
}

/** Passes a recording's blocks on, and reports how much of it they are. */
async function* watched(
  recording: WritableRecording,
  blocks: AsyncGenerator<Block>,
  tell: (share: number | null) => void,
): AsyncGenerator<Block> {
  const { startMs, endMs } = recording;
  for await (const block of blocks) {
    yield block;
    tell(endMs === null ? recording.readShare : timeShare(block.timesMs.at(-1)!, startMs, endMs));
  }
}

/** Divides blocks into runs of some 32 MB. */
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

/** Copies what MCAP files hold besides messages: metadata and attachments. @throws refusal when an attachment is damaged */
export async function copyBesides(summaries: Summary[], writer: McapWriter): Promise<void> {
  for (const { path, metadata, attachments } of summaries) {
    for (const { name, values } of metadata) await writer.addMetadata(name, values);
    await asRefusal(path, () => copyAttachments(attachments, writer));
  }
}

/** Copies the messages of MCAP files unchanged, in time order. @throws refusal when a file is not intact */
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

/** The times from the first message of the files to the last, within a range. */
function timeRangeOf(summaries: Summary[], { fromMs, endMs }: TimeRange): { startMs: number; endMs: number } {
  const chunks = summaries.flatMap((summary) => summary.chunks);
  return {
    startMs: Math.max(fromMs, Math.min(...chunks.map((chunk) => chunk.startMs))),
    endMs: Math.min(endMs, Math.max(...chunks.map((chunk) => chunk.endMs))),
  };
}

/**
 * Prepares a file for merging: where too many of its chunks overlap to be in memory together, writes it again, in sorted
 * runs, to `temporary`.
 */
export async function mergeable(summary: Summary, temporary: string): Promise<Summary> {
  if (openBytesMax(summary.chunks) <= OPEN_MAX_BYTES) return summary;
  await McapWriter.whole(temporary, { library: summary.library }, (runs) => writeRuns(summary, runs));
  const { metadata, attachments } = summary;
  return { ...(await readSummary(temporary)), metadata, attachments };
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
