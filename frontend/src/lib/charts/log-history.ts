import type { CloudEvent } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import { ChannelState } from '../live/channel-state.ts';
import { type Channels } from '../live/channels.ts';
import { Subjects } from '../live/subjects/subjects.ts';
import type { ChartSources } from './chart-lines.ts';
import { Metrics } from './metrics.ts';

const PAGE_EVENTS = 3000;
/** The most pages kept of a channel. With more, the newest are dropped and read again when needed. */
const MOST_PAGES = 12;
/** Pages read for one request: reading a fast channel to its start would take minutes. */
const PAGES_AT_ONCE = 4;

/** What was read of a channel's log, page by page from its end. */
interface ChannelLog {
  /** The newest page first; within a page in order of time. */
  pages: CloudEvent[][];
  /** The cursor of the next page; null at the start of the log. */
  cursor: string | null | undefined;
  /** Whether newer pages were dropped. */
  isCut: boolean;
  epoch: number;
}

/** Charts of the past, read from the log: for times that the page no longer has in memory. */
export class LogHistory {
  readonly #app: ChartSources & { readonly channels: Channels };
  readonly #logs = new Map<string, ChannelLog>();
  #requests = 0;
  /** Requests run one after the other: two would read the same page. */
  #running: Promise<unknown> = Promise.resolve();
  #made: Pick<ChartSources, 'subjects' | 'metrics'>;

  constructor(app: ChartSources & { readonly channels: Channels }) {
    this.#app = app;
    this.#made = app;
  }

  /** What charts are made of, for the range that was shown last. */
  get sources(): ChartSources {
    const { selection, watched, units, topology } = this.#app;
    return { ...this.#made, selection, watched, units, topology };
  }

  /** Whether a new epoch has begun, which makes what was read void. */
  get isVoid(): boolean {
    return [...this.#logs].some(([channel, { epoch }]) => epoch !== this.#epochOf(channel));
  }

  /** Event time of the earliest event, ms, once all logs have been read to their start; otherwise undefined. */
  get beginningMs(): number | undefined {
    const logs = [...this.#logs.values()];
    if (logs.some(({ cursor }) => cursor !== null)) return undefined;
    const firsts = logs.flatMap(({ pages }) => pages.at(-1)?.slice(0, 1) ?? []);
    return firsts.length > 0 ? Math.min(...firsts.map(timeOf)) : undefined;
  }

  /**
   * Reads what is missing of a range, event times in ms, but at most a few pages per channel. Resolves to false when another
   * range was requested in the meantime. @throws ProblemError when the log can't be read
   */
  async show(fromMs: number, toMs: number): Promise<boolean> {
    const request = ++this.#requests;
    const read = this.#running.then(async () => {
      if (request !== this.#requests) return;
      await Promise.all(this.#channels().map((channel) => this.#read(channel, fromMs, toMs)));
    });
    this.#running = read.catch(() => {});
    await read;
    if (request !== this.#requests) return false;
    this.#make(fromMs, toMs);
    return true;
  }

  /** Forgets everything: the next request starts at the end of the log. */
  clear(): void {
    this.#requests++;
    this.#logs.clear();
    this.#made = this.#app;
  }

  /** The channels whose numbers are charted. */
  #channels(): string[] {
    const { subjects, watched, metrics } = this.#app;
    const names = new Set(metrics.added.keys());
    for (const { root, series } of subjects.present())
      if (watched.front.has(root)) for (const { channel } of series.values()) names.add(channel);
    return [...names];
  }

  async #read(channel: string, fromMs: number, toMs: number): Promise<void> {
    let log = this.#logs.get(channel);
    const newest = log?.pages[0]?.at(-1);
    if (!log || (log.isCut && newest && timeOf(newest) < toMs)) {
      log = { pages: [], cursor: undefined, isCut: false, epoch: this.#epochOf(channel) };
      this.#logs.set(channel, log);
    }
    for (let n = 0; n < PAGES_AT_ONCE && log.cursor !== null; n++) {
      const oldest = log.pages.at(-1)?.[0];
      if (oldest && timeOf(oldest) <= fromMs) return;
      const { items, cursor = null } = await api.history(channel, {
        limit: String(PAGE_EVENTS),
        ...(log.cursor !== undefined && { cursor: log.cursor }),
      });
      if (this.#logs.get(channel) !== log) return;
      log.cursor = cursor;
      if (items.length > 0) log.pages.push(items.toSorted((a, b) => timeOf(a) - timeOf(b)));
      if (log.pages.length <= MOST_PAGES) continue;
      log.pages.shift();
      log.isCut = true;
    }
  }

  #epochOf(channel: string): number {
    return this.#app.channels.all.get(channel)?.epoch ?? 0;
  }

  /** Takes a little more than the range, so that lines enter and leave at the edges. */
  #make(fromMs: number, toMs: number): void {
    const { subjects: shown, metrics: live, topology } = this.#app;
    const margin = (toMs - fromMs) / 4;
    const subjects = new Subjects();
    const metrics = new Metrics(subjects, topology);
    for (const [channel, members] of live.added) metrics.added.set(channel, members);
    for (const [channel, { pages }] of this.#logs) {
      const events = pages
        .toReversed()
        .flat()
        .filter((event) => this.#app.channels.scope.has(event))
        .filter((event) => timeOf(event) >= fromMs - margin && timeOf(event) <= toMs + margin);
      metrics.take(new ChannelState(channel), events, Float64Array.from(events, timeOf), 'past');
    }
    for (const subject of subjects.all.values())
      subject.colour = shown.all.get(subject.key)?.colour ?? subject.colour;
    this.#made = { subjects, metrics };
  }
}

const timeOf = ({ time }: CloudEvent): number => Date.parse(time);
