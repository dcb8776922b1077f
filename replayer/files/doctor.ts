import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { isoTime } from '../../core/wire/event.ts';
import { isProblem, RepriseError, sentence } from '../../core/problems/errors.ts';
import { OPTION_REFUSALS } from '../../core/problems/option-refusals.ts';
import { MalformedMcap, readMs } from '../mcap/format/bytes.ts';
import { scanRaw } from './raw-messages.ts';
import { HEAD_BYTES, Opcode, recordAt, type ChunkEntry } from '../mcap/format/records.ts';
import { salvage, type Damage } from '../mcap/recovery/salvage.ts';
import { McapRecording } from '../mcap/reading/mcap-recording.ts';
import { readRecords } from '../mcap/reading/read-chunk.ts';
import { isTrusted } from '../mcap/format/libraries.ts';
import { shiftNote, shiftOf } from '../mcap/format/shifted-times.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { checkAttachment } from '../mcap/writing/attachments.ts';
import { readSummary } from '../mcap/reading/summary.ts';
import { readAt } from '../mcap/format/read-at.ts';
import { isMcap, openRecording } from '../playing/playable.ts';
import { guessText } from '../reading/inference/guesses.ts';
import { readingNotes, skippedRows } from '../reading/reading-notes.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';

/** A problem of a file. */
export interface Finding {
  /** An error means that data are lost or can't be played; a warning, that the file plays less well than it could. */
  severity: 'error' | 'warning';
  what: string;
  hint: string;
}

/** What is in a file, and what is wrong with it. */
export interface DoctorReport {
  file: string;
  format: string;
  /** The messages of an MCAP file, or the rows that are played. */
  messages: number;
  /** How many messages or rows there are: those that are played, refused, skipped and filtered. */
  read: number;
  start: string | null;
  end: string | null;
  longestGapSeconds: number;
  /** Steps back in time from one message to the next, in the order of the file. */
  disordered: number;
  /** How many messages or rows can't be played. */
  refused: number;
  /** How many are intact and are not played; a finding tells why. */
  skipped: number;
  /** How many are left out by filter or sample, or because they only restore state. */
  filtered: number;
  /** How the recording is read, where that had to be guessed, as sentences with the option that changes it. */
  guesses: string[];
  /** What else there is to say of the file, such as that its times are stored shifted. */
  note?: string;
  findings: Finding[];
}

/** What a reading of the rows counted. */
type RowCounts = Pick<DoctorReport, 'format' | 'refused' | 'skipped' | 'filtered' | 'guesses'>;

const NOTHING_READ: RowCounts = { format: 'unknown', refused: 0, skipped: 0, filtered: 0, guesses: [] };
const NAMED_MAX = 10;

/** Reads all of a file, and tells what is wrong with it. */
export async function diagnose(path: string, options: OpenOptions): Promise<DoctorReport> {
  const findings: Finding[] = [];
  const add = (severity: Finding['severity'], what: string, hint: string) =>
    findings.push({ severity, what, hint });
  const mcap = await isMcap(path);
  const order = mcap ? await diagnoseMcap(path, add) : new TimeStatistics();
  const rows = mcap ? null : await diagnoseRows(path, options, add, order);
  let counts = rows ?? NOTHING_READ;
  if (mcap && !findings.some(({ severity }) => severity === 'error')) {
    if (order.count > 0) counts = await diagnoseRows(path, options, add, null);
    else add('warning', 'it holds no message', 'There is nothing in it to play.');
  }
  if (order.disordered > 0)
    add('warning', `${order.disordered} steps back in time`, 'reprise convert FILE OUT puts it in order.');
  const { refused, skipped, filtered, guesses } = counts;
  return {
    file: basename(path),
    format: rows?.format ?? 'mcap',
    messages: order.count,
    read: order.count + (mcap ? 0 : refused + skipped + filtered),
    start: order.count > 0 ? isoTime(order.startMs - order.shiftMs) : null,
    end: order.count > 0 ? isoTime(order.endMs - order.shiftMs) : null,
    refused,
    skipped,
    filtered,
    guesses,
    ...(order.shiftMs !== 0 && { note: shiftNote(order.shiftMs)! }),
    longestGapSeconds: order.longestGapMs / 1000,
    disordered: order.disordered,
    findings,
  };
}

type AddFinding = (severity: Finding['severity'], what: string, hint: string) => void;

/** Statistics of the times of messages, which are added in file order. */
class TimeStatistics {
  count = 0;
  startMs = Infinity;
  endMs = -Infinity;
  longestGapMs = 0;
  disordered = 0;
  /** How much later the times are stored than they are. */
  shiftMs = 0;

  add(timesMs: Float64Array): void {
    for (const timeMs of timesMs) {
      if (timeMs < this.endMs) this.disordered++;
      else if (this.count > 0) this.longestGapMs = Math.max(this.longestGapMs, timeMs - this.endMs);
      this.startMs = Math.min(this.startMs, timeMs);
      this.endMs = Math.max(this.endMs, timeMs);
      this.count++;
    }
  }
}

async function diagnoseMcap(path: string, add: AddFinding): Promise<TimeStatistics> {
  const saves = 'reprise recover FILE OUT.mcap saves what is intact.';
  const order = new TimeStatistics();
  const damages: Damage[] = [];
  for await (const { opcode, offset, records } of salvage(path, damages)) {
    try {
      if (records && (opcode === Opcode.CHUNK || opcode === Opcode.MESSAGE))
        order.add(scanRaw(records).block.timesMs);
    } catch (error) {
      if (!(error instanceof MalformedMcap)) throw error;
      add('error', `byte ${offset}: ${error.message}`, saves);
    }
  }
  for (const { offset, what } of damages.slice(0, NAMED_MAX)) add('error', `byte ${offset}: ${what}`, saves);
  if (damages.length > NAMED_MAX) add('error', `and ${damages.length - NAMED_MAX} more damages`, saves);
  try {
    const summary = await readSummary(path);
    order.shiftMs = shiftOf(summary.metadata);
    await checkAttachments(path, summary, add);
    if (!summary.indexed && order.count > 0)
      add('warning', 'it has no index', 'reprise convert FILE OUT.mcap makes one.');
    const { statistics } = summary;
    if (statistics && statistics.messages !== order.count)
      add('error', `it should hold ${statistics.messages} messages and holds ${order.count}`, saves);
    const wrong = await wrongIndexes(path, summary);
    if (wrong > 0)
      add(
        'error',
        `the message indexes of ${wrong} chunks are wrong`,
        'reprise convert FILE OUT.mcap makes new ones.',
      );
  } catch (error) {
    if (!(error instanceof MalformedMcap)) throw error;
    if (damages.length === 0) add('error', error.message, saves);
  }
  return order;
}

async function checkAttachments(path: string, { attachments }: Summary, add: AddFinding): Promise<void> {
  if (attachments.length === 0) return;
  const handle = await open(path);
  try {
    for (const attachment of attachments)
      await checkAttachment(handle, attachment).catch((error: unknown) => {
        if (!(error instanceof MalformedMcap)) throw error;
        add(
          'error',
          `byte ${attachment.offset}: ${error.message}`,
          'reprise recover FILE OUT.mcap leaves it out.',
        );
      });
  } finally {
    await handle.close();
  }
}

/** Counts the chunks whose message indexes do not lead to their messages. */
async function wrongIndexes(path: string, { chunks }: Summary): Promise<number> {
  const handle = await open(path);
  try {
    let wrong = 0;
    for (const chunk of chunks) if (chunk.indexBytes > 0 && !(await isIndexed(handle, chunk))) wrong++;
    return wrong;
  } finally {
    await handle.close();
  }
}

async function isIndexed(handle: FileHandle, chunk: ChunkEntry): Promise<boolean> {
  const records = await readRecords(handle, chunk);
  const index = await readAt(handle, chunk.offset + chunk.length, chunk.indexBytes);
  let entries = 0;
  for (let at = 0, record; (record = recordAt(index, at)); at += record.length) {
    if (record.opcode !== Opcode.MESSAGE_INDEX) continue;
    const channel = record.fields.u16();
    const bytes = record.fields.data(record.fields.u32());
    for (let entry = 0; entry + 16 <= bytes.length; entry += 16, entries++) {
      const start = bytes.readUInt32LE(entry + 8) + HEAD_BYTES;
      const there = start + 22 <= records.length && records[start - HEAD_BYTES] === Opcode.MESSAGE;
      if (!there || records.readUInt16LE(start) !== channel) return false;
      if (readMs(records, start + 6) !== readMs(bytes, entry)) return false;
    }
  }
  return entries === scanRaw(records).block.count;
}

/**
 * Reads every row as a replay would, and counts.
 * @throws refusal for what is not wrong with the file: there is none, or an option can't be read
 */
async function diagnoseRows(
  path: string,
  options: OpenOptions,
  add: AddFinding,
  order: TimeStatistics | null,
): Promise<RowCounts> {
  const refused = new Map<string, RefusedRecord>();
  const refuse = (rows: RefusedRecord[]) => {
    for (const row of rows) refused.set(`${row.line}:${row.reason}`, row);
  };
  const counts = { ...NOTHING_READ };
  let consequence = 'left out when the file is played.';
  try {
    const guessed: OpenOptions['guessed'] = (_file, guesses) => {
      counts.guesses = guesses.map(guessText);
      for (const guess of counts.guesses) add('warning', guess, 'reprise info FILE shows how it is read.');
    };
    const notes = new Set<string>();
    const recording = await openRecording(path, {
      ...options,
      refuse,
      guessed,
      noted: (note) => notes.add(note),
      distrust: true,
    });
    counts.format = recording.format;
    const blocks = recording instanceof McapRecording ? recording.rows() : wrapped(recording.blocks());
    for await (const { block } of blocks) order?.add(block.timesMs);
    counts.refused = recording.refused;
    counts.skipped = skippedRows(recording);
    counts.filtered = recording.filtered;
    // Play trusts the files of Reprise, and doctor does not.
    if (recording instanceof McapRecording && isTrusted(recording.summary.library))
      consequence = 'played all the same, because the file says that it was checked.';
    if (order && !(recording instanceof McapRecording)) order.disordered = recording.disorder.reordered;
    for (const note of new Set([...notes, ...readingNotes(recording)]))
      add('warning', note, 'reprise info FILE shows how it is read.');
    if (recording.disorder.late > 0)
      add(
        'warning',
        `${recording.disorder.late} rows come too late for the reorder window`,
        'reprise convert FILE OUT puts all of it in order.',
      );
  } catch (error) {
    if (!(error instanceof RepriseError) || error.kind === 'invariant') throw error;
    if (isProblem(error, 'recording_unknown', ...OPTION_REFUSALS)) throw error;
    const { what, hint } = toldOf(error);
    add('error', what, hint);
  }
  for (const { line, reason } of [...refused.values()].slice(0, NAMED_MAX))
    add('error', `row ${line}: ${reason}`, `It is ${consequence}`);
  const named = Math.min(NAMED_MAX, refused.size);
  counts.refused = Math.max(counts.refused, refused.size);
  const more = counts.refused - named;
  if (more > 0) add('error', `and ${more} more bad rows`, `They are ${consequence}`);
  return counts;
}

/** What a problem says, and what to do. */
function toldOf(error: RepriseError): Pick<Finding, 'what' | 'hint'> {
  const said = sentence(error);
  const { hint } = error;
  if (!hint) return { what: said, hint: 'reprise recover FILE OUT saves what is intact.' };
  return { what: said.slice(0, -hint.length).trimEnd(), hint: said.slice(-hint.length) };
}

async function* wrapped<T>(blocks: AsyncIterable<T>): AsyncGenerator<{ block: T }> {
  for await (const block of blocks) yield { block };
}
