import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { isoTime } from '../../core/wire/event.ts';
import { COPIED_LIBRARY, isTrusted, LIBRARY } from '../mcap/format/libraries.ts';
import { asRefusal } from '../mcap/reading/as-refusal.ts';
import { emptyRefusal } from '../mcap/reading/mcap-recording.ts';
import { HOLDABLE, HOLDABLE_SHIFTED, shiftFor, shiftNote, shiftOf } from '../mcap/format/shifted-times.ts';
import { COPIES_REASON, holdsCopies } from '../mcap/format/copied-channels.ts';
import { FoxgloveCopies } from '../mcap/writing/foxglove/copies.ts';
import { skippedCopies } from '../mcap/reading/unplayed.ts';
import { readSummary } from '../mcap/reading/summary.ts';
import { unusedOptions } from '../mcap/reading/unused-options.ts';
import { recordedZone } from '../mcap/reading/recorded-zone.ts';
import { McapWriter } from '../mcap/writing/writer.ts';
import { commonZone, recordingTimeMs } from '../reading/recording-time.ts';
import { isMcap, openRecording, playable, type AnyRecording, type Playable } from '../playing/playable.ts';
import { guessText } from '../reading/inference/guesses.ts';
import type { OpenOptions, RefusedRecord, TimeLimits } from '../reading/open-options.ts';
import { TextRecording } from '../reading/text-recording.ts';
import type { ConvertReport, ConvertRequest } from './convert-request.ts';
import { Progress, timeShare } from './progress.ts';
import { OUTSIDE, Tally } from './tally.ts';
import type { OutputFormat } from './writing/sink.ts';
import { writeRows } from './writing/write-rows.ts';
import { copyFiles, type McapInput } from './copy-mcap.ts';
import { mergeable, writeRecording, type TimeRange } from './write-mcap.ts';

const WHOLE: TimeRange = { fromMs: -Infinity, endMs: Infinity };

/** One conversion in a temporary folder, which the caller creates and removes. */
export class Conversion {
  readonly folder: string;
  readonly #request: ConvertRequest;
  readonly #options: OpenOptions;
  readonly #tally: Tally;
  readonly #progress: Progress;
  #reordered = 0;
  /** The zones of the recordings. */
  #zones: (string | null)[] = [];
  #written: { messages: number; channels: string[]; startMs: number; endMs: number } | null = null;

  constructor(
    request: ConvertRequest,
    folder: string,
    progress = new Progress(request.progress),
    tally = new Tally(),
  ) {
    this.#request = request;
    this.folder = folder;
    this.#progress = progress;
    this.#tally = tally;
    const refuse = (refused: RefusedRecord[]) => tally.name(refused);
    const guessed: OpenOptions['guessed'] = (file, guesses) => {
      for (const guess of guesses) tally.guesses.add(`${file}: ${guessText(guess)}`);
    };
    this.#options = { ...request.options, refuse, guessed };
  }

  /** Writes the MCAP file `part`. `after` is how many more passes over the data will follow. */
  async toMcap(part: string, after = 0): Promise<void> {
    const { inputs, compression } = this.#request;
    const writerOptions = { library: LIBRARY, ...(compression !== undefined && { compression }) };
    if (inputs.length === 1 && !(await isMcap(inputs[0]!))) {
      const recording = await this.#openText(inputs[0]!);
      this.#zones = [recording.zone];
      const range = this.#rangeFrom(recording.startMs);
      this.#progress.count = passesOver(recording) + after;
      await McapWriter.whole(part, writerOptions, (writer) =>
        this.#write(recording, writer, range, this.#request.foxglove ? new FoxgloveCopies(writer) : null),
      );
    } else {
      const sources: McapInput[] = [];
      this.#progress.count = 1 + after;
      for (const [i, input] of inputs.entries()) sources.push(await this.#asMcap(input, i));
      const isChecked = sources.every(({ summary }) => isTrusted(summary.library));
      const library = isChecked ? LIBRARY : COPIED_LIBRARY;
      await McapWriter.whole(part, { ...writerOptions, library }, (writer) =>
        copyFiles(writer, {
          inputs: sources,
          options: this.#options,
          foxglove: this.#request.foxglove ?? false,
          rangeFrom: (startMs) => this.#rangeFrom(startMs),
          tally: this.#tally,
          tell: this.#progress.begin(),
        }),
      );
    }
    const summary = await readSummary(part);
    const { chunks, statistics, channels, metadata } = summary;
    const copies = skippedCopies(summary).get(COPIES_REASON) ?? 0;
    const own = [...channels.values()].filter((channel) => !holdsCopies(channel));
    const shiftMs = shiftOf(metadata);
    this.#written = {
      messages: statistics!.messages - copies,
      channels: [...new Set(own.map(({ topic }) => topic))],
      startMs: chunks.reduce((first, { startMs }) => Math.min(first, startMs), Infinity) - shiftMs,
      endMs: chunks.reduce((last, { endMs }) => Math.max(last, endMs), -Infinity) - shiftMs,
    };
    const note = shiftNote(shiftMs);
    // Otherwise the file is only a step to another format.
    if (note !== null && after === 0) this.#options.noted?.(note);
  }

  /** Writes the file `part` in another format than MCAP. */
  async toRows(part: string, format: OutputFormat): Promise<void> {
    const source = await this.#inOrder(format.survey ? 2 : 1);
    const range = this.#rangeFrom(source.startMs);
    const from = playable(source);
    const { refused, refusals, ...written } = await writeRows({
      from,
      rows: (isShown) => within(from, range, isShown ? this.#beginPass(source, range) : () => {}),
      format,
      path: part,
      folder: this.folder,
      channels: this.#options.channels,
    });
    this.#tally.add(source);
    if (source.count !== null) {
      // The messages of an MCAP file are counted before they are read, the rows of other files after.
      const unread = source instanceof TextRecording ? 0 : source.refused + source.filtered;
      this.#tally.skip(OUTSIDE, source.count - unread - written.messages - refused);
    }
    this.#tally.refused += refused;
    this.#tally.name(
      refusals.map(({ channel, json, reason }) => ({
        channel,
        reason,
        content: json,
        file: source.file,
        line: 0,
      })),
    );
    if (source instanceof TextRecording) this.#reordered = source.disorder.reordered;
    this.#written = { channels: [...from.channels], ...written };
  }

  /** Reports on the file that was written. @throws refusal when it holds no message */
  async report(part: string): Promise<Omit<ConvertReport, 'out' | 'format'>> {
    const { messages, channels, startMs, endMs } = this.#written!;
    const { refused, refusals, skipped, skippedRows, absent } = this.#tally;
    if (messages === 0) throw nothingLeft(this.#tally);
    return {
      messages,
      channels,
      start: isoTime(startMs),
      end: isoTime(endMs),
      bytes: (await stat(part)).size,
      read: messages + refused + skippedRows,
      refused,
      refusals,
      skipped: Object.fromEntries(skipped),
      absent,
      guesses: [...this.#tally.guesses],
      reordered: this.#reordered,
    };
  }

  /** Opens all inputs as one recording in time order. `after` is how many passes over it will follow. */
  async #inOrder(after: number): Promise<AnyRecording> {
    const { inputs } = this.#request;
    this.#progress.count = after;
    if (inputs.length === 1) {
      const recording = await openRecording(inputs[0]!, this.#options);
      this.#zones = [recording.zone];
      if (!(recording instanceof TextRecording) || recording.sorted) return recording;
    }
    const whole = join(this.folder, 'whole.mcap');
    const request = { ...this.#request, out: whole, start: undefined, end: undefined, foxglove: false };
    const all = new Conversion(request, this.folder, this.#progress, this.#tally);
    await all.toMcap(whole, after);
    this.#reordered = all.#reordered;
    this.#zones = all.#zones;
    if (all.#written!.messages === 0) throw nothingLeft(this.#tally);
    // The other options have been followed; followed twice, --map would rename what it has named.
    const { channels, refuse } = this.#options;
    return openRecording(whole, { channels, refuse });
  }

  /** The summary of an input; an input of another format is first written as MCAP. */
  async #asMcap(input: string, i: number): Promise<McapInput> {
    const temporary = join(this.folder, `${i}.mcap`);
    if (await isMcap(input))
      return asRefusal(input, async () => {
        const summary = await readSummary(input);
        if (summary.chunks.length === 0) throw emptyRefusal(summary);
        for (const note of unusedOptions(input, this.#options)) this.#options.noted?.(note);
        this.#zones.push(recordedZone(summary, this.#options.tz));
        return { path: input, summary: await mergeable(summary, temporary), isMade: false };
      });
    const recording = await this.#openText(input);
    this.#zones.push(recording.zone);
    this.#progress.count += passesOver(recording);
    await McapWriter.whole(temporary, { library: LIBRARY }, (writer) =>
      this.#write(recording, writer, WHOLE, null),
    );
    return { path: input, summary: await readSummary(temporary), isMade: true };
  }

  /** Opens a recording of another format that is written as MCAP: rows with times that MCAP can't hold are refused. */
  async #openText(input: string): Promise<TextRecording> {
    const open = (timeLimits: TimeLimits) => TextRecording.open(input, { ...this.#options, timeLimits });
    const recording = await open(HOLDABLE);
    const isShifted = shiftFor(recording.startMs) !== 0;
    const isTooLate = (recording.endMs ?? 0) > HOLDABLE_SHIFTED.endMs;
    return isShifted && isTooLate && !recording.once ? open(HOLDABLE_SHIFTED) : recording;
  }

  async #write(
    recording: TextRecording,
    writer: McapWriter,
    range: TimeRange,
    copies: FoxgloveCopies | null,
  ): Promise<void> {
    const temporary = join(this.folder, 'runs.mcap');
    const plan = {
      range,
      copies,
      options: this.#options,
      temporary,
      progress: this.#progress,
      tally: this.#tally,
    };
    this.#reordered += await writeRecording(recording, writer, plan);
    this.#tally.add(recording);
  }

  /** Begins a pass over a source in time order; returns a function to call with the time reached. */
  #beginPass({ startMs, endMs }: AnyRecording, range: TimeRange): (timeMs: number) => void {
    const report = this.#progress.begin();
    const lastMs = Math.min(range.endMs, endMs ?? Infinity);
    return (timeMs) => report(timeShare(timeMs, Math.max(range.fromMs, startMs), lastMs));
  }

  #rangeFrom(startMs: number): TimeRange {
    const zone = commonZone(this.#zones);
    return {
      fromMs: recordingTimeMs(this.#request.start, startMs, 'start', zone) ?? -Infinity,
      endMs: recordingTimeMs(this.#request.end, startMs, 'end', zone) ?? Infinity,
    };
  }
}

/** How many passes it takes to write a recording: one outside of memory is written in runs first. */
const passesOver = ({ sorted }: TextRecording): number => (sorted ? 1 : 2);

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

/** Says why nothing is left to write, with the counts. */
function nothingLeft({ refused, refusals, skipped }: Tally): Error {
  const reasons = [
    ...(refused > 0
      ? [`${count(refused)} refused, the first because: ${refusals[0]?.reason ?? 'not known'}`]
      : []),
    ...Array.from(skipped, ([reason, rows]) => `${count(rows)} ${rows === 1 ? 'is' : 'are'} ${reason}`),
  ];
  const isOutside = refused === 0 && skipped.has(OUTSIDE);
  return refusal(
    isOutside ? 'range_empty' : 'recording_unplayable',
    `Nothing is left to write: ${reasons.join('; ') || 'the recording holds no row'}.`.replace('..', '.'),
    {
      hint: isOutside ? 'Check --start and --end.' : 'See each row with reprise doctor FILE.',
    },
  );
}

const count = (rows: number): string => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
