// Generated from the JSON Schemas beside this file by `npm run types`. Do not edit.
/**
 * Recorded seconds per second, or max: as fast as possible.
 */
export type Rate = number | 'max';

export interface Schemas {
  'channels/alerts'?: Alert;
  'channels/gps'?: Gps;
  'channels/gps.anomaly'?: GpsAnomaly;
  'channels/gps.density'?: GpsDensity;
  'channels/gps.fences'?: GpsFenceEvent;
  'channels/gps.movement'?: GpsMovement;
  'channels/gps.stops'?: GpsStop;
  'channels/gps.trips'?: GpsTrip;
  'channels/posts'?: Post;
  'channels/posts.clean'?: PostClean;
  'channels/posts.language'?: PostLanguage;
  'channels/posts.sentiment'?: PostSentiment;
  'channels/posts.topics'?: PostTopics;
  'channels/quality'?: Quality;
  config?: Config;
  event?: CloudEvent;
  keys?: Keys;
  'resources/audit-entry'?: AuditEntry;
  'resources/channel'?: Channel;
  'resources/client'?: Client;
  'resources/clock'?: ClockTick;
  'resources/dead-letter'?: DeadLetter;
  'resources/hop'?: Hop;
  'resources/log'?: LogRecord;
  'resources/metric'?: Metric;
  'resources/pipeline-status'?: PipelineStatus;
  'resources/problem'?: Problem;
  'resources/rate'?: Rate;
  'resources/reading-decision'?: ReadingDecision;
  'resources/recorder'?: Recorder;
  'resources/recording'?: Recording;
  'resources/recording-description'?: RecordingDescription;
  'resources/recording-options'?: RecordingOptions;
  'resources/recording-preview'?: RecordingPreview;
  'resources/redis'?: RedisFacts;
  'resources/redis-refusal'?: RedisRefusal;
  'resources/replay'?: Replay;
  'resources/replay-patch'?: ReplayPatch;
  'resources/replay-request'?: ReplayRequest;
  'resources/service'?: Service;
  'resources/service-kind'?: ServiceKindDocument;
  'resources/snapshot'?: Snapshot;
  'resources/span'?: Span;
  'resources/system'?: System;
  'resources/system-changes'?: SystemChanges;
  'resources/task'?: Task;
  'resources/task-request'?: TaskRequest;
  'resources/trace'?: Trace;
  'setup/analytics'?: Analytics;
  'setup/branch-step'?: BranchStep;
  'setup/channel'?: ChannelConfig;
  'setup/endpoint'?: EndpointConfig;
  'setup/outside-step'?: OutsideStep;
  'setup/pipeline'?: Pipeline;
  'setup/service'?: ServiceConfig;
  'setup/service-patch'?: ServicePatch;
  'setup/service-step'?: ServiceStep;
  'socket/batch'?: Batch;
  'socket/credit'?: Credit;
  'socket/gap'?: Gap;
  'socket/replay-change'?: ReplayChange;
  'socket/status'?: Status;
  'socket/subscribe'?: Subscribe;
  'socket/subscribed'?: Subscribed;
  'socket/unsubscribe'?: Unsubscribe;
  'tasks/average-speed'?: AverageSpeed;
  'tasks/convert'?: Convert;
  'tasks/course'?: Course;
  'tasks/cut'?: Cut;
}
/**
 * Something that deserves attention. Each kind of alert adds its evidence.
 */
export interface Alert {
  /**
   * Kind of the alert, for instance drift or quality.
   */
  kind: string;
  severity: 'info' | 'warning' | 'critical';
  /**
   * A sentence for people.
   */
  message: string;
  [k: string]: unknown;
}
/**
 * A position fix (WGS 84). Other columns of the recording are kept unchanged.
 */
export interface Gps {
  /**
   * Degrees north.
   */
  latitude: number;
  /**
   * Degrees east.
   */
  longitude: number;
  /**
   * Metres above sea level.
   */
  elevation?: number;
  /**
   * Speed over ground as the device reports it.
   */
  speed_meters_per_second?: number;
  /**
   * Course over ground, degrees clockwise from north.
   */
  bearing?: number;
  /**
   * Radius of the uncertainty, metres.
   */
  accuracy?: number;
  [k: string]: unknown;
}
/**
 * Something unusual about how a subject moves or reports. It is also sent to the channel `alerts`.
 */
export interface GpsAnomaly {
  /**
   * speed: far from its usual speed. silence: no fix for unusually long. jump: a place that it can't have reached. null_island: latitude and longitude are 0. invalid: coordinates out of range. reported_speed: its positions contradict the speed that it reports.
   */
  kind: 'speed' | 'silence' | 'jump' | 'null_island' | 'invalid' | 'reported_speed';
  severity: 'info' | 'warning' | 'critical';
  /**
   * A sentence for people.
   */
  message: string;
  subject: string;
  /**
   * Degrees north of its last fix that was not an outlier.
   */
  latitude?: number;
  /**
   * Degrees east of the same fix.
   */
  longitude?: number;
  /**
   * The measured value: seconds for silence, else metres per second.
   */
  value: number | null;
  /**
   * The usual value for the subject: the median, in the same unit.
   */
  expected: number | null;
  /**
   * Event time of its last fix that was not an outlier.
   */
  since?: string;
}
/**
 * Fixes and subjects in one H3 cell during one window of event time.
 */
export interface GpsDensity {
  /**
   * The H3 index.
   */
  cell: string;
  /**
   * Resolution of the H3 grid.
   */
  resolution: number;
  /**
   * Degrees north of the centre of the cell.
   */
  latitude: number;
  /**
   * Degrees east of the centre of the cell.
   */
  longitude: number;
  /**
   * Start of the window.
   */
  window_start: string;
  /**
   * End of the window, excluded.
   */
  window_end: string;
  /**
   * Number of fixes without outliers.
   */
  fixes: number;
  /**
   * Number of subjects.
   */
  subjects: number;
  /**
   * False if the recording ended before the window did.
   */
  complete: boolean;
}
/**
 * A subject has entered a fence, has left it, or has been inside for long.
 */
export interface GpsFenceEvent {
  event: 'enter' | 'exit' | 'dwell';
  /**
   * Id of the fence.
   */
  fence: string;
  /**
   * Name of the fence.
   */
  name?: string;
  /**
   * Degrees north of the subject at that time.
   */
  latitude: number;
  /**
   * Degrees east of the subject at that time.
   */
  longitude: number;
  /**
   * Event time of the first fix inside.
   */
  entered: string;
  /**
   * Event time of the first fix outside.
   */
  left?: string;
  /**
   * Time inside, seconds.
   */
  duration_seconds: number;
  /**
   * The fence was removed while the subject was inside.
   */
  synthetic?: true;
}
/**
 * How a subject has moved since its last fix: great-circle distance (haversine) on a sphere of 6,371,000 m. An outlier is flagged and changes nothing: its distance is 0, and speed and heading stay the same.
 */
export interface GpsMovement {
  /**
   * Degrees north, as in the fix.
   */
  latitude: number;
  /**
   * Degrees east, as in the fix.
   */
  longitude: number;
  /**
   * Event time since the last fix that is not an outlier; 0 for the first fix.
   */
  elapsed_seconds: number;
  /**
   * Metres from the last fix that is not an outlier.
   */
  distance_m: number;
  /**
   * Metres since the epoch began.
   */
  cumulative_distance_m: number;
  /**
   * distance / elapsed time, metres per second.
   */
  speed_mps: number;
  /**
   * Initial bearing from the last fix, clockwise from north. It stays the same while the subject stands; null until it has moved.
   */
  heading_degrees: number | null;
  state: 'moving' | 'stopped';
  /**
   * Present only for an outlier.
   */
  outlier?: true;
  /**
   * invalid: coordinates out of range. null_island: latitude and longitude are 0. jump: too far to have been reached. speed: the positions contradict the reported speed.
   */
  outlier_reason?: 'invalid' | 'null_island' | 'jump' | 'speed';
}
/**
 * A subject has stayed near one place for long enough, or has left it again: a stay point as defined by Li et al. (2008).
 */
export interface GpsStop {
  /**
   * arrived: it has stayed for long enough. left: its first fix elsewhere has come.
   */
  event: 'arrived' | 'left';
  /**
   * Degrees north of the mean of its fixes; a fix at the same place as the one before does not count.
   */
  latitude: number;
  /**
   * Degrees east of the same mean.
   */
  longitude: number;
  /**
   * Event time of the first fix there.
   */
  arrived: string;
  /**
   * Event time of the last fix there.
   */
  left?: string;
  /**
   * Time from the first fix there to the last so far.
   */
  duration_seconds: number;
  /**
   * Number of fixes there.
   */
  fixes: number;
  /**
   * No fix shows that it left: its fixes end there.
   */
  open?: boolean;
}
/**
 * The way of a subject from one stop or gap to the next.
 */
export interface GpsTrip {
  /**
   * Event time of its first fix, the last of the stop before.
   */
  begin: string;
  /**
   * Event time of its last fix, the first of the next stop.
   */
  end: string;
  /**
   * Place where it began.
   */
  from: {
    /**
     * Degrees north.
     */
    latitude: number;
    /**
     * Degrees east.
     */
    longitude: number;
  };
  /**
   * Place where it ended.
   */
  to: {
    /**
     * Degrees north.
     */
    latitude: number;
    /**
     * Degrees east.
     */
    longitude: number;
  };
  /**
   * Sum of the great-circle distances from fix to fix, metres, without outliers.
   */
  distance_m: number;
  /**
   * Time from begin to end.
   */
  duration_seconds: number;
  /**
   * Time during which the subject moved.
   */
  moving_seconds: number;
  /**
   * distance / duration, metres per second.
   */
  average_speed_mps: number;
  /**
   * The highest speed from one fix to the next, metres per second.
   */
  max_speed_mps: number;
  /**
   * The recording ended before the trip did.
   */
  open: boolean;
}
/**
 * A short public message. Other columns of the recording are kept unchanged.
 */
export interface Post {
  text: string;
  /**
   * BCP 47 language tag, if the source knows it.
   */
  lang?: string;
  user?: string;
  [k: string]: unknown;
}
/**
 * The post with its text normalised: entities decoded, Unicode NFC, links, mentions and hashtags replaced, repeated letters shortened, single spaces; case, punctuation and emoji kept. Other members of the post are kept.
 */
export interface PostClean {
  text: string;
  user?: string;
  /**
   * The normalised text; may be empty.
   */
  clean: string;
  /**
   * As written, without their signs, in their order.
   */
  hashtags: string[];
  /**
   * Without their signs, in their order.
   */
  mentions: string[];
  /**
   * As written, in their order.
   */
  urls: string[];
  /**
   * How much of the text was analysed, UTF-16 units, where it is longer than `max_characters`.
   */
  analysed_characters?: number;
  [k: string]: unknown;
}
/**
 * The post with the language it seems to be written in. Other members of the post are kept.
 */
export interface PostLanguage {
  text: string;
  user?: string;
  /**
   * BCP 47 language tag, if the source knows it.
   */
  lang?: string;
  /**
   * ISO 639-1 code; `und` if the post is too short or its language too uncertain.
   */
  language: string;
  /**
   * Probability of the best guess among the expected languages.
   */
  probability: number;
  /**
   * How much of the text was analysed, UTF-16 units, where it is longer than `max_characters`.
   */
  analysed_characters?: number;
  [k: string]: unknown;
}
/**
 * The tone of the post by VADER (Hutto and Gilbert, 2014): a lexicon and rules for social media. It was made for English; for Spanish, French, Italian and Portuguese the lexicon is a translation. Other members of the post are kept.
 */
export interface PostSentiment {
  text: string;
  user?: string;
  lang?: string;
  /**
   * positive: compound >= 0.05. negative: compound <= -0.05. neutral: between.
   */
  sentiment: 'positive' | 'neutral' | 'negative';
  /**
   * From -1 (most negative) to 1 (most positive).
   */
  compound: number;
  /**
   * Share of the words.
   */
  positive: number;
  /**
   * Share of the words.
   */
  neutral: number;
  /**
   * Share of the words.
   */
  negative: number;
  /**
   * False if there is no lexicon for the language of the post: then neutral means unknown.
   */
  supported: boolean;
  /**
   * How much of the text was analysed, UTF-16 units, where it is longer than `max_characters`.
   */
  analysed_characters?: number;
  [k: string]: unknown;
}
/**
 * What more posts are about in a window of event time than before. Published at the end of the window.
 */
export interface PostTopics {
  window_start: string;
  /**
   * End of the window, excluded.
   */
  window_end: string;
  /**
   * False if the replay ended before the window did.
   */
  complete: boolean;
  /**
   * Number of posts in the window.
   */
  posts: number;
  /**
   * Number of posts since the last window that came after their own window was published.
   */
  late: number;
  /**
   * Number of posts in the window of which only the beginning was analysed, because they are longer than `max_characters`.
   */
  shortened?: number;
  /**
   * The topic with the highest score first.
   */
  topics: {
    /**
     * In lower case; a hashtag without its sign.
     */
    term: string;
    kind: 'hashtag' | 'term';
    /**
     * Number of posts in the window with it.
     */
    count: number;
    /**
     * Expected number by its share of the posts before; null if there were no posts before.
     */
    expected: number | null;
    /**
     * Dunning's log-likelihood ratio (1993) against the posts before; negative if it has become rarer.
     */
    score: number;
    /**
     * Whether the score is too high for chance.
     */
    burst: boolean;
  }[];
}
/**
 * How complete, timely and valid the events of a channel were in a window of event time.
 */
export interface Quality {
  channel: string;
  /**
   * Start of the window; in the first window of an epoch, the time of its first event.
   */
  from: string;
  /**
   * End of the window; in the last window of a replay, the time of its newest event.
   */
  to: string;
  events: number;
  /**
   * Events per second of event time; null if the window has no length.
   */
  events_per_second: number | null;
  /**
   * Number of distinct subjects; 1,000 means 1,000 or more.
   */
  subjects: number;
  /**
   * Events that had left the log before they were read: gaps in the offsets.
   */
  missing: number;
  /**
   * The longest event time between one event and the next; it may have begun in an earlier window.
   */
  longest_silence_seconds: number;
  /**
   * Events older than one that came before them.
   */
  disordered: number;
  disorder: QualityDistribution;
  /**
   * Time from an event to its sending; null if all events were replayed.
   */
  delay: QualityDistribution1 | null;
  /**
   * Events that violate the schema; they go to the dead letters.
   */
  violations: number;
  violation_share: number;
  /**
   * Member and keyword of the schema -> number of events; at most 20, then `others`.
   */
  violated: {
    [k: string]: number;
  };
}
/**
 * How far events were behind the newest one before them; 0 for events in order.
 */
export interface QualityDistribution {
  p50_seconds: number;
  p95_seconds: number;
  max_seconds: number;
}
/**
 * Quantiles are at most 2 % off.
 *
 * This interface was referenced by `Quality`'s JSON-Schema
 * via the `definition` "distribution".
 */
export interface QualityDistribution1 {
  p50_seconds: number;
  p95_seconds: number;
  max_seconds: number;
}
/**
 * The configuration file, config/reprise.json. A flag or an environment variable wins over a key of this file.
 */
export interface Config {
  /**
   * For editors: the path of this schema.
   */
  $schema?: string;
  /**
   * The Redis to use, for instance redis://127.0.0.1:6379.
   */
  redisUrl?: string;
  /**
   * What the names of all keys and channels in Redis begin with, before a colon.
   */
  namespace?: string;
  /**
   * TCP port of the API and the page; 0 takes any free port.
   */
  port?: number;
  /**
   * Address that the API and the page listen on. Any other than loopback needs an API key.
   */
  host?: string;
  /**
   * Further hosts that lead to the API and the page, such as reprise.example.org, or .example.org for it and all names below it.
   */
  allowedHosts?: string[];
  /**
   * The path that a proxy serves Reprise at, such as /reprise.
   */
  basePath?: string;
  /**
   * The proxies whose X-Forwarded headers count: their number, or their addresses and ranges, separated by commas.
   */
  trustProxy?: string;
  /**
   * The folder with the recordings, relative to the project.
   */
  recordings?: string;
  /**
   * The folder for Reprise's own files, relative to the project.
   */
  data?: string;
  /**
   * Log lines below this level are not written.
   */
  logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'critical' | 'silent';
  /**
   * How long a service may work on one event, in milliseconds; 0: as long as it likes.
   */
  eventBudgetMs?: number;
  /**
   * How long the event loop of a process may stand still, in milliseconds; 0: as long as it likes.
   */
  stallLimitMs?: number;
  /**
   * How long log lines are kept, and where they go besides stdout.
   */
  logs?: {
    /**
     * How many log lines Redis keeps for `GET /logs`. Default: 20,000.
     */
    keep?: number;
    /**
     * More places that log lines go to.
     */
    sinks?: {
      /**
       * A pino transport: an npm package by name, or a file of this project by a path that begins with a dot.
       */
      target: string;
      /**
       * The options of the transport.
       */
      options?: {
        [k: string]: unknown;
      };
      /**
       * Lines below this level do not go there. Default: the level of the log.
       */
      level?: 'debug' | 'info' | 'warn' | 'error' | 'critical';
    }[];
  };
  /**
   * Other origins whose pages may use the API and the socket, for instance https://example.org.
   */
  origins?: string[];
  /**
   * The file of API keys, relative to the project; schemas/keys.json describes it.
   */
  keys?: string;
  rateLimit?: RateLimit;
  /**
   * The largest file that can be uploaded. Default: 2,000,000,000.
   */
  maxUploadBytes?: number;
  /**
   * How much a packed recording of the folder may unpack to when it is described. A larger one is refused. Default: 20,000,000,000.
   */
  maxUnpackedBytes?: number;
  /**
   * How long the description or the preview of a recording may take. A recording that takes longer is refused. Default: 300.
   */
  maxReadingSeconds?: number;
  /**
   * How many files the folder of recordings may hold for uploads to be accepted. Default: 10,000.
   */
  maxRecordings?: number;
  /**
   * How large the folder of recordings may be for uploads to be accepted. Default: 200,000,000,000.
   */
  maxRecordingsBytes?: number;
  /**
   * How many channels there may be. Those of the configuration come first; requests and replays that would create more are refused. Default: 5,000.
   */
  maxChannels?: number;
  /**
   * How much memory of Redis the logs of all channels may take. Beyond it, requests that add events and new replays are refused. Default: 8,000,000,000.
   */
  maxLogBytes?: number;
  /**
   * How many replays one replayer runs at once. Default: 100.
   */
  maxReplays?: number;
  /**
   * How many tasks may wait or run at once. Default: 1,000.
   */
  maxTasks?: number;
  /**
   * How many recorders may run at once. Default: 100.
   */
  maxRecorders?: number;
  /**
   * URL of a MapLibre style with streets. The map uses it when it can be reached, and an offline map otherwise; null: always offline.
   */
  streetStyle?: string | null;
  /**
   * Plugins to load: npm packages by name, and files or folders of this project by a path that begins with a dot.
   */
  plugins?: string[];
  /**
   * Channels by name, and how each is written and kept. A channel that is not listed has the defaults.
   */
  channels?: {
    [k: string]: ChannelConfig;
  };
  /**
   * Analysis services by name.
   */
  services?: {
    [k: string]: ServiceConfig;
  };
  /**
   * Aggregates over windows, by name.
   */
  analytics?: {
    [k: string]: Analytics;
  };
  /**
   * Pipelines by name: services that each event passes through in order.
   */
  pipelines?: {
    [k: string]: Pipeline;
  };
  /**
   * Addresses that the API serves besides its own (docs/endpoints.md).
   */
  endpoints?: EndpointConfig[];
  /**
   * Replays that `reprise up` starts.
   */
  demo?: ReplayRequest[];
  /**
   * Tests of this configuration: events in, events out. `reprise check config` runs them.
   */
  tests?: ConfigTest[];
}
/**
 * How many requests each key may make, or each address where there are no keys.
 */
export interface RateLimit {
  /**
   * Requests per period.
   */
  requests?: number;
  /**
   * Length of the period in seconds.
   */
  seconds?: number;
  /**
   * Sockets and streams that may be open at a time.
   */
  connections?: number;
}
/**
 * How a channel is written and kept.
 */
export interface ChannelConfig {
  /**
   * What the channel carries, for people.
   */
  description?: string;
  /**
   * Name of the schema that its data must match, below schemas/channels. Default: the one with the name of the channel, if it exists.
   */
  schema?: string;
  /**
   * cloudevents: events are published as CloudEvents. none: only `data` is published.
   */
  envelope?: 'cloudevents' | 'none';
  /**
   * How many events the log keeps; 0: no log.
   */
  log?: number;
  /**
   * Whether to keep the latest event of each subject.
   */
  state?: boolean;
  /**
   * A plain Redis key that also holds the latest data. It must not begin with `reprise:`.
   */
  latestKey?: string;
}
/**
 * How an analysis service is set up.
 */
export interface ServiceConfig {
  /**
   * The kind of service: a file of backend/analysis/services, or one from a plugin.
   */
  use: string;
  /**
   * The channel it reads. Default: the one its kind names.
   */
  input?: string;
  /**
   * The channel it writes. Default: the one its kind names.
   */
  output?: string;
  /**
   * Channels for further outputs of the service: name of the output -> channel.
   */
  outputs?: {
    [k: string]: string;
  };
  /**
   * committed: reads the log; nothing is lost or duplicated. live: reads what is published, for the lowest latency; it misses what is published while it is away.
   */
  mode?: 'committed' | 'live';
  /**
   * Parameters of the service; each kind has its own.
   */
  params?: {
    [k: string]: unknown;
  };
  /**
   * A stopped service keeps its position and continues from there when it is started again.
   */
  state?: 'running' | 'stopped';
}
/**
 * Aggregates over windows of event time. Spans are written as `500ms`, `30s`, `5m`, `1h` or `1d`.
 */
export interface Analytics {
  /**
   * The channel whose events are aggregated.
   */
  from: string;
  /**
   * Use only events for which this CEL expression is true, for instance `speed_mps > 5 && subject != "bus-1"`.
   */
  where?: string;
  /**
   * Keep a window for each value of this member of the data, or for each `subject`; null: one window for all.
   */
  by?: string | null;
  /**
   * The windows to aggregate over.
   */
  window: {
    /**
     * tumbling: one after the other. hopping: a new one begins every `every`. sliding: one ends at each event. session: one ends when nothing has come for `size`.
     */
    kind: 'tumbling' | 'hopping' | 'sliding' | 'session';
    /**
     * Length of a window; for a session, the silence that ends it.
     */
    size: string;
    /**
     * How often a hopping window begins.
     */
    every?: string;
    /**
     * Windows begin this much after multiples of their size since 1970.
     */
    offset?: string;
  };
  /**
   * How late an event may be and still count.
   */
  lateness?: string;
  /**
   * wait: a window is published once no event can be late any more. correct: it is published at its end, and again with each late event.
   */
  late?: 'wait' | 'correct';
  /**
   * Name -> aggregate of a CEL expression over the data, such as `avg(speed_mps)`, `quantile(speed_mps, 0.95)` or `count()`. docs/service-reference.md lists the aggregates.
   */
  select: {
    [k: string]: string;
  };
  /**
   * The channel that windows are published on. Default: the name of the analytics.
   */
  to?: string;
  /**
   * Stopped analytics keep their position and continue from there.
   */
  state?: 'running' | 'stopped';
}
/**
 * A pipeline passes each event through its services in order, with branches that can join again. Each event carries the rest of its route.
 */
export interface Pipeline {
  /**
   * What the pipeline does, for people.
   */
  description?: string;
  /**
   * A channel whose events all go in. Without it, only events that are sent to the pipeline do.
   */
  from?: string;
  /**
   * The channel for the results. Default: the name of the pipeline.
   */
  to?: string;
  /**
   * The steps, in order.
   *
   * @minItems 1
   * @maxItems 32
   */
  steps: (ServiceStep | OutsideStep | BranchStep)[];
  /**
   * The share of the events sent to it whose route is recorded as a trace.
   */
  trace?: number;
}
/**
 * A step that runs here.
 */
export interface ServiceStep {
  /**
   * The kind of service: a file of backend/analysis/services, or one from a plugin.
   */
  service: string;
  /**
   * Name of the step, unique in its pipeline. Default: the name of the service.
   */
  name?: string;
  /**
   * Parameters of the service; an event may carry others for itself.
   */
  params?: {
    [k: string]: unknown;
  };
  /**
   * How often an event that failed is tried again before it becomes a dead letter.
   */
  retries?: number;
  /**
   * Delay before the first retry; it doubles each time. Default: 1s.
   */
  backoff?: string;
  /**
   * A stopped step keeps its position and continues from there.
   */
  state?: 'running' | 'stopped';
}
/**
 * A step that runs elsewhere, in any language (docs/protocol.md).
 */
export interface OutsideStep {
  /**
   * The name of the external service. It reads the channel `<name>.in`.
   */
  outside: string;
  /**
   * Name of the step, unique in its pipeline. Default: the name of the service.
   */
  name?: string;
  /**
   * Parameters of the service; an event may carry others for itself.
   */
  params?: {
    [k: string]: unknown;
  };
  /**
   * How often an event that failed is tried again before it becomes a dead letter.
   */
  retries?: number;
  /**
   * Delay before the first retry; it doubles each time. Default: 1s.
   */
  backoff?: string;
  /**
   * A stopped step keeps its position and continues from there.
   */
  state?: 'running' | 'stopped';
}
/**
 * A step that sends each event down several branches. What comes out is one event with the data of all branches.
 */
export interface BranchStep {
  /**
   * The branches; each is a list of steps.
   *
   * @minItems 2
   * @maxItems 8
   */
  branches: (ServiceStep | OutsideStep)[][];
  /**
   * false: the events of the branches stay apart.
   */
  join?: boolean;
  /**
   * Name of the step, unique in its pipeline.
   */
  name?: string;
}
/**
 * An endpoint of the API: its parameters, the action that answers, and the shape of the answer. Members of the action stand beside these; docs/endpoints.md lists them.
 */
export interface EndpointConfig {
  /**
   * The HTTP method.
   */
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /**
   * For instance `/cars/{car}`: a segment in braces is a parameter.
   */
  path: string;
  /**
   * One line for OpenAPI.
   */
  summary?: string;
  /**
   * Details for OpenAPI.
   */
  description?: string;
  /**
   * The action that answers: a file of backend/api/endpoints/actions, or one from a plugin.
   */
  action: string;
  /**
   * JSON Schema for each parameter of the path. Default: any text.
   */
  pathParams?: {
    [k: string]: {
      [k: string]: unknown;
    };
  };
  /**
   * JSON Schema for each query parameter.
   */
  query?: {
    [k: string]: {
      [k: string]: unknown;
    };
  };
  /**
   * Query parameters that must be given.
   */
  required?: string[];
  /**
   * JSON Schema of the body, for actions that take one.
   */
  body?: {
    [k: string]: unknown;
  };
  /**
   * What a caller must be allowed to do. Default: what the action needs.
   */
  scope?: 'read' | 'control' | 'admin';
  /**
   * The answer.
   */
  response?: {
    /**
     * HTTP status of a successful answer.
     */
    status?: number;
    /**
     * Headers of the answer.
     */
    headers?: {
      [k: string]: string;
    };
    /**
     * The body of the answer, in CEL over what the action found: its members by name, all of it as `data`. For instance `{"lat": latitude}`.
     */
    value?: string;
    /**
     * What the answer is, for OpenAPI.
     */
    description?: string;
    /**
     * JSON Schema of the answer, for OpenAPI.
     */
    schema?: {
      [k: string]: unknown;
    };
  };
  [k: string]: unknown;
}
/**
 * What to play, and how.
 */
export interface ReplayRequest {
  /**
   * Name of the replay. One is made up if it is absent.
   */
  id?: string;
  /**
   * The recordings, played together on one timeline.
   *
   * @minItems 1
   * @maxItems 64
   */
  recordings: (string | RecordingOptions)[];
  rate?: Rate;
  /**
   * Start paused.
   */
  paused?: boolean;
  /**
   * Play from here: a time (ISO 8601), or an offset such as 90s.
   */
  start?: string;
  /**
   * Play up to here: a time, or an offset.
   */
  end?: string;
  /**
   * Play this much, for instance 10m, instead of up to an end.
   */
  duration?: string;
  /**
   * true: forever. N: N times.
   */
  loop?: boolean | number;
  /**
   * Play this range repeatedly: A..B, each a time or an offset such as 90s.
   */
  ab?: string;
  /**
   * What to do when something can't keep up. slow (default): the whole timeline slows down. drop: late records are dropped. burst: they are published at once.
   */
  late?: 'slow' | 'drop' | 'burst';
  /**
   * Shorten stretches without records to this, for instance 5s.
   */
  skipIdle?: string;
  /**
   * Wait for the attached services after each batch.
   */
  lockstep?: boolean;
  /**
   * now: events get the time at which they are due instead of the recorded one.
   */
  restamp?: 'now';
  /**
   * The share of the records whose route through the services is recorded, for instance 1%; the same records in every replay.
   */
  trace?: string;
  /**
   * Begin when each channel has this many subscribers.
   */
  waitForSubscribers?: number;
  /**
   * Remove the replay when it has been paused or ended for this long, for instance 10m.
   */
  idleTimeout?: string;
}
/**
 * A recording and how to read it. What is absent is inferred from the beginning of the file.
 */
export interface RecordingOptions {
  /**
   * The id of the recording: its path in the recordings folder.
   */
  id: string;
  /**
   * The channel to play it onto, unless the recording names channels itself.
   */
  channel?: string;
  /**
   * The column with the time, or a path such as vehicle.timestamp; several joined by +, for instance year+month+day+hour.
   */
  time?: string;
  /**
   * s, ms, us or ns (since 1970), iso, excel (day numbers), or a Luxon pattern such as dd/MM/yyyy HH:mm.
   */
  timeFormat?: string;
  /**
   * Time zone for times that name none, for instance Europe/Berlin. Default: UTC.
   */
  tz?: string;
  /**
   * The column that names the subject, or a path such as user.screen_name.
   */
  subject?: string;
  /**
   * The column with the latitude, or a path such as location.coordinates.1.
   */
  latitude?: string;
  /**
   * The column with the longitude, or a path such as location.coordinates.0.
   */
  longitude?: string;
  /**
   * The format, if neither the name nor the content shows it: csv, ndjson, ...
   */
  format?: string;
  /**
   * The encoding of its text, for instance windows-1252 or shift_jis: any label of the WHATWG Encoding Standard, utf-32le or utf-32be.
   */
  encoding?: string;
  /**
   * For rows without a time: give each a time this much after the one before, for instance 100ms, from 1970 on.
   */
  every?: string;
  /**
   * CSV: the text between cells.
   */
  delimiter?: string;
  /**
   * CSV: whether the first row names the columns.
   */
  header?: boolean;
  /**
   * CSV: the names of the columns, in place of a header.
   *
   * @minItems 1
   */
  columns?: string[];
  /**
   * CSV: lines that begin with this are not rows, for instance #.
   */
  comment?: string;
  /**
   * CSV: how many lines at the beginning are titles, and neither header nor rows.
   */
  skipLines?: number;
  /**
   * CSV: whether the row after the header names units, and is not data.
   */
  unitsRow?: boolean;
  /**
   * CSV: the decimal sign of numbers.
   */
  decimal?: '.' | ',';
  /**
   * JSON documents: the paths of the arrays whose elements are rows, for instance data or segments.path.
   */
  rows?: string[];
  /**
   * Refuse the recording if how to read it has to be guessed.
   */
  strict?: boolean;
  /**
   * How far back a row may lie and still be put in order during the replay, for instance 30s. Files of up to 64 MB are put in order as a whole.
   */
  reorder?: string;
  /**
   * What to do with a row whose time is weeks away from the rows around it. skip (default): leave it out and report it. clamp: give it the time of the row before. keep: play it.
   */
  outliers?: 'skip' | 'clamp' | 'keep';
  /**
   * Play only records for whose data this CEL expression is true, for instance speed > 30 && vehicle_id == "bus-1".
   */
  filter?: string;
  /**
   * Play only this share of the records, for instance 10%; the same records in every replay.
   */
  sample?: string;
  /**
   * Shift the recording on the timeline, for instance 10s or -1.5h.
   */
  offset?: string;
}
/**
 * This interface was referenced by `Config`'s JSON-Schema
 * via the `definition` "test".
 */
export interface ConfigTest {
  /**
   * Name of the test in reports.
   */
  name?: string;
  /**
   * The service or the analytics to test.
   */
  of: string;
  /**
   * The events that go in, in this order.
   */
  events: {
    /**
     * Subject of the event.
     */
    subject?: string;
    /**
     * Event time.
     */
    time: string;
    /**
     * The data of the event.
     */
    data: {
      [k: string]: unknown;
    };
  }[];
  /**
   * Whether the replay ends after the last event, which closes open windows.
   */
  ended?: boolean;
  /**
   * The events that must come out: these, in this order, and no others.
   */
  expect: {
    /**
     * Subject it must have.
     */
    subject?: string;
    /**
     * Event time it must have.
     */
    time?: string;
    /**
     * Channel it must go to.
     */
    to?: string;
    /**
     * Data it must have; further members are allowed.
     */
    data: {
      [k: string]: unknown;
    };
  }[];
  /**
   * How many of the events must become dead letters.
   */
  rejected?: number;
}
/**
 * One event on a channel: CloudEvents 1.0 in structured JSON, one line, with the channel's epoch and offset. Members that are not listed are extensions, which stay with an event wherever it is passed on. `data` is the last member.
 */
export interface CloudEvent {
  specversion: '1.0';
  /**
   * Unique within `source`.
   */
  id: string;
  /**
   * URI reference of the writer: /replays/{id}, /services/{name}, /ingest.
   */
  source: string;
  /**
   * The channel's name.
   */
  type: string;
  /**
   * What the event is about: one vehicle, one author, one sensor.
   */
  subject: string;
  /**
   * Event time (UTC): when it happened.
   */
  time: string;
  /**
   * Rises at every start, seek and loop. A newer epoch voids what came before.
   */
  epoch: number;
  /**
   * Counts per channel and epoch, from 1, without a hole.
   */
  offset: number;
  /**
   * The replay that emitted it; absent on live data.
   */
  replay?: string;
  /**
   * Wall time of publication (UTC).
   */
  sent: string;
  datacontenttype?: string;
  dataschema?: string;
  /**
   * W3C trace context.
   */
  traceparent?: string;
  /**
   * What other tracing systems say of the trace, unchanged.
   */
  tracestate?: string;
  /**
   * Not new: the latest state of its subject before the place where a replay starts or seeks to.
   */
  restored?: true;
  /**
   * A replay of a message that was recorded bare: subscribers get that message instead of this event. object: `data` is the JSON object that it is; base64: `data` holds its bytes as `base64`, and what they are as `encoding` (json, text or binary).
   */
  bare?: 'object' | 'base64';
  /**
   * Which of the processes that share the writing service derived it, such as 2/3. The events of each are in order of time.
   */
  partition?: string;
  /**
   * Derived in live mode: events before it may be missing, and what they would have led to.
   */
  atmostonce?: true;
  pipeline?: string;
  /**
   * The channels still to visit; a list of lists is a branch: the ways that part there.
   */
  route?: (string | unknown[])[];
  /**
   * JSON text: parameters by the names of steps, for this event.
   */
  params?: string;
  /**
   * It has failed before: which attempt this is.
   */
  attempt?: number;
  data: {
    [k: string]: unknown;
  };
  [k: string]: unknown;
}
/**
 * The file that REPRISE_API_KEYS names: the API keys and their scopes. It is read again when it changes.
 */
export interface Keys {
  /**
   * The keys.
   */
  keys: Key[];
}
/**
 * With `key` or `sha256`, not both.
 */
export interface Key {
  /**
   * The user of the key, for the log.
   */
  name: string;
  /**
   * The key itself. Give either this or `sha256`.
   */
  key?: string;
  /**
   * The SHA-256 digest of the key, in hexadecimal digits.
   */
  sha256?: string;
  /**
   * read: look. control: also steer replays, write events and set up services. admin: everything.
   */
  scope: 'read' | 'control' | 'admin';
  /**
   * The channels that the key may read, and write if its scope allows that: names, in which `*` stands for any characters (`gps`, `gps.*`). Default: all channels.
   */
  channels?: string[];
  /**
   * Which of these channels the key may write. Default: all of them.
   */
  writes?: string[];
  /**
   * The key is refused from this time on.
   */
  expires?: string;
}
/**
 * A change, or an attempt to make one.
 */
export interface AuditEntry {
  id: string;
  at: string;
  /**
   * The name of the key; `anyone` where there are no keys.
   */
  who: string;
  scope: 'read' | 'control' | 'admin';
  /**
   * The address of the client.
   */
  address: string;
  /**
   * The method of the request; SOCKET for a message of a socket.
   */
  method: string;
  /**
   * The path with its query.
   */
  path: string;
  /**
   * failed: it may have been done in part.
   */
  result: 'done' | 'refused' | 'failed';
  /**
   * Status of the answer; 0: the caller was gone before there was one.
   */
  status: number;
  /**
   * The code of the problem.
   */
  code?: string;
  /**
   * What was there before; null if there was nothing, or if it can't be read. Long values are cut off.
   */
  before: {
    [k: string]: unknown;
  };
  /**
   * What was answered.
   */
  after: {
    [k: string]: unknown;
  };
}
/**
 * A Redis pub/sub channel with a bounded log and a latest-state hash.
 */
export interface Channel {
  name: string;
  /**
   * Name of the JSON Schema of its data.
   */
  schema?: string | null;
  envelope: 'cloudevents' | 'none';
  epoch: number;
  offset: number;
  /**
   * Event time of the last event.
   */
  lastTime?: string | null;
  /**
   * Events per second, over the last second that had any.
   */
  rate?: number;
  /**
   * Number of subjects with a latest state.
   */
  subjects: number;
  /**
   * Number of events in the log.
   */
  logged: number;
  /**
   * The replay that owns the channel, if any.
   */
  owner?: string | null;
  lastEvent?: CloudEvent | null;
  consumers: {
    name: string;
    epoch: number;
    offset: number;
    /**
     * Events of the current epoch that the consumer has not committed yet.
     */
    lag: number;
  }[];
}
/**
 * A client that follows channels, and what became of every event on them: `published` always equals `delivered` + `conflated` + `filtered` + `dropped` + `inFlight`.
 */
export interface Client {
  id: string;
  /**
   * socket: Socket.IO. events: Server-Sent Events.
   */
  kind: 'socket' | 'events';
  connected: string;
  /**
   * Bytes that wait in the server because the client does not read them.
   */
  waitingBytes: number;
  subscriptions: {
    channel: string;
    mode: 'stream' | 'latest';
    /**
     * `joining`: gets its snapshot. `behind`: reads the log until it reaches the live events. `live`: gets events as they come. `lapsed`: could not take them, and gets the latest event of each subject once it can (`returning`).
     */
    state: 'joining' | 'behind' | 'live' | 'lapsed' | 'returning';
    epoch: number;
    /**
     * Everything up to this offset has been settled.
     */
    offset: number;
    /**
     * Events on the channel since the client subscribed.
     */
    published: number;
    /**
     * Events that the client has credited; for a client that never credits, events handed to its connection.
     */
    delivered: number;
    /**
     * Events left out because a later event of their subject, or a newer epoch, replaced them.
     */
    conflated: number;
    /**
     * Events that did not pass the client's filter.
     */
    filtered: number;
    /**
     * Events lost for another reason.
     */
    dropped: number;
    /**
     * Events on their way, or waiting in the server.
     */
    inFlight: number;
  }[];
}
/**
 * The position of a replay; published on reprise:clock ten times a second and at every change.
 */
export interface ClockTick {
  replay: string;
  epoch: number;
  time: string;
  rate: Rate;
  achievedRate?: number | null;
  state: 'idle' | 'playing' | 'paused' | 'ended' | 'failed';
  /**
   * How late the latest records were published, in milliseconds (99th percentile of the last second).
   */
  latenessMs?: number;
  /**
   * Number of events that the slowest attached consumer is behind.
   */
  lag?: number | null;
}
/**
 * A row or event that was refused, with the reason.
 */
export interface DeadLetter {
  id: string;
  /**
   * Wall time of the refusal.
   */
  at: string;
  channel: string;
  /**
   * The recording's file, the service, or /ingest.
   */
  source: string;
  /**
   * Line in the file where the row begins.
   */
  line?: number;
  replay?: string;
  /**
   * When a row of a recording happened: its own time, or one between those of the rows around it.
   */
  time?: string;
  /**
   * Problem code, if the refusal has one.
   */
  code?: string;
  reason: string;
  /**
   * The original row, cut off at 20,000 characters.
   */
  content: string;
}
/**
 * A span of a trace: one service handled one event, or the event was sent.
 */
export interface Hop {
  trace: string;
  span: string;
  /**
   * The span that the event came from; absent at the start of the trace.
   */
  parent?: string;
  service: string;
  pipeline?: string;
  /**
   * The channel of the event.
   */
  channel: string;
  /**
   * The id of the event.
   */
  event: string;
  /**
   * The number of the try; absent for the first one.
   */
  attempt?: number;
  /**
   * Event time of the event.
   */
  created: string;
  /**
   * When the event was published.
   */
  sent: string;
  /**
   * When the service had read the event; for status `sent`, when the request arrived.
   */
  received: string;
  /**
   * When the resulting events were published.
   */
  finished: string;
  status: 'sent' | 'finished' | 'retried' | 'failed';
  /**
   * Ids of the first hundred resulting events; absent if there are none.
   */
  to?: string[];
  /**
   * Why it failed; absent if it did not.
   */
  reason?: string;
}
/**
 * A line of the log.
 */
export interface LogRecord {
  /**
   * Position in the log.
   */
  id: string;
  time: string;
  level: 'debug' | 'info' | 'warn' | 'error' | 'critical';
  /**
   * service: written by a service. system: written by Reprise about itself or a service, for instance started, stopped, crashed.
   */
  kind: 'service' | 'system';
  /**
   * The service that the line is about, or the role of the process.
   */
  service: string;
  message: string;
  /**
   * Further values, by name.
   */
  fields: {
    [k: string]: unknown;
  };
}
/**
 * A time series that a service counts or observes.
 */
export interface Metric {
  service: string;
  metric: string;
  labels: {
    [k: string]: string;
  };
  kind: 'count' | 'distribution';
  /**
   * The count; for a distribution, the number of values.
   */
  value: number;
  /**
   * For a distribution: the sum of its values.
   */
  sum?: number;
  /**
   * For a distribution: the number of values up to each bound. Bounds that add no values are left out.
   */
  buckets?: {
    /**
     * Inclusive upper bound; null: no bound.
     */
    upTo: number | null;
    count: number;
  }[];
}
/**
 * The state of a pipeline, step by step.
 */
export interface PipelineStatus {
  name: string;
  definition: Pipeline;
  steps: {
    name: string;
    /**
     * The name of the service.
     */
    service: string;
    /**
     * The channel it reads.
     */
    channel: string;
    runs: 'here' | 'elsewhere';
    state: 'starting' | 'running' | 'standby' | 'restarting' | 'stopped' | 'missing' | 'failed';
    message?: string;
    /**
     * Incoming events per second.
     */
    rate: number;
    /**
     * Number of incoming events.
     */
    received: number;
    /**
     * Number of events that the step has not handled yet.
     */
    lag: number;
    /**
     * Number of events that failed for good; they are in the dead letters.
     */
    failed: number;
    retried: number;
  }[];
  /**
   * The channel of the results.
   */
  to: string;
  results: {
    rate: number;
    count: number;
  };
}
/**
 * A problem document (RFC 9457).
 */
export interface Problem {
  /**
   * URI reference of the problem's code: /docs/problems#{code}; #other for a code of a plugin.
   */
  type: string;
  title: string;
  status: number;
  /**
   * A stable code for programs; /docs/problems lists all.
   */
  code: string;
  /**
   * What happened, where, with which value.
   */
  detail?: string;
  /**
   * What to do.
   */
  hint?: string;
  instance?: string;
  errors?: {
    pointer: string;
    detail: string;
    [k: string]: unknown;
  }[];
  [k: string]: unknown;
}
/**
 * How one option of a recording is decided, and why.
 */
export interface ReadingDecision {
  value: string | number | boolean | null;
  /**
   * certain: nothing else fits, or it was given. guess: something else fits as well.
   */
  certainty: 'certain' | 'likely' | 'guess';
  because: string;
  /**
   * The runner-up.
   */
  instead?: {
    value: string | number | boolean | null;
    because: string;
  };
  /**
   * The option of `recordings` that changes it, for instance timeFormat.
   */
  option?: string;
}
/**
 * A running `reprise record`, or one that has failed within the last day.
 */
export interface Recorder {
  id: string;
  /**
   * `failed`: it has ended, because its file could not be written. What its file holds can be read.
   */
  state: 'recording' | 'failed';
  /**
   * Why it has failed.
   */
  error: string | null;
  /**
   * When it has failed.
   */
  ended?: string;
  /**
   * The channels it records, as glob patterns of Redis.
   */
  patterns: string[];
  /**
   * How many seconds it keeps in memory; null: it writes everything to files.
   */
  ringSeconds: number | null;
  started: string;
  /**
   * Channels with at least one message.
   */
  channels: string[];
  /**
   * Number of recorded messages; of one that has failed, those in its files.
   */
  messages: number;
  /**
   * Number of messages that it heard and could not write.
   */
  unwritten: number;
  /**
   * Number of recorded messages that it missed at first and read from the log.
   */
  filled: number;
  /**
   * Number of messages that it missed and could not read from the log.
   */
  lost: number;
  /**
   * Bytes in its files, or in its ring buffer.
   */
  bytes: number;
  /**
   * Names of the files it has written; for a ring buffer, of the snapshots.
   */
  files: string[];
}
/**
 * A file of timestamped records in the recordings folder.
 */
export interface Recording {
  /**
   * Name of the file in the recordings folder. A recording in an archive has the name of the archive before its own: `week.zip/monday.csv`.
   */
  id: string;
  format: string;
  bytes: number;
  modified: string;
  description?: RecordingDescription;
}
/**
 * What one pass over the whole file found.
 */
export interface RecordingDescription {
  /**
   * The channel it plays onto by default; of several, the first.
   */
  channel: string;
  /**
   * All channels that its records play onto, with the number of their records and subjects.
   */
  channels: {
    channel: string;
    records: number;
    /**
     * Number of subjects.
     */
    subjects: number;
  }[];
  /**
   * The ids of the recordings in an archive, such as `week.zip/monday.csv`, where it has several. Each can be described, previewed and played. The description is that of all of them on one timeline; it leaves `inferred` empty.
   */
  recordings?: string[];
  /**
   * The format that it is read as.
   */
  format?: string;
  /**
   * Time of the first record.
   */
  start: string | null;
  /**
   * Time of the last record.
   */
  end: string | null;
  records: number;
  /**
   * Number of rows: those that are played (`records`), refused, skipped and filtered.
   */
  read?: number;
  /**
   * Number of rows that can't be played.
   */
  refused: number;
  /**
   * The first twenty refused rows.
   */
  refusals?: {
    /**
     * Line in the file; 0 if the format has no lines.
     */
    line: number;
    reason: string;
    /**
     * When it happened: its own time, or one between those of the rows around it.
     */
    time?: string;
  }[];
  /**
   * Number of rows that are intact and are not played; `notes` tells why.
   */
  skipped?: number;
  /**
   * Number of rows left out by filter or sample, or because they only restore state.
   */
  filtered?: number;
  /**
   * Number of values that stand for "no value", such as NaN, and are left out.
   */
  absent?: number;
  /**
   * The decisions of `inferred` that could as well be others, as sentences with the option that changes each.
   */
  guesses?: string[];
  /**
   * What else to know about the reading: why rows were skipped, values that were left out, times that could be read in two ways, what was left out of an archive, bytes that are not in its encoding, and what could not be checked.
   */
  notes?: string[];
  /**
   * Number of rows that are earlier than the row before.
   */
  disordered: number;
  longestGapSeconds?: number;
  subjectCount: number;
  /**
   * The first hundred subjects.
   */
  subjects: string[];
  /**
   * Bounding box of all positions: west, south, east, north in degrees. Positions that their subject can't have reached are left out.
   *
   * @minItems 4
   * @maxItems 4
   */
  bbox?: number[] | null;
  /**
   * How the file is read: for each option its value, how sure that is, and the evidence.
   */
  inferred: {
    [k: string]: ReadingDecision;
  };
  histogram: {
    bucketSeconds: number;
    counts: number[];
  };
}
/**
 * How a recording is read with some options, and its first records.
 */
export interface RecordingPreview {
  /**
   * How the file is read: for each option its value, how sure that is, and the evidence.
   */
  inferred: {
    [k: string]: ReadingDecision;
  };
  /**
   * The first records in the order of their times.
   */
  records: {
    time: string;
    channel: string;
    subject: string;
    data: {
      [k: string]: unknown;
    };
  }[];
  /**
   * Number of rows that were refused while these records were read; of a file that fits into memory, of all its rows.
   */
  refused: number;
  /**
   * The first refused rows.
   */
  refusals: {
    /**
     * Line in the file; 0 if the format has no lines.
     */
    line: number;
    reason: string;
  }[];
}
/**
 * Figures of the Redis server, as it reports them.
 */
export interface RedisFacts {
  /**
   * What the names of all keys and channels in Redis begin with, before a colon; empty: nothing.
   */
  namespace: string;
  /**
   * The version; with the name of the server if it is not Redis: `valkey 8.0.1`.
   */
  version: string;
  uptimeSeconds: number;
  memoryBytes: number;
  memoryPeakBytes: number;
  /**
   * The memory limit; null: no limit.
   */
  memoryMaxBytes: number | null;
  /**
   * Number of connections.
   */
  clients: number;
  commandsPerSecond: number;
  /**
   * Number of keys in the database in use.
   */
  keys: number;
  /**
   * What is kept when Redis stops. log: everything, in an append-only file. snapshots: the state at the last snapshot. nothing: no data.
   */
  keeps: 'log' | 'snapshots' | 'nothing';
  /**
   * The TCP port that Redis listens on; null if it listens on none.
   */
  port: number | null;
  /**
   * Why Redis refuses writes at the moment; null: it accepts them.
   */
  refusal: RedisRefusal | null;
}
/**
 * Why Redis refuses for a while. Everything waits, and goes on by itself when it accepts writes again.
 */
export interface RedisRefusal {
  /**
   * The code of the problem; see /docs/problems.
   */
  code: string;
  /**
   * Why.
   */
  message: string;
  /**
   * What to do about it.
   */
  hint: string;
  since: string;
}
/**
 * A replay of recordings onto channels.
 */
export interface Replay {
  id: string;
  recordings: string[];
  channels: string[];
  /**
   * How recordings are read, where that had to be guessed: what, why, and the option that changes it.
   */
  guesses?: string[];
  /**
   * What else to know about the reading: why rows were skipped, times that could be read in two ways, what was left out of an archive, bytes that are not in its encoding, and what could not be checked.
   */
  notes?: string[];
  state: 'idle' | 'playing' | 'paused' | 'ended' | 'failed';
  /**
   * Why it failed, and what to do.
   */
  error?: string | null;
  rate: Rate;
  /**
   * Recorded seconds per second, measured over the last second.
   */
  achievedRate?: number | null;
  /**
   * Events published in the last second.
   */
  eventsPerSecond?: number | null;
  /**
   * Position on the timeline.
   */
  position: string;
  start: string;
  /**
   * null while it is unknown: the file is too large to be read first.
   */
  end: string | null;
  loop: boolean | number;
  loopsDone?: number;
  /**
   * The range that is played repeatedly.
   *
   * @minItems 2
   * @maxItems 2
   */
  ab?: string[] | null;
  late?: 'slow' | 'drop' | 'burst';
  lockstep?: boolean;
  epoch: number;
  /**
   * The replayer process that runs it.
   */
  instance?: string;
  created?: string;
  /**
   * How far it is behind its clock now, in milliseconds of wall time; 0 while it keeps up.
   */
  behindMs?: number;
  /**
   * How long after their due time records were published, in milliseconds.
   */
  latenessMs?: {
    p50: number;
    p99: number;
    max: number;
  };
  /**
   * By how much the timeline was delayed in total because something could not keep up, in milliseconds.
   */
  slippedMs?: number;
  /**
   * The attached consumer that is furthest behind.
   */
  lag?: {
    consumer: string;
    channel: string;
    events: number;
  } | null;
  /**
   * What the replay waits for: before it begins, or because Redis refuses writes for a while.
   */
  waiting?: string | null;
  counts: {
    published: number;
    /**
     * Number of rows that could not be played; they are in the dead letters.
     */
    refused: number;
    /**
     * Number of rows that were put in order before they were played.
     */
    reordered: number;
    /**
     * Number of rows that were too far out of order to be sorted, and were played late.
     */
    late: number;
    /**
     * Number of rows that are intact and are not played; `notes` tells why.
     */
    skipped?: number;
    /**
     * Number of optional values that stand for "no value", such as NaN, and were left out.
     */
    absent?: number;
    /**
     * Number of records that the filter or the sample left out. Restored state in the recording counts too, since it is not new data.
     */
    filtered?: number;
    /**
     * Number of rows whose time is weeks away from the rows around them; they were left out or given the time of the row before. They are in the dead letters.
     */
    outliers?: number;
    /**
     * Number of events that restored the state before a start or seek; they do not count as published.
     */
    restored?: number;
    /**
     * Number of records dropped because they were late (late: drop).
     */
    dropped?: number;
  };
  /**
   * In the response to a PATCH with a position: whether the seek was done.
   */
  didSeek?: boolean;
}
/**
 * A change to a running replay.
 */
export interface ReplayPatch {
  state?: 'playing' | 'paused';
  rate?: Rate;
  /**
   * Seek: a time (ISO 8601), or an offset from the start such as 90s.
   */
  position?: string;
  loop?: boolean | number;
  /**
   * Play this range repeatedly: A..B, each a time or an offset such as 90s; null: play everything again.
   */
  ab?: string | null;
  late?: 'slow' | 'drop' | 'burst';
  /**
   * Pause, and step by a number of records (negative: back by as many record times), by a duration such as 10s, or by `time`: by all records of the next time.
   */
  step?: number | string;
}
/**
 * A process or an analysis service that sends heartbeats.
 */
export interface Service {
  name: string;
  role: 'replayer' | 'analysis' | 'tasks' | 'api' | 'service' | 'recorder';
  state: 'starting' | 'running' | 'standby' | 'restarting' | 'stopped' | 'missing' | 'failed';
  instance: string;
  pid?: number;
  started?: string;
  /**
   * Time of the last heartbeat.
   */
  seen: string;
  version?: string;
  restarts?: number;
  message?: string;
  /**
   * How long its event loop stood still at most, within the last half minute.
   */
  loopDelaySeconds?: number;
  inputs?: string[];
  outputs?: string[];
  lag?: number;
  /**
   * Input events that left the log before the service read them.
   */
  lost?: number;
}
/**
 * A kind of analysis service: its input, its output and its parameters.
 */
export interface ServiceKindDocument {
  /**
   * The name that `use` and `service` in the configuration refer to.
   */
  name: string;
  /**
   * One sentence about what it derives.
   */
  summary: string;
  /**
   * The channel it reads by default.
   */
  input: string;
  /**
   * The channel it writes by default.
   */
  output: string;
  /**
   * Further outputs, by name: the channel of each.
   */
  outputs: {
    [k: string]: string;
  };
  /**
   * true: changed parameters apply from then on. false: they start the current epoch again.
   */
  keepsState: boolean;
  /**
   * JSON Schema (2020-12) of its parameters, with defaults.
   */
  params: {
    [k: string]: unknown;
  };
}
/**
 * A file with what the ring buffer of a recorder held.
 */
export interface Snapshot {
  recorder: string;
  /**
   * Name of the file. It lies beside the file that the recorder was started with.
   */
  file: string;
  messages: number;
  /**
   * Id of the recording; null if the file is not in the recordings folder.
   */
  recording: string | null;
}
/**
 * A hop of a trace with its durations and its place in the tree.
 */
export interface Span {
  trace: string;
  span: string;
  /**
   * The span that the event came from; absent at the start of the trace.
   */
  parent?: string;
  service: string;
  pipeline?: string;
  /**
   * The channel of the event.
   */
  channel: string;
  /**
   * The id of the event.
   */
  event: string;
  /**
   * The number of the try; absent for the first one.
   */
  attempt?: number;
  /**
   * Event time of the event.
   */
  created: string;
  /**
   * When the event was published.
   */
  sent: string;
  /**
   * When the service had read the event; for status `sent`, when the request arrived.
   */
  received: string;
  /**
   * When the resulting events were published.
   */
  finished: string;
  status: 'sent' | 'finished' | 'retried' | 'failed';
  /**
   * Ids of the first hundred resulting events; absent if there are none.
   */
  to?: string[];
  /**
   * Why it failed; absent if it did not.
   */
  reason?: string;
  /**
   * Time from sending the event until the service had read it, in milliseconds.
   */
  waitedMs: number;
  /**
   * Time from then until the resulting events were published, in milliseconds.
   */
  tookMs: number;
  /**
   * Depth in the tree; 0 for a root.
   */
  depth: number;
}
/**
 * The whole set-up as one document: GET returns it, PUT restores it. A section that is missing stays as it is.
 */
export interface System {
  /**
   * The declared channels, by name.
   */
  channels?: {
    [k: string]: ChannelConfig;
  };
  /**
   * The configured endpoints.
   */
  endpoints?: EndpointConfig[];
  /**
   * The analysis services with their parameters, by name. Fences are among the parameters.
   */
  services?: {
    [k: string]: ServiceConfig;
  };
  /**
   * The window aggregates, by name.
   */
  analytics?: {
    [k: string]: Analytics;
  };
  /**
   * The pipelines, by name.
   */
  pipelines?: {
    [k: string]: Pipeline;
  };
  /**
   * The replays that play or are paused, by id: the request that started each, and its position.
   */
  replays?: {
    [k: string]: {
      request: ReplayRequest;
      state: 'playing' | 'paused';
      /**
       * Position on the timeline.
       */
      position: string;
    };
  };
  /**
   * What does not work as configured: failed plugins, invalid configuration. PUT ignores this member.
   */
  problems?: string[];
}
/**
 * The differences between the current set-up and the wanted one.
 */
export interface SystemChanges {
  changes: {
    section: 'channels' | 'endpoints' | 'services' | 'analytics' | 'pipelines' | 'replays';
    /**
     * The name; for an endpoint, its method and path.
     */
    name: string;
    change: 'added' | 'changed' | 'removed';
    /**
     * For a change: JSON pointers to the parts of the definition that differ.
     */
    at?: string[];
  }[];
  /**
   * The replays that could not be restored; everything else was done.
   */
  failed: {
    replay: string;
    reason: string;
  }[];
}
/**
 * A task and its progress.
 */
export interface Task {
  id: string;
  kind: string;
  params: {
    [k: string]: unknown;
  };
  state: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';
  progress: number;
  /**
   * The result; present once the task has succeeded.
   */
  result?: {
    [k: string]: unknown;
  };
  /**
   * Why the task failed, and what to do, in a sentence.
   */
  error?: string | null;
  problem?: Problem;
  created: string;
  started?: string | null;
  finished?: string | null;
}
export interface TaskRequest {
  /**
   * A kind that GET /api/v1/tasks/kinds lists.
   */
  kind: string;
  params?: {
    [k: string]: unknown;
  };
}
/**
 * The route of one event through the services, as far as it is recorded.
 */
export interface Trace {
  id: string;
  /**
   * failed: a branch has failed. waiting: none has failed and a branch waits. finished: all branches are done.
   */
  status: 'waiting' | 'finished' | 'failed';
  pipeline?: string;
  /**
   * The channel of the first event.
   */
  channel: string;
  /**
   * When the first event was sent.
   */
  started: string;
  /**
   * When the last recorded hop ended.
   */
  ended: string;
  durationMs: number;
  /**
   * The services that handled it, in order.
   */
  services: string[];
  spans: number;
  /**
   * The events that still wait for a service.
   */
  waiting: {
    channel: string;
    /**
     * The service that it waits for.
     */
    service: string;
    event: string;
    since: string;
    ms: number;
    /**
     * unread: the service has not read it yet. retry: it failed and will be tried again.
     */
    reason: 'unread' | 'retry';
  }[];
  /**
   * The events that failed for good.
   */
  failures: {
    channel: string;
    service: string;
    event: string;
    reason: string;
    /**
     * Only in a single trace: the id of its dead letter; null if that is gone.
     */
    deadLetter?: string | null;
  }[];
  /**
   * Only in a single trace: its hops in tree order, each followed by the hops that resulted from it; see `parent` and `depth`.
   */
  hops?: Span[];
}
/**
 * Changes to a service.
 */
export interface ServicePatch {
  /**
   * A stopped service keeps its position and continues from there when it is started again.
   */
  state?: 'running' | 'stopped';
  /**
   * Only the parameters to change; null restores the default.
   */
  params?: {
    [k: string]: unknown;
  };
}
/**
 * Server to client: `batch`. Events of one channel and epoch, in order. Without events and with `to` 0: the epoch has begun.
 */
export interface Batch {
  channel: string;
  epoch: number;
  /**
   * The first offset that the batch covers.
   */
  from: number;
  /**
   * The last offset that the batch covers.
   */
  to: number;
  /**
   * Checksum of the event at `to`; absent if it is not known. Send it with `since`.
   */
  mark?: string;
  events: CloudEvent[];
  /**
   * Number of events left out because a later event of their subject is in the batch.
   */
  conflated: number;
  /**
   * Number of events lost for another reason.
   */
  dropped: number;
}
/**
 * Client to server: `credit`. The client has handled everything up to this offset and can take more.
 */
export interface Credit {
  channel: string;
  epoch?: number;
  offset: number;
}
/**
 * Server to client: `gap`. Events that can't be delivered.
 */
export interface Gap {
  channel: string;
  epoch: number;
  from: number;
  /**
   * The last missing offset, and the client's position now. One less than `from` if nothing is missing but the client could not resume from its position; `reason` says why.
   */
  to: number;
  reason: string;
}
/**
 * Client to server: `replay`. Changes a replay like PATCH /replays/{id}; the acknowledgement is the replay.
 */
export interface ReplayChange {
  id: string;
  state?: 'playing' | 'paused';
  rate?: Rate;
  position?: string;
  loop?: boolean | number;
  ab?: string | null;
  late?: 'slow' | 'drop' | 'burst';
  step?: number | string;
}
/**
 * Server to client: `status`. Sent at every change: whether Redis responds and accepts writes, and the state of each service.
 */
export interface Status {
  redis: 'up' | 'down';
  /**
   * Why Redis refuses writes or does not respond; null: it accepts writes.
   */
  refusal: RedisRefusal | null;
  services: Service[];
}
/**
 * Client to server: `subscribe`.
 */
export interface Subscribe {
  channel: string;
  mode?: 'stream' | 'latest';
  /**
   * Resume after this position.
   */
  since?: {
    epoch: number;
    offset: number;
    /**
     * The `mark` that came with this position: if another event has taken its place since, `recovered` is false.
     */
    mark?: string;
  };
  /**
   * @maxItems 1000
   */
  subjects?: string[];
  /**
   * @minItems 4
   * @maxItems 4
   */
  bbox?: number[];
  maxHz?: number;
}
/**
 * The acknowledgement of `subscribe`: the position where the client starts, and a snapshot for it.
 */
export interface Subscribed {
  epoch: number;
  /**
   * Events after this offset follow.
   */
  offset: number;
  /**
   * Checksum of the event at `offset`; absent if it is not known. Send it with `since`.
   */
  mark?: string;
  /**
   * true: all events after `since` follow.
   */
  recovered: boolean;
  /**
   * The latest event of each subject; empty if `recovered`.
   */
  snapshot: CloudEvent[];
}
/**
 * Client to server: `unsubscribe`.
 */
export interface Unsubscribe {
  channel: string;
}
/**
 * The time-weighted average of a speed over the next N seconds of a channel: each value counts for as long as it is the latest of its subject.
 */
export interface AverageSpeed {
  params: AverageSpeedParams;
  result: AverageSpeedResult;
}
export interface AverageSpeedParams {
  /**
   * Length of the window.
   */
  time_window_seconds: number;
  channel?: string;
  /**
   * Only this subject. Default: all subjects.
   */
  subject?: string;
  /**
   * The member of the data to average, in metres per second.
   */
  field?: string;
  /**
   * event: N seconds of event time of the channel; the result is the same at any replay rate. wall: N seconds from now.
   */
  clock?: 'event' | 'wall';
}
export interface AverageSpeedResult {
  /**
   * null if there was no speed.
   */
  average_speed_mps: number | null;
  samples: number;
  subjects: number;
  /**
   * How many seconds of speed the average is based on, summed over the subjects.
   */
  seconds: number;
  from?: string | null;
  to?: string | null;
  /**
   * Number of events that left the log before they were read.
   */
  gaps?: number;
}
/**
 * Writes a recording as another recording, for instance in another format: sorted, checked, indexed and compressed.
 */
export interface Convert {
  params: ConvertParams;
  result: ConvertResult;
}
export interface ConvertParams {
  /**
   * A recording in the recordings folder: its id, or an object with the id and how to read it.
   */
  recording: string | RecordingOptions;
  /**
   * The name of the new recording. Its extension decides the format: .mcap, .ndjson, .csv, .geojson, .gpx, .kml or .parquet; text also with .gz.
   */
  to: string;
  /**
   * For .mcap: lz4 plays faster, zstd takes half the space.
   */
  compression?: 'lz4' | 'zstd' | 'none';
}
export interface ConvertResult {
  /**
   * The new recording.
   */
  recording: string;
  format: string;
  messages: number;
  channels: string[];
  /**
   * Time of the first message.
   */
  start: string | null;
  /**
   * Time of the last message.
   */
  end: string | null;
  bytes: number;
  /**
   * Number of rows that were read: those that were written, refused and skipped.
   */
  read: number;
  /**
   * Number of messages that were out of order and have been sorted.
   */
  reordered: number;
  /**
   * Number of rows that could not be read or written.
   */
  refused: number;
  /**
   * The first refused rows.
   */
  refusals: {
    line: number;
    reason: string;
  }[];
  /**
   * Rows that are intact and were left out: for each reason, how many.
   */
  skipped: {
    [k: string]: number;
  };
  /**
   * Number of values that stand for none, such as NaN, and were left out.
   */
  absent: number;
  /**
   * How the recording was read, where that had to be guessed, as sentences.
   */
  guesses: string[];
  /**
   * What else to know: what was left out of an archive, what was wrong with bytes, and options without effect.
   */
  notes?: string[];
}
/**
 * A number of a channel over event time, as far as its log goes back: minimum, average and maximum in equal intervals.
 */
export interface Course {
  params: CourseParams;
  result: CourseResult;
}
export interface CourseParams {
  channel?: string;
  /**
   * The member of the data.
   */
  field?: string;
  /**
   * Only this subject. Default: all subjects.
   */
  subject?: string;
  /**
   * Maximum number of intervals.
   */
  stretches?: number;
}
export interface CourseResult {
  /**
   * Number of values.
   */
  values: number;
  /**
   * Event time of the first value.
   */
  from: string | null;
  /**
   * Event time of the last value.
   */
  to: string | null;
  /**
   * The intervals in order of time; those without values are left out.
   */
  course: {
    /**
     * Start of the interval.
     */
    time: string;
    least: number;
    average: number;
    most: number;
    values: number;
  }[];
}
/**
 * Writes part of a recording as another recording.
 */
export interface Cut {
  params: CutParams;
  result: CutResult;
}
export interface CutParams {
  /**
   * A recording in the recordings folder: its id, or an object with the id and how to read it.
   */
  recording: string | RecordingOptions;
  /**
   * The name of the new recording. Its extension decides the format: .mcap, .ndjson, .csv, .geojson, .gpx, .kml or .parquet; text also with .gz.
   */
  to: string;
  /**
   * Start: an ISO time, or an offset from the start of the recording such as `90s`.
   */
  start?: string;
  /**
   * End, inclusive.
   */
  end?: string;
  /**
   * For .mcap: lz4 plays faster, zstd takes half the space.
   */
  compression?: 'lz4' | 'zstd' | 'none';
}
export interface CutResult {
  /**
   * The new recording.
   */
  recording: string;
  format: string;
  messages: number;
  channels: string[];
  /**
   * Time of the first message.
   */
  start: string | null;
  /**
   * Time of the last message.
   */
  end: string | null;
  bytes: number;
  /**
   * Number of rows that were read: those that were written, refused and skipped.
   */
  read: number;
  /**
   * Number of messages that were out of order and have been sorted.
   */
  reordered: number;
  /**
   * Number of rows that could not be read or written.
   */
  refused: number;
  /**
   * The first refused rows.
   */
  refusals: {
    line: number;
    reason: string;
  }[];
  /**
   * Rows that are intact and were left out: for each reason, how many.
   */
  skipped: {
    [k: string]: number;
  };
  /**
   * Number of values that stand for none, such as NaN, and were left out.
   */
  absent: number;
  /**
   * How the recording was read, where that had to be guessed, as sentences.
   */
  guesses: string[];
  /**
   * What else to know: what was left out of an archive, what was wrong with bytes, and options without effect.
   */
  notes?: string[];
}
