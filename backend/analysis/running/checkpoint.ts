import type { ChannelSpec } from '../../../core/wire/channels.ts';
import {
  parsePosition,
  positionText,
  type CloudEvent,
  type Position,
  type TimedRecord,
} from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { callFunction, type Redis } from '../../../core/redis/connection.ts';
import { batchKeys, batchOf } from '../../../core/writing/batch.ts';
import { BATCH, FUNCTIONS } from '../../../core/lua/functions.ts';

/** What a service had committed: how far it has read each input, and what its engine keeps. */
export interface Checkpoint {
  /** Names the last commit; '' before the first. */
  commit: string;
  positions: Map<string, Position>;
  entries: Map<string, string>;
}

/** Beside what the engine keeps: the definition it was kept under, and the last epoch of the input brought to its end. */
export const DEFINITION_ENTRY = '#definition';
export const ENDED_ENTRY = '#over';

export async function readCheckpoint(redis: Redis, service: string): Promise<Checkpoint> {
  const positions = new Map<string, Position>();
  const entries = new Map<string, string>();
  const all = await redis.hgetall(keys.checkpoint(service));
  for (const [field, value] of Object.entries(all)) {
    if (field.startsWith('@')) positions.set(field.slice(1), parsePosition(value));
    else if (field !== '#commit') entries.set(field, value);
  }
  return { commit: all['#commit'] ?? '', positions, entries };
}

/** Records for one output, framed to follow `from`; `head` is where the output is believed to stand. */
export interface OutputBatch {
  spec: ChannelSpec;
  head: Position;
  from: Position;
  records: TimedRecord[];
  events: string[];
  /** What the events say, where somebody in this process reads them; null where nobody does. */
  known: CloudEvent[] | null;
  /** The events that led to each; null where a timer did. */
  causes: (CloudEvent | null)[];
}

/** What a service did with a batch of input. */
export interface Commit {
  service: string;
  /** Until when the service counts as attached, epoch ms: so long a replay waits for it. */
  attachedUntilMs: number;
  /** Write nothing while it would push events out of a log that an attached service has not read. */
  waits: boolean;
  /** Forget all that was kept first: a new epoch began. */
  forget: boolean;
  /** The commit that this one follows, and this one: no two in the world have the same name. */
  last: string;
  commit: string;
  /** All inputs of the service, and where it stands now. */
  inputs: { channel: string; to: Position }[];
  /** What changed of what the engine keeps; '' forgets an entry. */
  entries: ReadonlyMap<string, string>;
  /** Dead letters as JSON text. */
  letters: string[];
  /** Events as JSON text that come back to the input, and when, epoch ms. */
  retries: { text: string; dueMs: number }[];
  /** Hops of sampled traces: the trace's id, and the Hop as JSON text. */
  hops: { trace: string; text: string }[];
  outputs: OutputBatch[];
}

export type CommitReply =
  | { done: true }
  /** An output stands elsewhere. */
  | { done: false; channel: string; head: Position }
  /** This service has to read on first. */
  | { done: false; consumer: string }
  /** Another process has gone on with the service; or Redis no longer knows it. */
  | { done: false };

/** All of it in one atomic call; nothing is written when Redis stands elsewhere than believed. */
export async function commit(redis: Redis, work: Commit): Promise<CommitReply> {
  const names = [
    keys.checkpoint(work.service),
    keys.deadLetters,
    ...work.inputs.map(({ channel }) => keys.consumers(channel)),
    ...work.outputs.flatMap(({ spec }) => batchKeys(spec)),
  ];
  const entries: string[] = [];
  for (const [entry, text] of work.entries) entries.push(entry, text);
  const args = FUNCTIONS.commit.encode({
    service: work.service,
    attachedUntilMs: work.attachedUntilMs,
    waits: work.waits,
    forgets: work.forget,
    last: work.last,
    name: work.commit,
    outputs: work.outputs.length,
    inputs: work.inputs.flatMap(({ channel, to }) => [channel, positionText(to)]),
    entries,
    letters: work.letters,
    retries: work.retries.flatMap(({ dueMs, text }) => [dueMs, text]),
    hops: work.hops.flatMap(({ trace, text }) => [trace, text]),
  });
  for (const { spec, head, from, records, events } of work.outputs)
    BATCH.encode(batchOf(spec, head, from, records, events), args);
  const reply = (await callFunction(redis, 'commit', names, args)) as (number | string)[];
  if (reply[0] === 1) return { done: true };
  if (reply[0] === 0) {
    const head = { epoch: Number(reply[2]), offset: Number(reply[3]) };
    return { done: false, channel: String(reply[1]), head };
  }
  if (reply[0] === -2) return { done: false, consumer: String(reply[1]) };
  // A connection that broke after the commit sends it again: then it is there already.
  return String(reply[1]) === work.commit ? { done: true } : { done: false };
}

/** A service will not come back: what it kept goes, and no replay waits for it. */
export async function forgetService(redis: Redis, service: string, input: string): Promise<void> {
  await redis.multi().del(keys.checkpoint(service)).hdel(keys.consumers(input), service).exec();
}

/** A service that has not run yet is to begin after a position. */
export async function setStartPosition(
  redis: Redis,
  service: string,
  input: string,
  position: Position,
): Promise<void> {
  await redis.hsetnx(keys.checkpoint(service), `@${input}`, positionText(position));
}

/** Tells that the service is attached although nothing comes in. */
export async function renewAttachment(
  redis: Redis,
  service: string,
  channel: string,
  at: Position,
  untilMs: number,
): Promise<void> {
  await redis.hset(keys.consumers(channel), service, `${positionText(at)} ${untilMs}`);
}

/** Tells those who read an output that nothing more will come in an epoch of it. All of it must have been written. */
export async function markEnded(redis: Redis, channel: string, epoch: number): Promise<void> {
  const args = FUNCTIONS.mark.encode({ token: '', epoch, timeMs: '', isOver: true });
  await callFunction(redis, 'mark', [keys.head(channel), keys.ends(channel)], args);
}

/** How far a channel is beyond its last event. */
export interface ChannelProgress {
  head: Position;
  /** Nothing before this will come in the epoch, epoch ms; null where no replay says so. */
  watermarkMs: number | null;
  /** Offset of the epoch's last event, where it was played to its end. */
  endOffset: number | null;
}

export async function readProgress(redis: Redis, channel: string, epoch: number): Promise<ChannelProgress> {
  const replies = await redis
    .multi()
    .hmget(keys.head(channel), 'epoch', 'offset', 'watermark', 'watermark_epoch')
    .hget(keys.ends(channel), String(epoch))
    .exec();
  const [headEpoch, offset, watermark, watermarkEpoch] = replies![0]![1] as (string | null)[];
  const end = replies![1]![1] as string | null;
  const head = { epoch: Number(headEpoch ?? 0), offset: Number(offset ?? 0) };
  return {
    head,
    watermarkMs: watermark && Number(watermarkEpoch) === epoch ? Number(watermark) : null,
    endOffset: end === null ? null : Number(end),
  };
}
