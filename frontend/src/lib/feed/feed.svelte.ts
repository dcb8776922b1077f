import { untrack } from 'svelte';
import { api } from '../live/api.ts';
import type { Channels } from '../live/channels.ts';
import type { Replays } from '../live/replays.svelte.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';
import type { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import { VisibleRows } from '../ui/visible-rows.svelte.ts';
import type { Post, Posts, Tone } from './posts.ts';

const ROW_PX = 48;
/** Posts of a list that stands still at first, and at most after older ones were read. */
const STANDING_ROWS = 500;
const MOST_ROWS = 2000;
/** Older posts to read at once. */
const OLDER = 200;
/** Posts over which the shares of the tones are counted. */
const SHARES_OF = 200;
const MOST_TOPICS = 4;
/** Scrolled further down than this, px, the list stands still. */
const TOP_PX = 8;

/** All tones, from positive to negative. */
export const TONES: readonly Tone[] = ['positive', 'neutral', 'negative'];

/** A topic of posts as the topics service reports it. */
export interface Topic {
  term: string;
  kind: string;
  count: number;
  score: number;
  burst: boolean;
}

interface Parts {
  readonly posts: Posts;
  readonly replays: Replays;
  readonly channels: Channels;
  readonly frame: FrameLoop;
  readonly cursor: SharedCursor;
}

/** The latest posts, filtered by tone, language and words. The list stands still while the person reads further down. */
export class Feed {
  tone = $state<Tone>();
  lang = $state('');
  search = $state('');
  /** While older posts are being read. */
  reading = $state(false);
  /** Whether the log has no older posts. */
  atStart = $state(false);
  readonly visibleRows = new VisibleRows(ROW_PX);
  /** The number of posts received when the person scrolled away from the top; undefined: the list is live. */
  #stoppedAt = $state<number>();
  #standing = $state.raw<Post[]>([]);
  /** The live rows, and what they were made of. */
  #live: { key: string; rows: Post[] } = { key: '', rows: [] };
  readonly #parts: Parts;

  /** Create it in a component. */
  constructor(parts: Parts) {
    this.#parts = parts;
    $effect(() => {
      // The posts that stand still belong to the replay that was shown, and what was searched for too.
      void parts.replays.scope;
      untrack(() => {
        this.#stoppedAt = undefined;
        this.clear();
      });
    });
  }

  /** The words to search for, in lower case. */
  readonly words = $derived(this.search.trim().toLowerCase());

  readonly isFiltered = $derived(this.tone !== undefined || this.lang !== '' || this.words !== '');

  /** Whether the list stands still. */
  get stands(): boolean {
    return this.#stoppedAt !== undefined;
  }

  /** The time up to which posts are shown while the cursor of another panel is on a time; otherwise undefined. */
  readonly untilMs = $derived.by(() => {
    const { cursor } = this.#parts;
    return cursor.by === 'feed' || this.stands ? undefined : cursor.timeMs;
  });

  /** The posts to show, newest first. */
  readonly rows = $derived.by((): readonly Post[] => {
    const { posts, frame } = this.#parts;
    void frame.slow;
    if (this.stands)
      return this.isFiltered ? this.#standing.filter((post) => this.#passes(post)) : this.#standing;
    const { untilMs } = this;
    const most = this.visibleRows.count;
    if (untilMs !== undefined)
      return this.#latest(most, (post) => this.#passes(post) && post.timeMs <= untilMs);
    const key = [posts.version, most, this.tone, this.lang, this.words].join('\n');
    if (this.#live.key !== key) this.#live = { key, rows: this.#latest(most, (post) => this.#passes(post)) };
    return this.#live.rows;
  });

  /** How many posts have arrived since the list stands still. */
  readonly newCount = $derived.by(() => {
    const { posts, frame } = this.#parts;
    void frame.slow;
    return this.#stoppedAt === undefined ? 0 : posts.arrived - this.#stoppedAt;
  });

  readonly languages = $derived.by(() => {
    const { posts, frame } = this.#parts;
    void frame.slow;
    return [...new Set(posts.recent.newest(Infinity).flatMap(({ lang }) => lang ?? []))].sort();
  });

  /** Topics with more posts than before, as the topics service reported last. */
  readonly topics = $derived.by((): readonly Topic[] => {
    const { channels, frame } = this.#parts;
    void frame.slow;
    return [...channels.all.values()]
      .flatMap(({ recent }) => recent.newest(1))
      .flatMap(({ data }) => (Array.isArray(data['topics']) ? (data['topics'] as Topic[]) : []))
      .filter(({ score }) => score > 0)
      .slice(0, MOST_TOPICS);
  });

  /** The shares of the tones among the latest posts, in percent; undefined while no post has a tone. */
  readonly shares = $derived.by((): Record<Tone, number> | undefined => {
    const { posts, frame } = this.#parts;
    void frame.slow;
    const counted = posts.recent.newest(SHARES_OF, ({ tone }) => tone !== undefined);
    if (counted.length === 0) return undefined;
    const share = (tone: Tone): number =>
      Math.round((100 * counted.filter((post) => post.tone === tone).length) / counted.length);
    const [positive, negative] = [share('positive'), share('negative')];
    return { positive, neutral: Math.max(0, 100 - positive - negative), negative };
  });

  /** Ends the filter. */
  clear(): void {
    this.tone = undefined;
    this.lang = this.search = '';
  }

  /** How many of the posts in memory the filter hides. */
  readonly hidden = $derived.by(() => {
    const { posts, frame } = this.#parts;
    void frame.slow;
    if (!this.isFiltered) return 0;
    const all = this.stands ? this.#standing : posts.recent.newest(Infinity);
    return all.filter((post) => !this.#passes(post)).length;
  });

  /** The list was scrolled: it stands still below its top, and is live at its top. */
  scrolled(top: number): void {
    if (top <= TOP_PX) this.#stoppedAt = undefined;
    else if (!this.stands) {
      this.#standing = this.#latest(STANDING_ROWS, () => true);
      this.#stoppedAt = this.#parts.posts.arrived;
      this.atStart = false;
    }
  }

  toLatest(): void {
    this.#stoppedAt = undefined;
  }

  /** Reads older posts of a channel from its log. Of too many posts the newest are dropped. */
  async readOlder(channel: string): Promise<void> {
    const { posts } = this.#parts;
    const oldest = this.#standing.at(-1);
    if (!oldest) return;
    this.reading = true;
    try {
      const until = new Date(oldest.timeMs).toISOString();
      const { items } = await api.history(channel, { limit: String(OLDER), until });
      const known = new Set(this.#standing.map(({ key }) => key));
      const { scope } = this.#parts.replays;
      const older = items
        .filter((event) => scope.has(event))
        .flatMap((event) => posts.read(channel, event, Date.parse(event.time)) ?? [])
        .filter(({ key }) => !known.has(key))
        .sort((a, b) => b.timeMs - a.timeMs);
      this.atStart = older.length === 0;
      this.#standing = [...this.#standing, ...older].slice(-MOST_ROWS);
    } catch {
      // The banner says what is wrong; the button is still there.
    } finally {
      this.reading = false;
    }
  }

  #passes({ tone, lang, user, text }: Post): boolean {
    return (
      (this.tone === undefined || tone === this.tone) &&
      (this.lang === '' || lang === this.lang) &&
      (this.words === '' || `${user}\n${text}`.toLowerCase().includes(this.words))
    );
  }

  /** Copies, because a post's tone is filled in later, and the row must then be drawn again. */
  #latest(most: number, passes: (post: Post) => boolean): Post[] {
    return this.#parts.posts.recent.newest(most, passes).map((post) => ({ ...post }));
  }
}
