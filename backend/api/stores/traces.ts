import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import { execute } from '../../../core/redis/execute.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { DeadLetter, CloudEvent, Hop, Trace } from '../../../schemas/types.ts';
import type { ChannelReaders } from './channel-readers.ts';
import { limits } from '../../../core/wire/limits.ts';
import { summaryOf } from './trace-summary.ts';

/** Selects traces; a member that is absent selects all. One hop of a trace must match all members but `status`. */
export interface TraceFilter {
  channel?: string | undefined;
  service?: string | undefined;
  pipeline?: string | undefined;
  status?: Trace['status'] | undefined;
}

/** A hop with the id of its entry in the stream of traces. */
interface HopEntry {
  id: string;
  hop: Hop;
}

const PAGE = 500;
/** Number of traces that are looked up together. */
const AT_ONCE = 50;
/** Maximum number of hops that one request reads; its cursor continues from there. */
const HOPS_READ_MAX = 10_000;

/** How far apart the clock of Redis can be for two entries that are written together. */
const TICK_MS = 100;

/** Recorded traces: found by id through an index, and listed from the latest backwards. */
export class Traces {
  readonly #redis: Redis;
  readonly #readers: ChannelReaders;

  constructor(redis: Redis, readers: ChannelReaders) {
    this.#redis = redis;
    this.#readers = readers;
  }

  /** A trace with all hops. @throws refusal `trace_unknown` */
  async get(id: string): Promise<Trace> {
    const entries = (await this.#entries([id])).get(id) ?? [];
    if (entries.length === 0)
      throw refusal('trace_unknown', `There is no trace ${id}.`, {
        hint: 'Only sampled events are traced (see `trace` of pipelines and replays), and only the last 100,000 hops are kept.',
      });
    const hops = entries.map(({ hop }) => hop);
    const trace = await summaryOf(id, hops, this.#readers.look());
    const failures = trace.failures.map(async (failure) => {
      const entry = entries.find(({ hop }) => hop.event === failure.event && hop.service === failure.service);
      return { ...failure, deadLetter: entry ? await this.#letter(entry) : null };
    });
    return { ...trace, failures: await Promise.all(failures), hops: treeOf(hops) };
  }

  /**
   * Traces, ordered by their latest matching hop, newest first, each once. `cursor` is the entry to continue before; null if
   * there are no more. A hop is skipped if a later hop of its trace matches, since the trace has been listed there.
   */
  async list(
    { status, ...filter }: TraceFilter,
    limit: number,
    cursor?: string,
  ): Promise<{ items: Trace[]; cursor: string | null }> {
    const items: Trace[] = [];
    const readers = this.#readers.look();
    const isWanted = (hop: Hop) => matches(hop, filter) && (status !== 'failed' || hop.status === 'failed');
    let end = cursor === undefined ? '+' : `(${cursor}`;
    for (let seen = 0; ; seen += PAGE) {
      const page = await this.#redis.xrevrange(keys.traces, end, '-', 'COUNT', PAGE);
      const wanted = page
        .map(([id, fields]) => ({ id, hop: JSON.parse(fields[3]!) as Hop }))
        .filter(({ hop }) => isWanted(hop));
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        const some = wanted.slice(at, at + AT_ONCE);
        const traces = await this.#entries(some.map(({ hop }) => hop.trace));
        for (const entry of some) {
          const { id, hop } = entry;
          const found = traces.get(hop.trace)!;
          const all = found.length > 0 ? found : [entry];
          if (all.findLast((other) => isWanted(other.hop))?.id !== id) continue;
          const hops = all.map((other) => other.hop);
          const trace = await summaryOf(hop.trace, hops, readers);
          if (status !== undefined && trace.status !== status) continue;
          items.push(trace);
          if (items.length === limit) return { items, cursor: id };
        }
      }
      if (page.length < PAGE) return { items, cursor: null };
      if (seen + PAGE >= HOPS_READ_MAX) return { items, cursor: page.at(-1)![0] };
      end = `(${page.at(-1)![0]}`;
    }
  }

  /** The recorded hops of traces, oldest first. */
  async #entries(traces: string[]): Promise<Map<string, HopEntry[]>> {
    const found = new Map<string, HopEntry[]>();
    for (const trace of traces) found.set(trace, []);
    const lists = this.#redis.pipeline();
    const lastDigits = new Set(traces.map((trace) => trace.slice(-limits.TRACE_INDEX_DIGITS)));
    const names = Array.from(lastDigits, (digits) => keys.traceIndex(digits));
    for (const name of names) lists.lrange(name, 0, -1);
    const indexed = (await execute(lists)).flatMap((list) => (list ?? []) as string[]);
    const wanted = indexed
      .map((text) => ({ trace: text.slice(0, 32), id: text.slice(32) }))
      .filter(({ trace }) => found.has(trace));
    const entries = this.#redis.pipeline();
    for (const { id } of wanted) entries.xrange(keys.traces, id, id);
    (await execute(entries)).forEach((reply, i) => {
      const { trace, id } = wanted[i]!;
      const [entry] = (reply ?? []) as [string, string[]][];
      // The index can have entries that have left the stream.
      if (entry) found.get(trace)!.push({ id, hop: JSON.parse(entry[1][3]!) as Hop });
    });
    return found;
  }

  /** The id of the dead letter of a failed hop. Both were written in one step, at about the same time of Redis. */
  async #letter({ id, hop }: HopEntry): Promise<string | null> {
    const ms = id.split('-')[0]!;
    const range = [Number(ms) - TICK_MS, Number(ms) + TICK_MS] as const;
    const letters = await this.#redis.xrange(keys.deadLetters, ...range);
    const own = letters.filter(([, fields]) => {
      const { source, content } = JSON.parse(fields[1]!) as DeadLetter;
      return source === `/services/${hop.service}` && eventId(content) === hop.event;
    });
    const distanceMs = ([id]: [string, string[]]) => Math.abs(parseInt(id, 10) - Number(ms));
    const [letter] = own.sort((a, b) => distanceMs(a) - distanceMs(b));
    return letter?.[0] ?? null;
  }
}

function matches(hop: Hop, { channel, service, pipeline }: TraceFilter): boolean {
  return (
    (channel === undefined || hop.channel === channel) &&
    (service === undefined || hop.service === service) &&
    (pipeline === undefined || hop.pipeline === pipeline)
  );
}

/** The id of an event, found without parsing: long content is cut off and no longer JSON. */
function eventId(content: string): string | undefined {
  const text = /^\{"specversion":"1\.0","id":("(?:[^"\\]|\\.)*")/.exec(content)?.[1];
  return text === undefined ? undefined : (JSON.parse(text) as CloudEvent['id']);
}

/** Hops in tree order, each followed by the hops that resulted from it, in the order they were sent. */
function treeOf(hops: Hop[]): NonNullable<Trace['hops']> {
  const spans = new Set(hops.map(({ span }) => span));
  const roots: Hop[] = [];
  const byParent = new Map<string, Hop[]>();
  for (const hop of [...hops].sort((a, b) => Date.parse(a.sent) - Date.parse(b.sent))) {
    const { parent } = hop;
    if (parent === undefined || parent === hop.span || !spans.has(parent)) roots.push(hop);
    else byParent.set(parent, [...(byParent.get(parent) ?? []), hop]);
  }
  const listed: NonNullable<Trace['hops']> = [];
  const waiting = roots.reverse().map((hop) => ({ hop, depth: 0 }));
  for (let next; (next = waiting.pop());) {
    const { hop, depth } = next;
    listed.push({
      ...hop,
      waitedMs: hop.status === 'sent' ? 0 : msBetween(hop.sent, hop.received),
      tookMs: msBetween(hop.received, hop.finished),
      depth,
    });
    const children = byParent.get(hop.span) ?? [];
    // A span can be recorded twice; its children are listed once.
    byParent.delete(hop.span);
    for (const child of children.reverse()) waiting.push({ hop: child, depth: depth + 1 });
  }
  return listed;
}

const msBetween = (from: string, to: string) => Math.max(0, Date.parse(to) - Date.parse(from));
