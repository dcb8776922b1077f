import type { CloudEvent } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import { ChannelState } from '../live/channels.ts';
import { Metrics } from './metrics.ts';
import type { AppState } from '../app/app-state.svelte.ts';
import { Subjects } from '../live/subjects.ts';

const PAGE_EVENTS = 3000;
/** Pages of a channel that are kept; of those that are more, the newest go: they are read again when they are wanted. */
const MOST_PAGES = 12;
/** Pages that are read for one look: a channel of thousands a second would go on for minutes. */
const PAGES_AT_ONCE = 4;

/** What was read of a channel's log, page by page from its end. */
interface ChannelLog {
  /** The newest page first; within a page in order of time. */
  pages: CloudEvent[][];
  /** Where to go on; null at the log's beginning. */
  cursor: string | null | undefined;
  /** Whether newer pages were let go. */
  isCut: boolean;
  /** The epoch that it is of. */
  epoch: number;
}

/** The numbers of a stretch of the past, out of the log: what the charts show of what has left their memory. */
export class LogHistory {
  readonly #app: AppState;
  readonly #reads = new Map<string, ChannelLog>();
  #asked = 0;
  /** One look after the other: two would read the same page. */
  #looking: Promise<unknown> = Promise.resolve();
  #made: Pick<AppState, 'subjects' | 'metrics'>;

  constructor(app: AppState) {
    this.#app = app;
    this.#made = app;
  }

  /** All that charts are made of, as it was in the stretch that was shown last. */
  get view(): Pick<AppState, 'subjects' | 'metrics' | 'selection' | 'front' | 'units' | 'topology'> {
    const { selection, front, units, topology } = this.#app;
    return { ...this.#made, selection, front, units, topology };
  }

  /** Whether an epoch has begun since: what was read is void. */
  get isVoid(): boolean {
    return [...this.#reads].some(([channel, { epoch }]) => epoch !== this.#epochOf(channel));
  }

  /** Event time of the earliest event, ms, once all logs have been read to their beginning. */
  get beginningMs(): number | undefined {
    const reads = [...this.#reads.values()];
    if (reads.some(({ cursor }) => cursor !== null)) return undefined;
    const firsts = reads.flatMap(({ pages }) => pages.at(-1)?.slice(0, 1) ?? []);
    return firsts.length > 0 ? Math.min(...firsts.map(timeOf)) : undefined;
  }

  /**
   * Reads what is missing of a stretch, event times in ms. Settles when it is there, or as much of it as one look reads;
   * false when something else was asked meanwhile. @throws ProblemError where the log can't be had
   */
  async show(fromMs: number, toMs: number): Promise<boolean> {
    const asked = ++this.#asked;
    const looked = this.#looking.then(async () => {
      if (asked !== this.#asked) return;
      await Promise.all(this.#channels().map((channel) => this.#reach(channel, fromMs, toMs)));
    });
    this.#looking = looked.catch(() => {});
    await looked;
    if (asked !== this.#asked) return false;
    this.#make(fromMs, toMs);
    return true;
  }

  /** Forgets all: the next look begins at the end of the log. */
  clear(): void {
    this.#asked++;
    this.#reads.clear();
    this.#made = this.#app;
  }

  /** The channels that the charts are of. */
  #channels(): string[] {
    const { subjects, front, metrics } = this.#app;
    const names = new Set(metrics.picked.keys());
    for (const { root, series } of subjects.present())
      if (front.has(root)) for (const { channel } of series.values()) names.add(channel);
    return [...names];
  }

  async #reach(channel: string, fromMs: number, toMs: number): Promise<void> {
    let read = this.#reads.get(channel);
    const newest = read?.pages[0]?.at(-1);
    if (!read || (read.isCut && newest && timeOf(newest) < toMs))
      this.#reads.set(channel, (read = this.#begin(channel)));
    for (let n = 0; n < PAGES_AT_ONCE && read.cursor !== null; n++) {
      const oldest = read.pages.at(-1)?.[0];
      if (oldest && timeOf(oldest) <= fromMs) return;
      const { items, cursor = null } = await api.history(channel, {
        limit: String(PAGE_EVENTS),
        ...(read.cursor !== undefined && { cursor: read.cursor }),
      });
      if (this.#reads.get(channel) !== read) return;
      read.cursor = cursor;
      if (items.length > 0) read.pages.push(items.toSorted((a, b) => timeOf(a) - timeOf(b)));
      if (read.pages.length <= MOST_PAGES) continue;
      read.pages.shift();
      read.isCut = true;
    }
  }

  #begin(channel: string): ChannelLog {
    return { pages: [], cursor: undefined, isCut: false, epoch: this.#epochOf(channel) };
  }

  #epochOf(channel: string): number {
    return this.#app.channels.all.get(channel)?.epoch ?? 0;
  }

  /** A little more than the stretch: lines come in from one side and leave on the other. */
  #make(fromMs: number, toMs: number): void {
    const { subjects: shown, metrics: charted, topology } = this.#app;
    const margin = (toMs - fromMs) / 4;
    const subjects = new Subjects();
    const metrics = new Metrics(subjects, topology);
    for (const [channel, members] of charted.picked) metrics.picked.set(channel, members);
    for (const [channel, { pages }] of this.#reads) {
      const events = pages
        .toReversed()
        .flat()
        .filter((event) => timeOf(event) >= fromMs - margin && timeOf(event) <= toMs + margin);
      metrics.take(new ChannelState(channel), events, Float64Array.from(events, timeOf), 'past');
    }
    for (const subject of subjects.all.values())
      subject.colour = shown.all.get(subject.key)?.colour ?? subject.colour;
    this.#made = { subjects, metrics };
  }
}

const timeOf = ({ time }: CloudEvent): number => Date.parse(time);
