import type { Map as BaseMap } from 'maplibre-gl';
import { getContext, setContext } from 'svelte';
import type { Channel, ClockTick, Replay, Service } from '../../../../schemas/types.ts';
import { api, type PageSettings } from '../live/api.ts';
import { Channels } from '../live/channels.ts';
import { Connection } from '../live/connection.svelte.ts';
import { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import { FileDrops } from '../live/file-drops.svelte.ts';
import { Fences } from '../map/fences.svelte.ts';
import { AreaFilter, type Area, type ChannelFilter } from '../live/area-filter.svelte.ts';
import { duration, rateText } from '../ui/format.ts';
import { FrameLoop } from '../ui/frame-loop.svelte.ts';
import { SharedLink } from './shared-link.ts';
import { Metrics } from '../charts/metrics.ts';
import { Moments, type Moment } from '../timeline/moments.ts';
import { Movers } from '../map/movers.ts';
import { PaintTimes } from '../live/paint-times.ts';
import { Posts } from '../feed/posts.ts';
import { Recordings } from '../live/recordings.svelte.ts';
import { Replays } from '../live/replays.svelte.ts';
import { SubjectSelection } from '../live/subject-selection.svelte.ts';
import { Settings } from '../ui/settings.svelte.ts';
import { Announcer } from '../ui/announcer.svelte.ts';
import { Subjects } from '../live/subjects.ts';
import { texts } from '../ui/texts.ts';
import { Timeline } from '../timeline/timeline.svelte.ts';
import { Topology } from '../live/topology.ts';
import { Units } from '../ui/units.svelte.ts';

const CHANNELS_EVERY_MS = 5000;
const EVENTS_FIRST_MS = 1000;
/** Who goes back to the moment before, while it plays, has just passed one: so long ago (wall time), it doesn't count. */
const JUST_MS = 1000;

/** The page's whole state: built once by main.ts, found by components through `useApp`. */
export class AppState {
  readonly frame = new FrameLoop();
  readonly settings = new Settings();
  readonly announcer = new Announcer();
  readonly topology = new Topology();
  readonly subjects = new Subjects();
  readonly metrics = new Metrics(this.subjects, this.topology);
  readonly movers = new Movers(this.subjects, this.topology);
  readonly posts = new Posts(this.topology);
  readonly moments = new Moments(this.topology);
  readonly cursor = new SharedCursor(this.frame);
  readonly paintTimes = new PaintTimes();
  /** Panels that take long to load wait for this: the first events are shown, or there are none as yet. */
  readonly settled = Promise.race([
    this.paintTimes.begun,
    new Promise<void>((resolve) => setTimeout(resolve, EVENTS_FIRST_MS)),
  ]);
  readonly channels = new Channels(
    [this.metrics, this.movers, this.posts, this.moments, this.paintTimes],
    () => this.frame.touch(),
  );
  readonly selection = new SubjectSelection(this.subjects, ({ name }) =>
    this.announcer.say(texts.say.selected(name)),
  );
  readonly recordings = new Recordings();
  readonly replays: Replays = new Replays(() => this.connection);
  readonly timeline = new Timeline(this.replays, this.recordings);
  readonly units = new Units(this.settings, () => this.#zoneOfData());
  readonly filter = new AreaFilter();
  readonly fences: Fences = new Fences(() => this.#fenceChannel && this.moments.clear(this.#fenceChannel));
  readonly drops = new FileDrops(this.recordings, this.replays);
  readonly link: SharedLink = new SharedLink(this);
  readonly connection: Connection;
  /** The map, while it is shown. */
  map: BaseMap | undefined;
  /** Channels that the API knows, by name. */
  names = $state.raw<string[]>([]);
  /** Channels that carry bare data: copies for others, which are shown only when they are chosen. */
  #bare = $state.raw<ReadonlySet<string>>(new Set());
  /** Channels shown at the person's channelFilter, besides those of the replays. */
  extra = $state.raw<ReadonlySet<string>>(new Set());
  page = $state.raw<PageSettings>({ streets: null, streetStyle: null });
  #services = $state.raw<readonly Service[]>([]);
  /** The subscribed channels: those of the replays (`gps` while there is none), what is derived from them, and the extra ones. */
  readonly watched = $derived.by(() => {
    void this.#services;
    const played = new Set(this.replays.list.flatMap(({ channels }) => channels));
    if (played.size === 0 && this.names.includes('gps')) played.add('gps');
    const derived = [...this.topology.withDerived(played, this.names)].filter(
      (name) => played.has(name) || !this.#bare.has(name),
    );
    return new Set([...derived, ...this.extra]);
  });

  constructor() {
    this.connection = new Connection(this.channels, (channel) => this.channelFilterOf(channel), {
      clock: (tick) => this.#tick(tick),
      replays: (list) => this.#list(list),
      services: (services) => {
        if (this.topology.learn(services)) this.#services = services;
      },
    });
    api.page().then(
      (page) => (this.page = page),
      // Without the page's settings there are no streets; everything else works.
      () => undefined,
    );
    void this.replays.refresh();
    void this.#askForNames();
    setInterval(() => document.hidden || void this.#askForNames(), CHANNELS_EVERY_MS);
    $effect.root(() => {
      $effect(() => this.connection.watch(this.watched));
      $effect(() => {
        this.movers.glide = !this.settings.reducedMotion;
      });
      $effect(() => {
        const { socket, lostAt } = this.connection;
        if (socket === 'connected') this.announcer.say(texts.say.connected);
        else if (lostAt) this.announcer.say(texts.say.disconnected);
      });
      $effect(() => this.#forgetUnwatched(this.watched));
      $effect(() => {
        void this.filter.area;
        this.connection.refilter();
      });
      // An area that came with the address: what it is asked of is known only now.
      this.channels.onplaced = () => queueMicrotask(() => this.connection.refilter());
      $effect(() => this.#followFences());
      $effect(() => this.#arrangeDescribed());
    });
  }

  /** The channel whose subjects and charts are in front: those of the chosen replay. */
  readonly front = $derived(
    new Set((this.replays.chosen?.channels ?? [...this.watched]).map((name) => this.topology.root(name))),
  );

  watch(channel: string): void {
    if (!this.watched.has(channel)) this.extra = new Set([...this.extra, channel]);
  }

  /** The subject that a moment brought along. */
  #cameAlong: string | undefined;

  /** Goes to a moment, and to the subject that it is about. */
  goTo(moment: Moment): void {
    void this.replays.seek(moment.timeMs);
    if (this.subjects.all.has(moment.key)) {
      // Who has chosen a subject stays with it; one that only came along does not.
      if (this.selection.key !== moment.key) this.#cameAlong = moment.key;
      this.selection.select(moment.key);
    }
    const lasted = duration(moment.timeMs - moment.fromMs);
    this.announcer.say(
      texts.say.moment(texts.timeline.moment(moment, lasted), this.units.time(moment.timeMs)),
    );
  }

  /** Goes to the next (1) or the previous (-1) moment: of the subject that somebody has selected, if there is one. */
  goToNext(direction: 1 | -1): void {
    const { replays, moments, selection } = this;
    const rate = replays.rate === 'max' ? 1 : Math.max(1, replays.rate);
    const just = direction === -1 && replays.state === 'playing' ? JUST_MS * rate : 0;
    const key = selection.key === this.#cameAlong ? undefined : selection.key;
    const moment = moments.next(replays.positionAt(performance.now()) - just, direction, key);
    if (moment) this.goTo(moment);
    else this.announcer.say(texts.say.noMoment);
  }

  #zoneOfData(): string | undefined {
    for (const { inferred } of this.timeline.descriptions) {
      const zone = inferred['tz']?.value;
      if (typeof zone === 'string') return zone;
    }
    return undefined;
  }

  /** Plays only what is in an area of the map; undefined: all of it. False when nothing is in it. */
  restrict(area: Area | undefined): boolean {
    if (!area) this.filter.clear();
    else if (area.kind === 'box') this.filter.box(area.box);
    else
      return this.filter.lasso(
        area.ring,
        this.movers.all.map(({ subject: { root, name }, at }) => ({ root, name, at })),
      );
    return true;
  }

  /** What is asked of a channel: what the filter leaves. */
  channelFilterOf(channel: string): ChannelFilter {
    const root = this.topology.root(channel);
    const { placed } = this.channels;
    const moves = [...placed].some((name) => this.topology.root(name) === root);
    return this.filter.channelFilter(root, { moves, placed: placed.has(channel) });
  }

  /** The service that watches fences, and the channel that it tells of them. */
  readonly #fencing = $derived.by(() => {
    const service = this.connection.services.find(
      ({ name, outputs }) => name === 'fences' || outputs?.some((output) => output.endsWith('.fences')),
    );
    return service && `${service.name}\n${service.outputs?.[0] ?? ''}`;
  });
  get #fenceChannel(): string | undefined {
    return this.#fencing?.split('\n')[1];
  }

  #fencesOf = '';
  /** Fences may be changed by others: then their channel begins a new epoch. */
  #followFences(): void {
    void this.frame.slow;
    const [service, channel = ''] = this.#fencing?.split('\n') ?? [];
    if (!service) return;
    const of = `${service} ${this.channels.all.get(channel)?.epoch ?? 0}`;
    if (of === this.#fencesOf) return;
    this.#fencesOf = of;
    void this.fences.load(service);
  }

  #tick(tick: ClockTick): void {
    const { state, rate } = this.replays;
    this.replays.tick(tick);
    if (tick.replay !== this.replays.chosen?.id) return;
    this.timeline.tick(tick);
    if (tick.state !== state) {
      if (tick.state === 'playing') this.announcer.say(texts.say.playing(rateText(tick.rate)));
      if (tick.state === 'paused')
        this.announcer.say(texts.say.paused(this.units.time(Date.parse(tick.time))));
      if (tick.state === 'ended') this.announcer.say(texts.say.ended);
    } else if (tick.rate !== rate) this.announcer.say(texts.say.rate(rateText(tick.rate)));
    this.frame.touch();
  }

  #list(list: Replay[]): void {
    this.replays.setList(list);
    this.link.apply();
    this.frame.touch();
  }

  async #askForNames(): Promise<void> {
    try {
      const { items } = await api.channels();
      const names = items.map((channel: Channel) => channel.name).sort();
      if (names.join() === this.names.join()) return;
      this.names = names;
      this.#bare = new Set(items.filter(({ envelope }) => envelope === 'none').map(({ name }) => name));
    } catch {
      // The connection's banner says what is wrong.
    }
  }

  /** A recording's description names its subjects: their colours are known before they come. */
  #arrangeDescribed(): void {
    for (const id of this.replays.chosen?.recordings ?? []) {
      const description = this.recordings.described(id)?.description;
      if (description) this.subjects.arrange(this.topology.root(description.channel), description.subjects);
    }
  }

  #forgetUnwatched(watched: ReadonlySet<string>): void {
    const roots = new Set([...watched].map((name) => this.topology.root(name)));
    for (const { root } of this.subjects.all.values()) if (!roots.has(root)) this.subjects.drop(root);
  }
}

const KEY = Symbol('reprise');

/** Makes the state known to the components below. */
export const provideApp = (reprise: AppState): AppState => setContext(KEY, reprise);

/** The page's state, in any component. */
export const useApp = (): AppState => getContext<AppState>(KEY);
