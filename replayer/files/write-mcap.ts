import { open, rm } from 'node:fs/promises';
import type { Block } from '../../core/wire/block.ts';
import { canHold } from '../mcap/format/bytes.ts';
import { CYCLE_MS, HOLDABLE, isShift, shiftFor, shiftMetadata } from '../mcap/format/shifted-times.ts';
import { LIBRARY } from '../mcap/format/libraries.ts';
import { openBytesMax } from '../mcap/reading/time-order.ts';
import { readCheckedRecords } from '../mcap/reading/read-chunk.ts';
import { RawCopy, rawRows, scanRaw, type CopyOptions, type RawInput } from './raw-messages.ts';
import { mergedRows, type ChannelRows } from '../mcap/format/channel-rows.ts';
import { asRefusal } from '../mcap/reading/as-refusal.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { readSummary } from '../mcap/reading/summary.ts';
import { copyAttachments } from '../mcap/writing/attachments.ts';
import { embeddedSchema, TopicWriter, type TopicOptions } from '../mcap/writing/topics.ts';
import type { FoxgloveCopies } from '../mcap/writing/foxglove/copies.ts';
import { McapWriter } from '../mcap/writing/writer.ts';
import { sorted, type Disorder } from '../reading/order/order.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { RecordingRows, TextRecording } from '../reading/text-recording.ts';
import { Progress, timeShare } from './progress.ts';
import { OUTSIDE, Tally } from './tally.ts';
import { readingMetadata } from './reading-metadata.ts';

/** Size of the runs that are sorted in memory, where the whole recording does not fit. */
const RUN_BYTES = 1 << 25;
/** How many rows with times that can't be held are named. */
const REFUSED_NAMED = 20;
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
  /** Gets each row that is written, to add what Foxglove draws of it. */
  copies?: FoxgloveCopies | null;
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
  | 'once'
> &
  Pick<TextRecording, 'blocks' | 'inFileOrder' | 'withChannels'>;

/**
 * Writes a recording of another format as MCAP, in time order, shifted where it begins before 1970 (shifted-times.ts);
 * returns how many steps back in time it had.
 */
export async function writeRecording(
  recording: WritableRecording,
  writer: McapWriter,
  plan: WritePlan,
): Promise<number> {
  const { range, options, temporary, copies = null, progress = new Progress(), tally = new Tally() } = plan;
  const { channels, interpretation } = recording;
  const column = interpretation.subject.value;
  const topicsWith = (shiftMs: number) =>
    channels.map((channel) => ({
      topic: channel,
      schema: embeddedSchema(channel, options.channels),
      subjectColumn: column === null ? null : (interpretation.rename.value.get(column) ?? column),
      shiftMs,
    }));
  for (const channel of channels) await writer.addMetadata(`reading:${channel}`, readingMetadata(recording));
  const shiftMs = shiftFor(Math.max(recording.startMs, range.fromMs));
  if (recording.sorted) {
    if (shiftMs !== 0) await writer.addMetadata(...shiftMetadata(shiftMs));
    const blocks = withChannels(recording, watched(recording, recording.blocks(), progress.begin()));
    const left = await writeBlocks(blocks, writer, topicWriters(writer, topicsWith(shiftMs)), {
      range,
      shiftMs,
      copies,
    });
    tellLeft(left, recording.file, tally);
    return recording.disorder.reordered;
  }
  const disorder: Disorder = { reordered: 0, late: 0, outliers: 0 };
  const writeRuns = (shiftMs: number) =>
    McapWriter.whole(temporary, { library: LIBRARY }, async (runs) => {
      const topics = topicWriters(runs, topicsWith(shiftMs));
      const left: LeftOut = { outside: 0, refused: [], count: 0 };
      for await (const run of runsOf(watched(recording, recording.inFileOrder(), progress.begin()))) {
        const blocks = withChannels(recording, (await sorted(run, disorder, () => true)) ?? []);
        await writeBlocks(blocks, runs, topics, { range, shiftMs, restarts: !recording.once }, left);
        await runs.flush();
      }
      tellLeft(left, recording.file, tally);
      return shiftMs;
    });
  try {
    const used = await writeRuns(shiftMs).catch((error: unknown) => {
      // Only now it is known that the recording has times before 1970.
      if (!(error instanceof EarlierThan1970)) throw error;
      Object.assign(disorder, { reordered: 0, late: 0, outliers: 0 });
      progress.count++;
      return writeRuns(CYCLE_MS);
    });
    if (used !== 0) await writer.addMetadata(...shiftMetadata(used));
    const inputs = [{ summary: await readSummary(temporary), laterMs: 0, keptOf: null }];
    await copyMessages(inputs, writer, WHOLE, progress.begin(), { copies });
  } finally {
    await rm(temporary, { force: true });
  }
  return disorder.reordered;
}

const WHOLE: TimeRange = { fromMs: -Infinity, endMs: Infinity };

/** Says that a recording has times before 1970 although its beginning did not show it. */
class EarlierThan1970 extends Error {}

/** What was not written of a recording. */
interface LeftOut {
  outside: number;
  /** How many rows have times that can't be held; the first of them. */
  count: number;
  refused: { channel: string; content: string }[];
}

function tellLeft({ outside, count, refused }: LeftOut, file: string, tally: Tally): void {
  tally.skip(OUTSIDE, outside);
  tally.refused += count;
  tally.name(refused.map((row) => ({ ...row, file, line: 0, reason: HOLDABLE.reason })));
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
  {
    range: { fromMs, endMs },
    shiftMs,
    restarts = false,
    copies = null,
  }: { range: TimeRange; shiftMs: number; restarts?: boolean; copies?: FoxgloveCopies | null },
  left: LeftOut = { outside: 0, refused: [], count: 0 },
): Promise<LeftOut> {
  for await (const { block, channels } of rows) {
    for (let row = 0; row < block.count; row++) {
      const timeMs = block.timesMs[row]!;
      if (timeMs < fromMs || timeMs > endMs) {
        left.outside++;
        continue;
      }
      const topic = topics[channels?.[row] ?? 0]!;
      if (canHold(timeMs + shiftMs)) {
        topic.add(block, row);
        copies?.addRow(topic.channel, block.record(row), shiftMs);
      } else {
        if (restarts && shiftMs === 0 && shiftFor(timeMs) !== 0) throw new EarlierThan1970();
        left.count++;
        if (left.refused.length < REFUSED_NAMED)
          left.refused.push({ channel: topic.channel, content: block.record(row).data });
      }
      if (writer.full) await writer.flush();
    }
  }
  return left;
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
    for (const record of metadata) if (!isShift(record)) await writer.addMetadata(record.name, record.values);
    await asRefusal(path, () => copyAttachments(attachments, writer));
  }
}

/**
 * Copies the messages of MCAP files unchanged, in time order. The range is in the times of the copy.
 * @throws refusal when a file is not intact
 */
export async function copyMessages(
  inputs: readonly RawInput[],
  writer: McapWriter,
  range: TimeRange,
  tell: (share: number) => void,
  options: CopyOptions = {},
): Promise<RawCopy> {
  const files = inputs.map(({ summary, laterMs, naming }) => ({ ...summary, laterMs, naming }));
  const copy = new RawCopy(writer, files, options);
  const { startMs, endMs } = timeRangeOf(inputs, range);
  await asRefusal(inputs.map(({ summary }) => summary.path).join(' or '), async () => {
    for await (const rows of rawRows(inputs, range.fromMs, range.endMs)) {
      await copy.add(rows, range.fromMs, range.endMs);
      tell(timeShare(rows.block.timesMs.at(-1)!, startMs, endMs));
    }
  });
  return copy;
}

/** The times from the first message of the files to the last, within a range. */
function timeRangeOf(
  inputs: readonly RawInput[],
  { fromMs, endMs }: TimeRange,
): { startMs: number; endMs: number } {
  const times = inputs.map(({ summary: { chunks }, laterMs }) => ({
    startMs: laterMs + chunks.reduce((first, { startMs }) => Math.min(first, startMs), Infinity),
    endMs: laterMs + chunks.reduce((last, { endMs }) => Math.max(last, endMs), -Infinity),
  }));
  return {
    startMs: Math.max(fromMs, Math.min(...times.map(({ startMs }) => startMs))),
    endMs: Math.min(endMs, Math.max(...times.map((time) => time.endMs))),
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
