import { basename } from 'node:path';
import { isTrusted } from '../mcap/format/libraries.ts';
import { HOLDABLE, shiftFor, shiftMetadata, shiftOf } from '../mcap/format/shifted-times.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { McapRecording } from '../mcap/reading/mcap-recording.ts';
import { FoxgloveCopies } from '../mcap/writing/foxglove/copies.ts';
import { skippedCopies } from '../mcap/reading/unplayed.ts';
import type { McapWriter } from '../mcap/writing/writer.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { RawInput } from './raw-messages.ts';
import { OUTSIDE, type Tally } from './tally.ts';
import { copyBesides, copyMessages, type TimeRange } from './write-mcap.ts';

/** An MCAP file to copy. */
export interface McapInput {
  /** The path that reports name. */
  path: string;
  summary: Summary;
  /** Whether it was made of a file of another format, so that options and filters have been followed. */
  isMade: boolean;
}

/** What copying takes. */
interface CopyPlan {
  inputs: readonly McapInput[];
  options: OpenOptions;
  /** Whether messages that Foxglove draws are added. Those of the files are left out in any case. */
  foxglove: boolean;
  /** The range for recordings that begin at a time. */
  rangeFrom: (startMs: number) => TimeRange;
  tally: Tally;
  tell: (share: number) => void;
}

/**
 * Copies MCAP files to one: metadata, attachments, and the messages that would be played, unchanged and in time order. What
 * would not be played is counted and named. @throws refusal when a file is not intact
 */
export async function copyFiles(writer: McapWriter, plan: CopyPlan): Promise<void> {
  const { inputs, options, tally } = plan;
  // What is to be taken from the stored times to get those that are played.
  const shifts = inputs.map(
    ({ summary, isMade }) => shiftOf(summary.metadata) - (isMade ? 0 : (options.offsetMs ?? 0)),
  );
  const startMs = inputs.reduce(
    (first, { summary }, i) =>
      summary.chunks.reduce((least, chunk) => Math.min(least, chunk.startMs - shifts[i]!), first),
    Infinity,
  );
  const range = plan.rangeFrom(startMs);
  const shiftMs = shiftFor(Math.max(startMs, range.fromMs));
  await copyBesides(
    inputs.map(({ summary }) => summary),
    writer,
  );
  if (shiftMs !== 0) await writer.addMetadata(...shiftMetadata(shiftMs));
  const checks = await Promise.all(inputs.map((input) => checkOf(input, options)));
  const raw = inputs.map(({ summary, isMade }, i): RawInput => {
    const check = checks[i];
    return {
      summary,
      laterMs: shiftMs - shifts[i]!,
      keptOf: check ? (records) => check.keptOf(records) : null,
      ...(!isMade && { naming: namingOf(options) }),
    };
  });
  const shifted = { fromMs: range.fromMs + shiftMs, endMs: range.endMs + shiftMs };
  const { copied, nameless, unheld } = await copyMessages(raw, writer, shifted, plan.tell, {
    withoutCopies: true,
    copies: plan.foxglove ? new FoxgloveCopies(writer) : null,
    refuse: ({ topic, sequence, content }) =>
      tally.name([
        {
          channel: topic,
          file: inputs.map(({ path }) => basename(path)).join(' or '),
          line: sequence,
          reason: HOLDABLE.reason,
          content,
        },
      ]),
  });
  const all = inputs.reduce((sum, { summary }) => sum + (summary.statistics?.messages ?? 0), 0);
  const left = checks.reduce((sum, check) => sum + (check ? check.refused + check.filtered : 0), 0);
  let copies = 0;
  for (const [i, { summary }] of inputs.entries())
    for (const [reason, count] of skippedCopies(summary)) {
      copies += count;
      // A check counts them itself.
      if (!checks[i]) tally.skip(reason, count);
    }
  for (const check of checks) if (check) tally.add(check);
  tally.refused += unheld;
  tally.skip('messages whose channel is missing', nameless);
  tally.skip(OUTSIDE, all - copies - copied - nameless - unheld - left);
}

/** What tells which messages of a file would be played; null where all would. */
async function checkOf(
  { path, summary, isMade }: McapInput,
  options: OpenOptions,
): Promise<McapRecording | null> {
  const isFiltered = options.filter !== undefined || options.sample !== undefined;
  if (isMade || (isTrusted(summary.library) && !isFiltered)) return null;
  return McapRecording.open(summary.path, {
    ...options,
    refuse: (rows) => options.refuse?.(rows.map((row) => ({ ...row, file: basename(path) }))),
  });
}

function namingOf({ channel, rename, subject }: OpenOptions): NonNullable<RawInput['naming']> {
  return { topicOf: (topic) => channel ?? rename?.get(topic) ?? topic, subject };
}
