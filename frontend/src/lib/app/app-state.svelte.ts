import type { Map as BaseMap } from 'maplibre-gl';
import { getContext, setContext, untrack } from 'svelte';
import type { ClockTick, Replay } from '../../../../schemas/types.ts';
import { Metrics } from '../charts/metrics.ts';
import { Posts } from '../feed/posts.ts';
import { api, type PageSettings } from '../live/api.ts';
import { AreaFilter, type Area, type ChannelFilter } from '../live/area-filter.svelte.ts';
import { Channels } from '../live/channels.ts';
import { Connection } from '../live/connection.svelte.ts';
import { FileDrops } from '../live/file-drops.svelte.ts';
import { PaintTimes } from '../live/paint-times.ts';
import { Recordings } from '../live/recordings.svelte.ts';
import { Replays } from '../live/replays.svelte.ts';
import { SubjectSelection } from '../live/subjects/subject-selection.svelte.ts';
import { Subjects } from '../live/subjects/subjects.ts';
import { Topology } from '../live/topology.ts';
import { WatchedChannels } from '../live/watched-channels.svelte.ts';
import { HiddenSubjects } from '../map/hidden-subjects.svelte.ts';
import { Fences } from '../map/fences.svelte.ts';
import { Movers } from '../map/movers/movers.ts';
import { Moments } from '../timeline/moments.ts';
import { Timeline } from '../timeline/timeline.svelte.ts';
import { Announcer } from '../ui/announcer.svelte.ts';
import { rateText } from '../ui/format.ts';
import { FrameLoop } from '../ui/frame-loop.svelte.ts';
import { Settings } from '../ui/settings.svelte.ts';
import { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import { Units } from '../ui/units.svelte.ts';
import { MomentNavigation } from './moment-navigation.ts';
import { PanelCommands } from './panel-commands.svelte.ts';
import { SharedLink } from './shared-link.svelte.ts';
import { ShownReplay } from './shown-replay.ts';
import { texts } from './texts.ts';

/** How long panels that load late wait for the first events at most. */
const FIRST_EVENTS_MS = 1000;

/** The whole state of the page: built once by main.ts, available to components through `useApp`. */
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
  readonly channels = new Channels(
    [this.metrics, this.movers, this.posts, this.moments, this.paintTimes],
    () => this.frame.touch(),
  );
  readonly selection = new SubjectSelection(this.subjects, ({ name }) =>
    this.announcer.say(texts.selected(name)),
  );
  readonly recordings = new Recordings();
  readonly replays: Replays = new Replays(() => this.connection);
  readonly watched = new WatchedChannels(this.replays, this.topology);
  readonly timeline = new Timeline(this.replays, this.recordings);
  readonly units = new Units(
    this.settings,
    () => this.timeline.zone,
    () => this.timeline.whole,
  );
  readonly filter = new AreaFilter();
  readonly hidden = new HiddenSubjects(this);
  readonly fences = new Fences((channel) => this.moments.clear(channel));
  readonly drops = new FileDrops(this.recordings, this.replays);
  readonly link = new SharedLink(this);
  readonly #shown: ShownReplay;
  readonly momentNavigation = new MomentNavigation(this);
  readonly commands = new PanelCommands();
  readonly connection: Connection;
  /** The map, while it is shown. */
  map: BaseMap | undefined;
  pageSettings = $state.raw<PageSettings>({ streets: null, streetStyle: null, logs: null });
  /** Panels that load late wait for this: the first events are on the screen, or none came in time. */
  readonly settled = Promise.race([
    this.paintTimes.begun,
    new Promise<void>((resolve) => setTimeout(resolve, FIRST_EVENTS_MS)),
  ]);

  constructor() {
    this.connection = new Connection(this.channels, (channel) => this.filterOf(channel), {
      clock: (tick) => this.#tick(tick),
      replays: (list) => this.#list(list),
      services: (services) => this.watched.learn(services),
    });
    this.channels.isExtra = (name) => !this.watched.own.has(name);
    this.#shown = new ShownReplay(this);
    api.page().then(
      (settings) => (this.pageSettings = settings),
      // Without them there are no streets; everything else works.
      () => undefined,
    );
    void this.replays.refresh();
    // The filter of a link applies to a channel once the channel turns out to have places.
    this.channels.onplaced = () => queueMicrotask(() => this.connection.subscriptions.refilter());
    $effect.root(() => {
      $effect(() => this.connection.subscriptions.watch(this.watched.all));
      $effect(() => {
        if (!this.replays.known) return;
        const { scope } = this.replays;
        untrack(() => this.#shown.show(scope));
      });
      $effect(() => {
        this.movers.glide = !this.settings.reducedMotion;
      });
      $effect(() => this.#announceConnection());
      $effect(() => {
        void this.filter.area;
        this.connection.subscriptions.refilter();
      });
      $effect(() => {
        void this.frame.slow;
        this.fences.follow(this.connection.services, (channel) => this.channels.all.get(channel)?.epoch ?? 0);
      });
      $effect(() => this.#expectDescribed());
    });
  }

  /** Limits what is received to an area of the map; undefined: no limit. Returns false when no subject is in the lasso. */
  restrict(area: Area | undefined): boolean {
    if (!area) this.filter.clear();
    else if (area.kind === 'box') this.filter.box(area.box);
    else {
      const standing = this.movers.all.map(({ subject: { root, name }, at }) => ({ root, name, at }));
      return this.filter.lasso(area.ring, standing);
    }
    return true;
  }

  /** The part of a channel that the area filter leaves. */
  filterOf(channel: string): ChannelFilter {
    const root = this.topology.root(channel);
    const { placed } = this.channels;
    const moves = [...placed].some((name) => this.topology.root(name) === root);
    return this.filter.filterOf(root, { moves, placed: placed.has(channel) });
  }

  #tick(tick: ClockTick): void {
    const { state, rate } = this.replays;
    this.replays.tick(tick);
    if (tick.replay !== this.replays.chosen?.id) return;
    this.timeline.tick(tick);
    if (tick.state !== state) this.#announceState(tick);
    else if (tick.rate !== rate) this.announcer.say(texts.rate(rateText(tick.rate)));
    this.frame.touch();
  }

  #announceState({ state, rate, time }: ClockTick): void {
    if (state === 'playing') this.announcer.say(texts.playing(rateText(rate)));
    if (state === 'paused') this.announcer.say(texts.paused(this.units.stamp(Date.parse(time))));
    if (state === 'ended') this.announcer.say(texts.ended);
  }

  #announceConnection(): void {
    const { state, lostAt } = this.connection;
    if (state === 'connected') this.announcer.say(texts.connected);
    else if (lostAt) this.announcer.say(texts.disconnected);
  }

  #list(list: Replay[]): void {
    this.replays.setList(list);
    this.link.compare();
    this.frame.touch();
  }

  /** The descriptions of recordings name their subjects: their colours are known before their first events. */
  #expectDescribed(): void {
    const { descriptions } = this.timeline;
    for (const root of this.watched.front) {
      const isHere = ({ channel }: { channel: string }): boolean => this.topology.root(channel) === root;
      const here = descriptions.filter(({ channels }) => channels.some(isHere));
      const ofRoot = here.length > 0 ? here : descriptions;
      if (ofRoot.length === 0) continue;
      // A description names the first hundred only.
      const areAll = ofRoot.every(({ subjectCount, subjects }) => subjectCount === subjects.length);
      this.subjects.expect(root, areAll ? ofRoot.flatMap(({ subjects }) => subjects) : []);
    }
  }
}

const KEY = Symbol('app');

/** Makes the state available to the components below. */
export const provideApp = (app: AppState): AppState => setContext(KEY, app);

/** The state of the page, in any component. */
export const useApp = (): AppState => getContext<AppState>(KEY);
