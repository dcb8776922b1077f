import type { CloudEvent } from '../../../../schemas/types.ts';
import type { Arrival, ChannelState, EventSink } from '../live/channel-state.ts';
import { textOf } from '../live/event-data.ts';
import { RingBuffer } from '../live/ring-buffer.ts';
import type { Topology } from '../live/topology.ts';

/** The tone of a post, as posts.sentiment finds it. */
export type Tone = 'positive' | 'neutral' | 'negative';

/** A message in the feed. Its tone arrives later than its text, from another channel, or never. */
export interface Post {
  key: string;
  root: string;
  user: string;
  text: string;
  lang: string | undefined;
  timeMs: number;
  tone: Tone | undefined;
  /** -1 (most negative) to 1. */
  compound: number | undefined;
}

const tones = new Set<unknown>(['positive', 'neutral', 'negative']);

/** The latest posts. A post and its sentiment are one entry, joined by author, event time and text. */
export class Posts implements EventSink {
  readonly recent = new RingBuffer<Post>(500);
  /** Changes whenever the posts or their tones change. */
  version = 0;
  /** The number of posts received so far; never falls. */
  arrived = 0;
  #byKey = new Map<string, Post>();
  readonly #topology: Topology;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void {
    if (arrival === 'snapshot') return;
    events.forEach((event, i) => {
      const found = this.read(channel.name, event, times[i] as number);
      if (!found) return;
      let post = this.#byKey.get(found.key);
      if (!post) {
        post = found;
        this.recent.push(post);
        this.arrived++;
        this.#byKey.set(post.key, post);
        if (this.#byKey.size > 2 * this.recent.size) this.#prune();
      }
      post.lang = found.lang ?? post.lang;
      post.tone = found.tone ?? post.tone;
      post.compound = found.compound ?? post.compound;
      this.version++;
    });
  }

  /** The post in an event, with the tone if the event has it; undefined when the event holds no post. */
  read(channel: string, { data, subject }: CloudEvent, timeMs: number): Post | undefined {
    const text = textOf(data);
    if (text === undefined || !this.isPost(data)) return undefined;
    const root = this.#topology.root(channel);
    return {
      key: `${root}\n${subject}\n${timeMs}\n${text}`,
      root,
      text,
      timeMs,
      user: typeof data.user === 'string' ? data.user : subject,
      lang: typeof data.lang === 'string' ? data.lang : undefined,
      tone: tones.has(data.sentiment) ? (data.sentiment as Tone) : undefined,
      compound: typeof data.compound === 'number' ? data.compound : undefined,
    };
  }

  /** Whether the data is a post. An alert has a message too, but is not a post. */
  isPost(data: CloudEvent['data']): boolean {
    return textOf(data) !== undefined && typeof data.severity !== 'string';
  }

  /** A new epoch of the posts voids them. A new epoch of the tones follows it, and voids nothing by itself. */
  forget(channel: ChannelState): void {
    const root = this.#topology.root(channel.name);
    if (root !== channel.name) return;
    const kept = this.recent.newest(this.recent.size, (post) => post.root !== root).reverse();
    this.recent.clear();
    this.#byKey.clear();
    for (const post of kept) {
      this.recent.push(post);
      this.#byKey.set(post.key, post);
    }
    this.version++;
  }

  #prune(): void {
    this.#byKey = new Map(this.recent.newest(this.recent.size).map((post) => [post.key, post]));
  }
}
