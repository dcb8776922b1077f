import { batchKeys, type ChannelSpec } from '../../core/channels.ts';
import { parsePosition, positionText, type Position, type Record } from '../../core/event.ts';
import { keys } from '../../core/keys.ts';
import { callFunction, type Redis } from '../../core/redis.ts';
import { batchArguments } from '../../core/writer.ts';

/** What a service had committed: how far it has read each input, and its state per subject as JSON text. */
export interface Checkpoint {
  positions: Map<string, Position>;
  states: Map<string, string>;
}

export async function readCheckpoint(redis: Redis, service: string): Promise<Checkpoint> {
  const positions = new Map<string, Position>();
  const states = new Map<string, string>();
  for (const [field, value] of Object.entries(await redis.hgetall(keys.checkpoint(service)))) {
    if (field.startsWith('@')) positions.set(field.slice(1), parsePosition(value));
    else if (field.startsWith('=')) states.set(field.slice(1), value);
  }
  return { positions, states };
}

/** What a service did with a batch of input. */
export interface Work {
  service: string;
  /** Until when the service counts as attached, epoch ms: so long a replay waits for it. */
  attachedUntilMs: number;
  /** Forget all state first: a new epoch began. */
  forget: boolean;
  /** All inputs of the service: where it stood, null before its first commit, and stands now. */
  inputs: { channel: string; from: Position | null; to: Position }[];
  /** Changed states as JSON text; '' forgets the subject. */
  states: Map<string, string>;
  /** Records for the output, framed to follow `from`; `head` is where the output is believed to stand. */
  output: { spec: ChannelSpec; head: Position; from: Position; records: Record[]; events: string[] };
}

export type Committed =
  { done: true } | { done: false; head: Position } | { done: false; position: Position | null };

/** Outputs, state and position in one atomic call; nothing is written when Redis stands elsewhere than believed. */
export async function commit(redis: Redis, work: Work): Promise<Committed> {
  const names = [
    keys.checkpoint(work.service),
    ...work.inputs.map(({ channel }) => keys.consumers(channel)),
    ...batchKeys(work.output.spec),
  ];
  const { spec, head, from, records, events } = work.output;
  const args = [
    work.service,
    work.attachedUntilMs,
    work.forget ? 1 : 0,
    work.inputs.length,
    ...work.inputs.flatMap((input) => [
      input.channel,
      input.from ? positionText(input.from) : '',
      positionText(input.to),
    ]),
    work.states.size,
    ...[...work.states].flat(),
    1,
    ...batchArguments(spec, head, from, records, events),
  ];
  const reply = (await callFunction(redis, 'commit', names, args)) as (number | string)[];
  if (reply[0] === 1) return { done: true };
  if (reply[0] === 0) return { done: false, head: { epoch: Number(reply[2]), offset: Number(reply[3]) } };
  return { done: false, position: reply[2] ? parsePosition(String(reply[2])) : null };
}

/** Tells that the service is attached although nothing comes in. */
export async function stayAttached(
  redis: Redis,
  service: string,
  channel: string,
  at: Position,
  untilMs: number,
): Promise<void> {
  await redis.hset(keys.consumers(channel), service, `${positionText(at)} ${untilMs}`);
}
