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
import { SUSPICION_PREFIX, suspicionFields } from './suspicions.ts';

/** What a service has committed: its position in each input, and the state of its engine. */
export interface Checkpoint {
  /** Name of the last commit; '' before the first. */
  commit: string;
  positions: Map<string, Position>;
  entries: Map<string, string>;
  /** What broke the time budget: field -> how often. */
  suspicions: Map<string, string>;
}

/** Checkpoint entry: the definition of the service that made the checkpoint. */
export const DEFINITION_ENTRY = '#definition';
/** Checkpoint entry: the last epoch of the input that the service has brought to its end. */
export const ENDED_ENTRY = '#over';

/** Checkpoint entry: how many runs have begun since the last commit. */
export const STARTS_ENTRY = '#starts';

/** Counts that a run begins. Returns how many have begun since the last commit, with this one. */
export async function countStart(redis: Redis, service: string): Promise<number> {
  return redis.hincrby(keys.checkpoint(service), STARTS_ENTRY, 1);
}

/** Counts in the checkpoint of a service that a careful run is about to work on an event. Returns the field. */
export async function countAhead(redis: Redis, service: string, at: Position): Promise<string> {
  const field = suspicionFields.ahead.replace('$0-$1', positionText(at));
  await redis.hincrby(keys.checkpoint(service), field, 1);
  return field;
}

/** Reads the checkpoint of a service; an empty one if there is none. */
export async function readCheckpoint(redis: Redis, service: string): Promise<Checkpoint> {
  const positions = new Map<string, Position>();
  const entries = new Map<string, string>();
  const suspicions = new Map<string, string>();
  const all = await redis.hgetall(keys.checkpoint(service));
  for (const [field, value] of Object.entries(all)) {
    if (field.startsWith('@')) positions.set(field.slice(1), parsePosition(value));
    else if (field.startsWith(SUSPICION_PREFIX)) suspicions.set(field, value);
    else if (field !== '#commit') entries.set(field, value);
  }
  return { commit: all['#commit'] ?? '', positions, entries, suspicions };
}

/** Events for one output channel. */
export interface OutputBatch {
  spec: ChannelSpec;
  /** Where this process believes the head of the channel to be. */
  head: Position;
  /** The position that the first of the events follows. */
  from: Position;
  records: TimedRecord[];
  events: string[];
  /** The same events parsed, if another service of this process reads them; else null. */
  parsed: CloudEvent[] | null;
  /** The input event that each was derived from; null for a timer. */
  causes: (CloudEvent | null)[];
}

/** The outcome of a batch of input. */
export interface Commit {
  service: string;
  /** Replays wait for the service until then, epoch ms. */
  attachedUntilMs: number;
  /** Write nothing while that would push events out of a log that an attached service has not read. */
  waits: boolean;
  /** Delete the old entries first: a new epoch has begun. */
  forget: boolean;
  /** Name of the commit that this one follows, and its own name. Names are unique. */
  last: string;
  commit: string;
  /** All inputs of the service, and its new position in each. */
  inputs: { channel: string; to: Position }[];
  /** Changed entries of the engine; '' deletes an entry. */
  entries: ReadonlyMap<string, string>;
  /** Dead letters as JSON text. */
  deadLetters: string[];
  /** Events to put back on the input, as JSON text, and the time, epoch ms. */
  retries: { text: string; dueMs: number }[];
  /** Hops of sampled traces: id of the trace, and the Hop as JSON text. */
  hops: { trace: string; text: string }[];
  outputs: OutputBatch[];
}

/** What became of a commit. */
export type CommitReply =
  | { done: true }
  /** The head of an output is elsewhere than believed. */
  | { done: false; channel: string; head: Position }
  /** A log has no room until this service has read on. */
  | { done: false; consumer: string }
  /** Another process has continued the service, or Redis has lost its checkpoint. */
  | { done: false };

/** Writes the outcome of a batch in one atomic call. Writes nothing if Redis is in another state than believed. */
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
    letters: work.deadLetters,
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
  // After a broken connection a commit is sent again; it may have been done the first time.
  return String(reply[1]) === work.commit ? { done: true } : { done: false };
}

/** Deletes the checkpoint of a service that will not come back, and detaches it: no replay waits for it any more. */
export async function forgetService(redis: Redis, service: string, input: string): Promise<void> {
  await redis.multi().del(keys.checkpoint(service)).hdel(keys.consumers(input), service).exec();
}

/** Makes a service that has not run yet begin after a position. */
export async function setStartPosition(
  redis: Redis,
  service: string,
  input: string,
  position: Position,
): Promise<void> {
  await redis.hsetnx(keys.checkpoint(service), `@${input}`, positionText(position));
}
