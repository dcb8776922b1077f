import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { isoTime } from '../../core/wire/event.ts';
import { COPIED_LIBRARY, isTrusted, LIBRARY } from '../mcap/format/libraries.ts';
import type { Compression } from '../mcap/compression/compression.ts';
import { asRefusal } from '../mcap/reading/as-refusal.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { readSummary } from '../mcap/reading/summary.ts';
import { McapWriter } from '../mcap/writing/writer.ts';
import { recordingTimeMs } from '../reading/recording-time.ts';
import { isMcap, openRecording, playable, type AnyRecording, type Playable } from '../playing/playable.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';
import { TextRecording } from '../reading/text-recording.ts';
import { Progress, timeShare } from './progress.ts';
import { timeColumns } from './reading-metadata.ts';
import { ColumnNames, TextSink, type TextPlan } from './text-sink.ts';
import { copyMessages, mergeable, writeRecording, type TimeRange } from './write-mcap.ts';

export interface ConvertRequest {
  /** Paths; of several the messages go onto one timeline. */
  inputs: string[];
  out: string;
  /** Moments: ISO, or an offset from the start. */
  start?: string | undefined;
  end?: string | undefined;
  compression?: Compression | undefined;
  options: OpenOptions;
  /** Hears of the share of the work that is done, 0..1, at any rate. */
  progress?: (share: number) => void;
}

/** What came of it. */
export interface ConvertReport {
  out: string;
  format: string;
  messages: number;
  channels: string[];
  start: string | null;
  end: string | null;
  bytes: number;
  refused: number;
  /** The first of them. */
  refusals: RefusedRecord[];
  reordered: number;
}

const NAMED_MAX = 20;
const WHOLE: TimeRange = { fromMs: -Infinity, endMs: Infinity };

/**
 * Writes recordings as one file, in time order: .mcap, .ndjson or .csv, text also .gz. The file appears under its name
 * when it is whole. @throws refusal where an input can't be read, or nothing would be written
 */
export async function convert(request: ConvertRequest): Promise<ConvertReport> {
  const out = resolve(request.out);
  const format = formatOfOutput(out);
  if (request.inputs.some((input) => resolve(input) === out))
    throw refusal('same_file', `${basename(out)} would be written over itself.`, {
      hint: 'Name another file.',
    });
  const job = new Conversion(request, await mkdtemp(join(dirname(out), '.reprise-')));
  try {
    const part = join(job.folder, `out${/(\.[a-z]+)(\.gz)?$/.exec(out.toLowerCase())![0]}`);
    if (format === 'mcap') await job.toMcap(part);
    else await job.toText(part, format === 'csv');
    const report = await job.report(part);
    await rename(part, out);
    return { ...report, out: request.out, format };
  } finally {
    await rm(job.folder, { recursive: true, force: true });
  }
}

function formatOfOutput(out: string): 'mcap' | 'ndjson' | 'csv' {
  const match = /\.(mcap|(?:ndjson|jsonl|csv)(?:\.gz)?)$/.exec(out.toLowerCase());
  if (match) return match[1] === 'mcap' ? 'mcap' : match[1]!.startsWith('csv') ? 'csv' : 'ndjson';
  throw refusal('output_format', `${basename(out)} is in no format that can be written.`, {
    hint: 'There are .mcap, .ndjson and .csv; the last two also as .gz.',
  });
}

/** One conversion, with what it counts. */
class Conversion {
  readonly folder: string;
  readonly #request: ConvertRequest;
  readonly #options: OpenOptions;
  readonly #refusals = new Map<string, RefusedRecord>();
  readonly #passes: Progress;
  #reordered = 0;
  #written: { messages: number; channels: string[]; startMs: number; endMs: number } | null = null;

  constructor(request: ConvertRequest, folder: string, passes = new Progress(request.progress)) {
    this.#request = request;
    this.folder = folder;
    this.#passes = passes;
    const refuse = (refused: RefusedRecord[]) => {
      // A recording that is read twice refuses a row twice.
      for (const row of refused) this.#refusals.set(`${row.file}:${row.line}:${row.reason}`, row);
    };
    this.#options = { ...request.options, refuse };
  }

  /** `after`: passes that follow. */
  async toMcap(part: string, after = 0): Promise<void> {
    const { inputs, compression } = this.#request;
    const writerOptions = { library: LIBRARY, ...(compression !== undefined && { compression }) };
    if (inputs.length === 1 && !(await isMcap(inputs[0]!))) {
      const recording = await TextRecording.open(inputs[0]!, this.#options);
      const range = this.#rangeFrom(recording.startMs);
      this.#passes.count = passesOver(recording) + after;
      await McapWriter.whole(part, writerOptions, (writer) => this.#write(recording, writer, range));
    } else {
      const summaries: Summary[] = [];
      this.#passes.count = 1 + after;
      for (const [i, input] of inputs.entries()) summaries.push(await this.#asMcap(input, i));
      const startMs = Math.min(...summaries.flatMap(({ chunks }) => chunks.map((chunk) => chunk.startMs)));
      const library = summaries.every((summary) => isTrusted(summary.library)) ? LIBRARY : COPIED_LIBRARY;
      await McapWriter.whole(part, { ...writerOptions, library }, async (writer) => {
        for (const { metadata } of summaries)
          for (const [name, values] of metadata) await writer.addMetadata(name, values);
        await copyMessages(summaries, writer, this.#rangeFrom(startMs), this.#passes.begin());
      });
    }
    const { chunks, statistics, channels } = await readSummary(part);
    this.#written = {
      messages: statistics!.messages,
      channels: [...new Set([...channels.values()].map(({ topic }) => topic))],
      startMs: Math.min(...chunks.map((chunk) => chunk.startMs)),
      endMs: Math.max(...chunks.map((chunk) => chunk.endMs)),
    };
  }

  async toText(part: string, csv: boolean): Promise<void> {
    const source = await this.#inOrder(csv ? 2 : 1);
    const range = this.#rangeFrom(source.startMs);
    const from = playable(source);
    const pass = () => this.#pass(source, range);
    const plan: TextPlan = { channels: from.channels, timeColumns: timeColumns(source) };
    const columns = csv ? await columnsOf(from, range, plan, pass()) : null;
    const sink = new TextSink(part, part.endsWith('.gz'), plan, columns);
    const times = { startMs: Infinity, endMs: -Infinity };
    for await (const rows of within(from, range, pass())) {
      times.startMs = Math.min(times.startMs, rows.block.timesMs[0]!);
      times.endMs = Math.max(times.endMs, rows.block.timesMs.at(-1)!);
      await sink.write(rows);
    }
    await sink.end();
    if (source instanceof TextRecording) this.#reordered = source.disorder.reordered;
    this.#written = { messages: sink.rows, channels: [...from.channels], ...times };
  }

  async report(part: string): Promise<Omit<ConvertReport, 'out' | 'format'>> {
    const { messages, channels, startMs, endMs } = this.#written!;
    if (messages === 0)
      throw refusal('range_empty', 'Nothing is left to write.', { hint: 'Look at --start and --end.' });
    return {
      messages,
      channels,
      start: isoTime(startMs),
      end: isoTime(endMs),
      bytes: (await stat(part)).size,
      refused: this.#refusals.size,
      refusals: [...this.#refusals.values()].slice(0, NAMED_MAX),
      reordered: this.#reordered,
    };
  }

  /** All inputs as one recording that is in order; so many passes are to follow. */
  async #inOrder(after: number): Promise<AnyRecording> {
    const { inputs } = this.#request;
    this.#passes.count = after;
    if (inputs.length === 1) {
      const recording = await openRecording(inputs[0]!, this.#options);
      if (!(recording instanceof TextRecording) || recording.sorted) return recording;
    }
    const whole = join(this.folder, 'whole.mcap');
    const request = { ...this.#request, out: whole, start: undefined, end: undefined };
    const all = new Conversion(request, this.folder, this.#passes);
    await all.toMcap(whole, after);
    for (const [key, row] of all.#refusals) this.#refusals.set(key, row);
    this.#reordered = all.#reordered;
    return openRecording(whole, this.#options);
  }

  /** An input's summary; one of another format is written as MCAP first. */
  async #asMcap(input: string, i: number): Promise<Summary> {
    const temporary = join(this.folder, `${i}.mcap`);
    if (await isMcap(input))
      return asRefusal(input, async () => mergeable(await readSummary(input), temporary));
    const recording = await TextRecording.open(input, this.#options);
    this.#passes.count += passesOver(recording);
    await McapWriter.whole(temporary, { library: LIBRARY }, (writer) =>
      this.#write(recording, writer, WHOLE),
    );
    return readSummary(temporary);
  }

  async #write(recording: TextRecording, writer: McapWriter, range: TimeRange): Promise<void> {
    const temporary = join(this.folder, 'runs.mcap');
    const plan = { range, options: this.#options, temporary, passes: this.#passes };
    this.#reordered += await writeRecording(recording, writer, plan);
  }

  /** Begins a pass over a source in order; the answer is told where it is. */
  #pass({ startMs, endMs }: AnyRecording, range: TimeRange): (timeMs: number) => void {
    const tell = this.#passes.begin();
    const lastMs = Math.min(range.endMs, endMs ?? Infinity);
    return (timeMs) => tell(timeShare(timeMs, Math.max(range.fromMs, startMs), lastMs));
  }

  #rangeFrom(startMs: number): TimeRange {
    return {
      fromMs: recordingTimeMs(this.#request.start, startMs, 'start') ?? -Infinity,
      endMs: recordingTimeMs(this.#request.end, startMs, 'end') ?? Infinity,
    };
  }
}

/** One that fits into memory is in order there; another is written in runs first. */
const passesOver = ({ sorted }: TextRecording): number => (sorted ? 1 : 2);

async function columnsOf(
  from: Playable,
  range: TimeRange,
  plan: TextPlan,
  at: (timeMs: number) => void,
): Promise<string[]> {
  const columns = new ColumnNames(plan);
  for await (const rows of within(from, range, at)) columns.look(rows);
  return [...columns.names];
}

/** The rows in a range; `at` hears how far they are. */
async function* within(from: Playable, { fromMs, endMs }: TimeRange, at: (timeMs: number) => void) {
  for await (const rows of from.rows(fromMs)) {
    const { timesMs } = rows.block;
    if (timesMs[0]! > endMs) return;
    const end = timesMs.at(-1)! > endMs ? timesMs.findIndex((timeMs) => timeMs > endMs) : timesMs.length;
    yield { block: rows.block.slice(0, end), channels: rows.channels && rows.channels.subarray(0, end) };
    at(timesMs.at(-1)!);
  }
}
