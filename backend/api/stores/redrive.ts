import { isChannelName } from '../../../core/wire/channels.ts';
import { isProblem, refusal } from '../../../core/problems/errors.ts';
import { extensionsOf } from '../../../core/wire/attributes.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import { dataTextIn, oneLine } from '../../../core/wire/json-text.ts';
import { isTraceparent } from '../../../core/wire/trace.ts';
import { keys } from '../../../core/wire/keys.ts';
import { callProtocol, type Redis } from '../../../core/redis/connection.ts';
import { routeChannels } from '../../../core/wire/pipeline.ts';
import type { ChannelRights } from '../http/access/channel-rights.ts';
import type { DeadLetter } from '../../../schemas/types.ts';

const PAGE = 500;

/** Puts the event of a dead letter back onto its channel, with the rest of its route. @throws refusal `deadletter_unknown`, `deadletter_no_event` */
export async function redrive(
  redis: Redis,
  id: string,
  rights: ChannelRights,
): Promise<{ channel: string; position: string }> {
  const [entry] = await redis.xrange(keys.deadLetters, id, id);
  if (!entry) throw refusal('deadletter_unknown', `There is no dead letter ${id}.`);
  const letter = JSON.parse(entry[1][1]!) as DeadLetter;
  const event = eventOf(letter);
  if (!event)
    throw refusal(
      'deadletter_no_event',
      `Dead letter ${id} does not hold a complete event: ${letter.reason}.`,
      {
        hint: 'To try a row of a recording again, play the recording again.',
      },
    );
  rights.requireWrite(letter.channel, ...routeChannels(event.route));
  return { channel: letter.channel, position: await putBack(redis, id, letter, event) };
}

/** Puts the events of all matching dead letters back, onto channels that the caller may write. `redriven` counts them, `left` those without a complete event, which stay. */
export async function redriveAll(
  redis: Redis,
  wanted: { channel?: string; source?: string },
  rights: ChannelRights,
): Promise<{ redriven: number; left: number }> {
  if (wanted.channel !== undefined) rights.requireWrite(wanted.channel);
  let [redriven, left] = [0, 0];
  // Events that fail again become later dead letters; those are not part of this run.
  const last = (await redis.xrevrange(keys.deadLetters, '+', '-', 'COUNT', 1))[0]?.[0];
  for (let from = '-'; last !== undefined;) {
    const page = await redis.xrange(keys.deadLetters, from, last, 'COUNT', PAGE);
    for (const [id, fields] of page) {
      const letter = JSON.parse(fields[1]!) as DeadLetter;
      if (wanted.channel !== undefined && letter.channel !== wanted.channel) continue;
      if (wanted.source !== undefined && letter.source !== wanted.source) continue;
      if (!rights.mayWrite(letter.channel)) continue;
      const whole = eventOf(letter);
      const event = whole && routeChannels(whole.route).every((each) => rights.mayWrite(each)) ? whole : null;
      const isBack = event !== null && (await putBack(redis, id, letter, event).then(yes, unlessRefused));
      if (isBack) redriven++;
      else left++;
    }
    if (page.length < PAGE) break;
    from = `(${page.at(-1)![0]}`;
  }
  return { redriven, left };
}

const yes = () => true;

function unlessRefused(error: unknown): false {
  if (isProblem(error, 'events_refused')) return false;
  throw error;
}

function eventOf({ channel, content }: DeadLetter): CloudEvent | null {
  try {
    const event = JSON.parse(content) as Partial<CloudEvent>;
    const isWhole = event.specversion === '1.0' && typeof event.data === 'object' && isChannelName(channel);
    return isWhole ? (event as CloudEvent) : null;
  } catch {
    return null;
  }
}

/** @throws refusal `events_refused` if the channel does not take the event any more */
async function putBack(redis: Redis, id: string, letter: DeadLetter, event: CloudEvent): Promise<string> {
  const { source, time, replay, datacontenttype, dataschema, pipeline, route, params } = event;
  const { traceparent, tracestate }: Partial<CloudEvent> = isTraceparent(event.traceparent) ? event : {};
  const members = JSON.stringify({
    ...{
      source,
      time,
      replay,
      datacontenttype,
      dataschema,
      traceparent,
      tracestate,
      pipeline,
      route,
      params,
    },
    ...extensionsOf(event),
  });
  const data = oneLine(dataTextIn(letter.content)!);
  try {
    const position = await callProtocol(redis, 'send', [letter.channel, event.subject, data, members]);
    await redis.xdel(keys.deadLetters, id);
    return String(position);
  } catch (error) {
    const { message } = error as Error;
    if (!message.startsWith('REFUSED ')) throw error;
    throw refusal(
      'events_refused',
      `Dead letter ${id} can't be put back: ${message.slice('REFUSED '.length)}.`,
      {
        hint: 'Write a corrected event to the channel.',
        cause: error,
      },
    );
  }
}
