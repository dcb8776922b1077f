import { randomUUID } from 'node:crypto';

/**
 * The names of all keys and pub/sub channels that Reprise uses in Redis, and what they hold. All code takes them from
 * here; core/lua/assemble.ts writes them into the Redis Functions.
 */
export const keys = {
  /** Every name begins with this. The name of a channel must not. */
  ownPrefix: 'reprise:',
  /** Set: the channels that ever carried an event. */
  channels: 'reprise:channels',
  /**
   * Hash: the head of a channel. `epoch` and `offset`: the position of the last event; `time`: its event time, epoch ms;
   * `by`: its writer; `own`: how many events of the epoch came from the replay that owns the channel; `lease`: the lease
   * that took the channel last; `watermark`: no event before this time will come in the epoch `watermark_epoch`.
   */
  head: (channel: string) => `reprise:head:${channel}`,
  /** Stream, bounded: entry id `<epoch>-<offset>`, field `e` the event. */
  log: (channel: string) => `reprise:log:${channel}`,
  /** Hash: subject -> latest event of the current epoch. */
  state: (channel: string) => `reprise:state:${channel}`,
  /** String that expires: the lease of the replay that owns the channel, `<replay> <token>`. */
  owner: (channel: string) => `reprise:owner:${channel}`,
  /** String that expires: `<epoch>-<offset>` of the last event that transactions of this writer put there. */
  receipt: (channel: string, writer: string) => `reprise:receipt:${channel}:${writer}`,
  /**
   * Stream that expires: the answer to the last transaction of this writer. `<call>-2`: it has been checked; and `<call>-1`: it
   * may not be executed.
   */
  answers: (channel: string, writer: string) => `reprise:answers:${channel}:${writer}`,
  /** String that expires: the last transaction of this writer that may not be executed. */
  refusal: (channel: string, writer: string) => `reprise:refusal:${channel}:${writer}`,
  /** String that expires: written to find out whether Redis accepts writes. */
  probe: 'reprise:probe',
  /** Hash: service -> `<epoch>-<offset> <deadline, epoch ms>`: how far each attached service has read, and until when it counts. */
  consumers: (channel: string) => `reprise:consumers:${channel}`,
  /** Hash: epoch -> offset of its last event, for epochs that are complete. */
  ends: (channel: string) => `reprise:ends:${channel}`,
  /** String that expires: which process runs a service. */
  holder: (service: string) => `reprise:holder:${service}`,
  /**
   * Hash of a service: `@<channel>` -> the position it has read; `=<key>` -> its state and timers for the key; `#engine` -> its
   * watermark; `#definition`, `#over`, `#mark`, `#commit`; and `!<epoch>-<offset>` -> how often this event broke the time budget
   * (`!<epoch>~<event time>~<hash>` for a timer, `!<epoch>-<first>:<last>` for events whose results were written together).
   */
  checkpoint: (service: string) => `reprise:checkpoint:${service}`,
  /** Hash: `<section>/<name>` -> a definition that was added at run time, or `null` for one that was removed; `#revision`. */
  setup: 'reprise:setup',
  /** Hash: external service -> `{state, params}`: how it is set up. */
  outside: 'reprise:outside',
  /** Hash: channel -> its configuration for the functions of the protocol: `<envelope> <events in the log> <state, 1/0> <latest key>`. */
  declared: 'reprise:declared',
  /** Hash: channel of a step of a pipeline -> `<retries> <backoff, ms>`. */
  retryPolicy: 'reprise:retrypolicy',
  /** Hash that expires: fields that replace those of `outside` and `retryPolicy` while `reprise conformance` tests a service. */
  examined: 'reprise:examined',
  /** Sorted set: events that failed; score: when they come again, epoch ms. */
  retries: 'reprise:retries',
  /** Hash of a service: `done`, `failed`, `retried` -> number of events. */
  tally: (service: string) => `reprise:tally:${service}`,
  /** Stream, bounded: `t`: trace id, `d`: a Hop, which says what a service did with an event of a sampled trace. */
  traces: 'reprise:traces',
  /**
   * List, bounded: `<trace id><entry id in traces>`, the latest last, for traces whose id ends in these digits (as many as
   * limits.TRACE_INDEX_DIGITS).
   */
  traceIndex: (lastDigits: string) => `reprise:trace-index:${lastDigits}`,
  /**
   * Hash, bounded: the metrics of services. A counter has the field `<service> <metric> <labels, JSON> total`. A distribution has
   * `... sum`, and for each bucket `... le:0.5`: the number of values up to this bound and above the next lower one. `#<service>`:
   * the number of series.
   */
  metrics: 'reprise:metrics',
  /** Stream, bounded: log lines with the fields time, level, kind, service, message, and `fields` (a JSON object). */
  logs: 'reprise:logs',
  /** Stream, bounded: rows and events that were refused or failed; `d`: a DeadLetter without its id. */
  deadLetters: 'reprise:deadletters',
  /** Hash: replay id -> Replay document. */
  replays: 'reprise:replays',
  /** Hash: replay id -> the request that created it, so that another replayer can take it over. */
  replayRequests: 'reprise:replay-requests',
  /** Hash: replay id -> `<epoch> <recording time at the start of the epoch, epoch ms> <loops done before>`. */
  replayStarts: 'reprise:replay-starts',
  /** Pub/sub: commands to replays, `{id, replay, ...patch}`. The answers are on `commandReplies`. */
  commands: 'reprise:commands',
  /** Pub/sub: answers to commands. */
  commandReplies: 'reprise:command-replies',
  /** Pub/sub: the ClockTicks of all replays. */
  clock: 'reprise:clock',
  /** Hash: instance -> Service document with the time of the last heartbeat. */
  services: 'reprise:services',
  /** Hash: instance -> the last Recorder document of a recorder that has failed. */
  failedRecorders: 'reprise:failed-recorders',
  /** Pub/sub: Service documents, at each heartbeat and change. */
  status: 'reprise:status',
  /** Pub/sub: Task documents, at each change. */
  tasks: 'reprise:tasks',
  /** String that expires: what a task needs to continue after its worker was killed. */
  taskMemory: (task: string) => `reprise:task:${task}`,
  /** Hash: task -> how often it let the event loop of its process stand still. */
  stuckTasks: 'reprise:stuck:tasks',
  /** List: requests to a target, which is `replayer` for any replayer, or one instance. */
  requests: (target: string) => `reprise:requests:${target}`,
  /** Pub/sub: replies to one client. */
  replies: (client: string) => `reprise:replies:${client}`,
  /** A new stream for one log reader, which an entry wakes from its blocking read. */
  wake: () => `reprise:wake:${randomUUID()}`,
  /** String that expires: the answer to a request with an Idempotency-Key. */
  idempotency: (digest: string) => `reprise:idempotency:${digest}`,
  /** Prefix of counters that expire: requests of one API key or address. */
  rateLimit: 'reprise:ratelimit:',
  /** The key prefix of BullMQ, and the name of its queue. */
  queue: { prefix: 'reprise:bull', name: 'tasks' },
} as const;
