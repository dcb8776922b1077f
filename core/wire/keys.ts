import { randomUUID } from 'node:crypto';

/**
 * Every Redis name of ours. All code that reads or writes one takes it from here, Lua too: core/lua/assemble.ts writes them into
 * the functions.
 */
export const keys = {
  /** Every name begins with this, and no channel may. */
  ownPrefix: 'reprise:',
  /** Set of the channels that ever carried an event. */
  channels: 'reprise:channels',
  /**
   * Hash {epoch, offset, time, by, own, lease, watermark, watermark_epoch}: where a channel stands. `time` is the event
   * time of the last event, `by` its writer, `own` how many events of the epoch are of the replay that owns the channel,
   * `lease` who took it last, `watermark` the time before which nothing will come in that epoch, where a replay has said so.
   */
  head: (channel: string) => `reprise:head:${channel}`,
  /** Stream, bounded: entry id `<epoch>-<offset>`, field `e` the event. */
  log: (channel: string) => `reprise:log:${channel}`,
  /** Hash: subject -> latest event of the current epoch. */
  state: (channel: string) => `reprise:state:${channel}`,
  /** String with a time to live: the lease of the replay that owns the channel, `<replay> <token>`. */
  owner: (channel: string) => `reprise:owner:${channel}`,
  /** String with a time to live: `<epoch>-<offset>` of the last event that this writer's transactions put there. */
  receipt: (channel: string, writer: string) => `reprise:receipt:${channel}:${writer}`,
  /** String that is there while a transaction of this writer may be carried out. */
  admission: (channel: string, writer: string) => `reprise:admission:${channel}:${writer}`,
  /** Hash: service -> `<epoch>-<offset> <deadline, epoch ms>`: how far each attached consumer is. */
  consumers: (channel: string) => `reprise:consumers:${channel}`,
  /** Hash: epoch -> offset of its last event, for epochs that were played to their end. */
  ends: (channel: string) => `reprise:ends:${channel}`,
  /** String with a time to live: which process runs a service. */
  holder: (service: string) => `reprise:holder:${service}`,
  /** Hash of a service: `@<channel>` -> position read, `=<key>` -> state and timers, `#engine` -> its watermark, `#definition`, `#over`, `#mark`, `#commit`. */
  checkpoint: (service: string) => `reprise:checkpoint:${service}`,
  /** Hash: `<section>/<name>` -> a definition that was made at run time, `null` for one that was removed; `#revision`. */
  setup: 'reprise:setup',
  /** Hash: service that runs elsewhere -> `{state, params}`: how it is set up. */
  outside: 'reprise:outside',
  /** Hash: channel of the configuration -> `<envelope> <events in the log> <state, 1/0> <latest key>`, for the protocol's functions. */
  declared: 'reprise:declared',
  /** Hash: channel of a pipeline's step -> `<retries> <backoff, ms>`. */
  retryPolicy: 'reprise:retrypolicy',
  /** Hash with a time to live: what goes before fields of `outside` and `retryPolicy` while a service is examined. */
  examined: 'reprise:examined',
  /** Sorted set: events that failed, scored by when they come back, epoch ms. */
  retries: 'reprise:retries',
  /** Hash of a service: done, failed, retried -> how many events. */
  tally: (service: string) => `reprise:tally:${service}`,
  /** Stream, bounded: fields `t` trace id, `d` a Hop: what a service did with an event whose trace is sampled. */
  traces: 'reprise:traces',
  /** List for the traces whose id ends in these digits, of which it is limits.TRACE_INDEX_DIGITS: `<trace id><entry id in traces>`, latest last. */
  traceIndex: (lastDigits: string) => `reprise:trace-index:${lastDigits}`,
  /**
   * Hash of what services count and observe, bounded: `<service> <metric> <labels, JSON> total` of a count; of observations
   * `... sum`, and how many were up to each bound and above the one before, `... le:0.5`; `#<service>` -> how many series.
   */
  metrics: 'reprise:metrics',
  /** Stream, bounded: fields time, level, kind, service, message, and `fields` (a JSON object): a line of the log. */
  logs: 'reprise:logs',
  /** Stream, bounded: refused rows and events, field `d` a DeadLetter without its id. */
  deadLetters: 'reprise:deadletters',
  /** Hash: replay id -> Replay document. */
  replays: 'reprise:replays',
  /** Hash: replay id -> the request it was made of, so that another replayer can go on with it. */
  replayRequests: 'reprise:replay-requests',
  /** Hash: replay id -> `<epoch> <recording time its epoch began at, ms> <loops done before>`. */
  replayStarts: 'reprise:replay-starts',
  /** Pub/sub: commands to replays, `{id, replay, ...patch}`; each is answered on `commandReplies`. */
  commands: 'reprise:commands',
  commandReplies: 'reprise:command-replies',
  /** Pub/sub: ClockTick of every replay. */
  clock: 'reprise:clock',
  /** Hash: instance -> Service document with its last heartbeat. */
  services: 'reprise:services',
  /** Pub/sub: a Service document changed. */
  status: 'reprise:status',
  /** Pub/sub: a Task document changed. */
  tasks: 'reprise:tasks',
  /** String with a time to live: what a running task needs to go on after its worker was killed. */
  taskMemory: (task: string) => `reprise:task:${task}`,
  /** List: requests to whoever serves `target` (`replayer`, or one instance of it). */
  requests: (target: string) => `reprise:requests:${target}`,
  /** Pub/sub: replies to one client. */
  replies: (client: string) => `reprise:replies:${client}`,
  /** Stream of one reader's own: an entry ends its blocking read. */
  wake: () => `reprise:wake:${randomUUID()}`,
  /** String with a time to live: the answer to a request that had an Idempotency-Key. */
  idempotency: (digest: string) => `reprise:idempotency:${digest}`,
  /** Prefix of counters with a time to live: requests of one key or address. */
  rateLimit: 'reprise:ratelimit:',
  /** BullMQ's prefix and queue name. */
  queue: { prefix: 'reprise:bull', name: 'tasks' },
} as const;
