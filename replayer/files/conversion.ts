import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { isoTime } from '../../core/wire/event.ts';
import { COPIED_LIBRARY, isTrusted, LIBRARY } from '../mcap/format/libraries.ts';
import { asRefusal } from '../mcap/reading/as-refusal.ts';
import { emptyRefusal } from '../mcap/reading/mcap-recording.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { readSummary } from '../mcap/reading/summary.ts';
import { McapWriter } from '../mcap/writing/writer.ts';
import { recordingTimeMs } from '../reading/recording-time.ts';
import { isMcap, openRecording, playable, type AnyRecording, type Playable } from '../playing/playable.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';
import { TextRecording } from '../reading/text-recording.ts';
import type { ConvertReport, ConvertRequest } from './convert-request.ts';
import { Progress, timeShare } from './progress.ts';
import { timeColumns } from './reading-metadata.ts';
import { ColumnNames, TextSink, type TextPlan } from './text-sink.ts';
import { copyBesides, copyMessages, mergeable, writeRecording, type TimeRange } from './write-mcap.ts';

/** How many refused rows a report names. */
const NAMED_MAX = 20;
const WHOLE: TimeRange = { fromMs: -Infinity, endMs: Infinity };

/** One conversion in a temporary folder, which the caller creates and removes. */
export class Conversion {
  readonly folder: string;
  readonly #request: ConvertRequest;
  readonly #options: OpenOptions;
  readonly #refusals = new Map<string, RefusedRecord>();
  readonly #progress: Progress;
  #reordered = 0;
  #written: { messages: number; channels: string[]; startMs: number; endMs: number } | null = null;

  constructor(request: ConvertRequest, folder: string, progress = new Progress(request.progress)) {
    this.#request = request;
    this.folder = folder;
    this.#progress = progress;
    const refuse = (refused: RefusedRecord[]) => {
      // A recording that is read twice refuses each row twice.
      for (const row of refused) this.#refusals.set(`${row.file}:${row.line}:${row.reason}`, row);
    };
    this.#options = { ...request.options, refuse };
  }

  /** Writes the MCAP file `part`. `after` is how many more passes over the data will follow. */
  async toMcap(part: string, after = 0): Promise<void> {
    const { inputs, compression } = this.#request;
    const writerOptions = { library: LIBRARY, ...(compression !== undefined && { compression }) };
    if (inputs.length === 1 && !(await isMcap(inputs[0]!))) {
      const recording = await TextRecording.open(inputs[0]!, this.#options);
      const range = this.#rangeFrom(recording.startMs);
      this.#progress.count = passesOver(recording) + after;
      await McapWriter.whole(part, writerOptions, (writer) => this.#write(recording, writer, range));
    } else {
      const summaries: Summary[] = [];
      this.#progress.count = 1 + after;
      for (const [i, input] of inputs.entries()) summaries.push(await this.#asMcap(input, i));
      const startMs = Math.min(...summaries.flatMap(({ chunks }) => chunks.map((chunk) => chunk.startMs)));
      const library = summaries.every((summary) => isTrusted(summary.library)) ? LIBRARY : COPIED_LIBRARY;
      await McapWriter.whole(part, { ...writerOptions, library }, async (writer) => {
        await copyBesides(summaries, writer);
        await copyMessages(summaries, writer, this.#rangeFrom(startMs), this.#progress.begin());
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

  /** Writes the text file `part`. */
  async toText(part: string, csv: boolean): Promise<void> {
    const source = await this.#inOrder(csv ? 2 : 1);
    const range = this.#rangeFrom(source.startMs);
    const from = playable(source);
    const pass = () => this.#beginPass(source, range);
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

  /** Reports on the file that was written. @throws refusal when it holds no message */
  async report(part: string): Promise<Omit<ConvertReport, 'out' | 'format'>> {
    const { messages, channels, startMs, endMs } = this.#written!;
    if (messages === 0)
      throw refusal('range_empty', 'Nothing is left to write.', { hint: 'Check --start and --end.' });
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

  /** Opens all inputs as one recording in time order. `after` is how many passes over it will follow. */
  async #inOrder(after: number): Promise<AnyRecording> {
    const { inputs } = this.#request;
    this.#progress.count = after;
    if (inputs.length === 1) {
      const recording = await openRecording(inputs[0]!, this.#options);
      if (!(recording instanceof TextRecording) || recording.sorted) return recording;
    }
    const whole = join(this.folder, 'whole.mcap');
    const request = { ...this.#request, out: whole, start: undefined, end: undefined };
    const all = new Conversion(request, this.folder, this.#progress);
    await all.toMcap(whole, after);
    for (const [key, row] of all.#refusals) this.#refusals.set(key, row);
    this.#reordered = all.#reordered;
    return openRecording(whole, this.#options);
  }

  /** The summary of an input; an input of another format is first written as MCAP. */
  async #asMcap(input: string, i: number): Promise<Summary> {
    const temporary = join(this.folder, `${i}.mcap`);
    if (await isMcap(input))
      return asRefusal(input, async () => {
        const summary = await readSummary(input);
        if (summary.chunks.length === 0) throw emptyRefusal(summary);
        return mergeable(summary, temporary);
      });
    const recording = await TextRecording.open(input, this.#options);
    this.#progress.count += passesOver(recording);
    await McapWriter.whole(temporary, { library: LIBRARY }, (writer) =>
      this.#write(recording, writer, WHOLE),
    );
    return readSummary(temporary);
  }

  async #write(recording: TextRecording, writer: McapWriter, range: TimeRange): Promise<void> {
    const temporary = join(this.folder, 'runs.mcap');
    const plan = { range, options: this.#options, temporary, progress: this.#progress };
    this.#reordered += await writeRecording(recording, writer, plan);
  }

  /** Begins a pass over a source in time order; returns a function to call with the time reached. */
  #beginPass({ startMs, endMs }: AnyRecording, range: TimeRange): (timeMs: number) => void {
    const report = this.#progress.begin();
    const lastMs = Math.min(range.endMs, endMs ?? Infinity);
    return (timeMs) => report(timeShare(timeMs, Math.max(range.fromMs, startMs), lastMs));
  }

  #rangeFrom(startMs: number): TimeRange {
    return {
      fromMs: recordingTimeMs(this.#request.start, startMs, 'start') ?? -Infinity,
      endMs: recordingTimeMs(this.#request.end, startMs, 'end') ?? Infinity,
    };
  }
}

/** How many passes it takes to write a recording: one outside of memory is written in runs first. */
const passesOver = ({ sorted }: TextRecording): number => (sorted ? 1 : 2);

/** The columns of a CSV: all members that rows in the range have. */
async function columnsOf(
  from: Playable,
  range: TimeRange,
  plan: TextPlan,
  at: (timeMs: number) => void,
): Promise<string[]> {
  const columns = new ColumnNames(plan);
  for await (const rows of within(from, range, at)) columns.add(rows);
  return [...columns.names];
}

/** The rows of a recording within a range; `at` is called with the time reached. */
async function* within(from: Playable, { fromMs, endMs }: TimeRange, at: (timeMs: number) => void) {
  for await (const rows of from.rows(fromMs)) {
    const { timesMs } = rows.block;
    if (timesMs[0]! > endMs) return;
    const end = timesMs.at(-1)! > endMs ? timesMs.findIndex((timeMs) => timeMs > endMs) : timesMs.length;
    yield { block: rows.block.slice(0, end), channels: rows.channels && rows.channels.subarray(0, end) };
    at(timesMs.at(-1)!);
  }
}
