import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../../schemas/types.ts';
import type { Playable, PlayableRows } from '../../playing/playable.ts';
import { TextRecording } from '../../reading/text-recording.ts';
import { rowAt, type WrittenRow } from './event-line.ts';
import { PlainRows } from './plain-rows.ts';
import type { OutputFormat, Sink, SinkPlan, Survey } from './sink.ts';

const SAMPLE_ROWS = 1_000;

/** What is written, and where. */
export interface WriteJob {
  from: Playable;
  /** The rows to write, from the start, as often as asked. `isShown`: whether this reading is shown as progress. */
  rows(isShown: boolean): AsyncIterable<PlayableRows>;
  format: OutputFormat;
  /** The file; its name is that of the output. */
  path: string;
  folder: string;
  channels: Config['channels'];
}

/** What was written. */
export interface Written {
  messages: number;
  startMs: number;
  endMs: number;
  /** The rows that the format can't hold, with the reason. Only the first are kept. */
  refused: number;
  refusals: (WrittenRow & { reason: string })[];
}

/**
 * Writes rows in a format. They are written as they are where a reader without options makes the same of them: of each row
 * its time, subject, channel and data. Otherwise each row says beside its data which event it is.
 */
export async function writeRows(job: WriteJob): Promise<Written> {
  const { format, path, folder } = job;
  const plan: Omit<SinkPlan, 'plain'> = { path, folder, packed: path.toLowerCase().endsWith('.gz') };
  const sample: WrittenRow[] = [];
  const survey = format.survey?.() ?? null;
  await lookAt(job, sample, survey);
  const plain = format.holdsPlainRows ? PlainRows.of(path, sample, job.channels) : null;
  if (plain) {
    const sink = format.open({ ...plan, plain: true }, survey);
    const written = sink && (await fill(sink, job, plain));
    if (written && (await isReadBack(job, plain, written))) return written;
  }
  return (await fill(format.open({ ...plan, plain: false }, survey)!, job, null))!;
}

/** Takes a sample of the first rows, and shows all to the survey. */
async function lookAt(job: WriteJob, sample: WrittenRow[], survey: Survey | null): Promise<void> {
  for await (const rows of job.rows(survey !== null)) {
    for (let row = 0; row < rows.block.count; row++) {
      const written = rowAt(rows, row, job.from.channels);
      if (sample.length < SAMPLE_ROWS) sample.push(written);
      else if (!survey) return;
      survey?.add(written);
    }
  }
}

/** Writes all rows; null where `plain` finds one that does not speak for itself. */
async function fill(sink: Sink, job: WriteJob, plain: PlainRows | null): Promise<Written | null> {
  const written: Written = { messages: 0, startMs: Infinity, endMs: -Infinity, refused: 0, refusals: [] };
  for await (const rows of job.rows(true)) {
    for (let at = 0; at < rows.block.count; at++) {
      const row = rowAt(rows, at, job.from.channels);
      if (plain && !plain.holds(row)) {
        await sink.end();
        return null;
      }
      const reason = sink.add(row);
      if (reason !== null) {
        if (written.refused++ < SAMPLE_ROWS) written.refusals.push({ ...row, reason });
        continue;
      }
      written.messages++;
      written.startMs = Math.min(written.startMs, row.timeMs);
      written.endMs = Math.max(written.endMs, row.timeMs);
    }
    await sink.ready();
  }
  await sink.end();
  return written;
}

/** Whether a file that fits into memory holds what was written. `PlainRows` has checked each row of a larger one. */
async function isReadBack(job: WriteJob, plain: PlainRows, { messages, refused }: Written): Promise<boolean> {
  const recording = await TextRecording.open(job.path, { channels: job.channels }).catch(() => null);
  if (!recording || recording.refused > 0 || refused > 0) return false;
  if (!plain.expects(recording.interpretation)) return false;
  if (!recording.sorted) return true;
  if (recording.count !== messages) return false;
  const read = rowsOf(recording.rows(), recording.channels);
  for await (const wanted of rowsOf(job.rows(false), job.from.channels)) {
    const { value: found } = await read.next();
    if (!found || !areEqual(wanted, found)) return false;
  }
  return true;
}

async function* rowsOf(
  all: AsyncIterable<PlayableRows>,
  channels: readonly string[],
): AsyncGenerator<WrittenRow, undefined> {
  for await (const rows of all)
    for (let row = 0; row < rows.block.count; row++) yield rowAt(rows, row, channels);
}

function areEqual(a: WrittenRow, b: WrittenRow): boolean {
  const isSameEvent =
    Math.abs(a.timeMs - b.timeMs) < 0.000_6 && a.subject === b.subject && a.channel === b.channel;
  return isSameEvent && (a.json === b.json || isDeepStrictEqual(JSON.parse(a.json), JSON.parse(b.json)));
}
