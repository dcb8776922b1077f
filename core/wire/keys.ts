import { randomUUID } from 'node:crypto';

/** What a namespace must look like: the names of Redis Functions take no other letters, and do not tell large from small. */
const NAMESPACE = /^[a-z][a-z0-9_]{0,31}$/;

/** Whether Reprise may use this namespace; '' is none. `reprise` is not one: `reprise:gps` would be a name of our own. */
export function isNamespace(text: string): boolean {
  return text === '' || (NAMESPACE.test(text) && text !== 'reprise');
}

/**
 * The names of all keys and pub/sub channels that Reprise uses in Redis, and what they hold. All code takes them from
 * here; core/lua/assemble.ts writes them into the Redis Functions. With a namespace, each name in Redis begins with it and a
 * colon: `dev:reprise:log:gps`, and `dev:gps` for the messages of the channel `gps`. Nowhere else do names carry it.
 */
export const keys = namesIn('');

/**
 * Sets the namespace of this process; '' for none. Call it before anything takes a name: `connect` (core/redis/connection.ts)
 * does.
 */
export function useNamespace(namespace: string): void {
  Object.assign(keys, namesIn(namespace));
}

/** The channel that a pub/sub name stands for; null if the name belongs to another namespace. */
export function channelOfName(name: string): string | null {
  const before = keys.messages('');
  return name.startsWith(before) ? name.slice(before.length) : null;
}

function namesIn(namespace: string) {
  const before = namespace === '' ? '' : `${namespace}:`;
  const own = `${before}reprise:`;
  return {
    /** '' for none. */
    namespace,
    /** Each of our own names begins with this, after the namespace. The name of a channel must not. */
    ownPrefix: 'reprise:',
    /** The name of a connection in the list of clients. */
    client: (name: string) => `${own}${name}`,
    /** Pub/sub: the messages of a channel. */
    messages: (channel: string) => `${before}${channel}`,
    /** String: the latest data of a channel whose configuration names a plain key; '' for none. */
    latest: (key: string) => (key === '' ? '' : `${before}${key}`),
    /** Set: the channels that ever carried an event. */
    channels: `${own}channels`,
    /**
     * Hash: the head of a channel. `epoch` and `offset`: the position of the last event; `time`: its event time, epoch ms;
     * `by`: its writer; `own`: how many events of the epoch came from the replay that owns the channel; `lease`: the lease
     * that took the channel last; `watermark`: no event before this time will come in the epoch `watermark_epoch`.
     */
    head: (channel: string) => `${own}head:${channel}`,
    /** Stream, bounded: entry id `<epoch>-<offset>`, field `e` the event. */
    log: (channel: string) => `${own}log:${channel}`,
    /** Hash: subject -> latest event of the current epoch. */
    state: (channel: string) => `${own}state:${channel}`,
    /** String that expires: the lease of the replay that owns the channel, `<replay> <token>`. */
    owner: (channel: string) => `${own}owner:${channel}`,
    /** String that expires: `<epoch>-<offset>` of the last event that transactions of this writer put there. */
    receipt: (channel: string, writer: string) => `${own}receipt:${channel}:${writer}`,
    /**
     * Stream that expires: the answer to the last transaction of this writer. `<call>-2`: it has been checked; and `<call>-1`: it
     * may not be executed.
     */
    answers: (channel: string, writer: string) => `${own}answers:${channel}:${writer}`,
    /** String that expires: the last transaction of this writer that may not be executed. */
    refusal: (channel: string, writer: string) => `${own}refusal:${channel}:${writer}`,
    /** String that expires: written to find out whether Redis accepts writes. */
    probe: `${own}probe`,
    /** Hash: service -> `<epoch>-<offset> <deadline, epoch ms>`: how far each attached service has read, and until when it counts. */
    consumers: (channel: string) => `${own}consumers:${channel}`,
    /** Hash: epoch -> offset of its last event, for epochs that are complete. */
    ends: (channel: string) => `${own}ends:${channel}`,
    /** String that expires: which process runs a service. */
    holder: (service: string) => `${own}holder:${service}`,
    /**
     * Hash of a service: `@<channel>` -> the position it has read; `=<key>` -> its state and timers for the key; `#engine` -> its
     * watermark; `#definition`, `#over`, `#mark`, `#commit`, `#starts`; and `!<epoch>-<offset>` -> how often this event broke the time budget
     * (`!<epoch>~<event time>~<hash>` for a timer, `!<epoch>-<first>:<last>` for events whose results were written together;
     * `!<epoch>-<offset>?` -> how often a careful run has begun with it).
     */
    checkpoint: (service: string) => `${own}checkpoint:${service}`,
    /** Hash: `<section>/<name>` -> a definition that was added at run time, or `null` for one that was removed; `#revision`. */
    setup: `${own}setup`,
    /** Hash: external service -> `{state, params}`: how it is set up. */
    outside: `${own}outside`,
    /** Hash: channel -> its configuration for the functions of the protocol: `<envelope> <events in the log> <state, 1/0> <latest key>`. */
    declared: `${own}declared`,
    /** Hash: channel -> what the functions of the protocol check of the schema of its data, as JSON Schema. */
    schemas: `${own}schemas`,
    /** Hash: channel of a step of a pipeline -> `<retries> <backoff, ms>`. */
    retryPolicy: `${own}retrypolicy`,
    /** Hash that expires: fields that replace those of `outside` and `retryPolicy` while `reprise conformance` tests a service. */
    examined: `${own}examined`,
    /** Sorted set: events that failed; score: when they come again, epoch ms. */
    retries: `${own}retries`,
    /** Hash of a service: `done`, `failed`, `retried` -> number of events. */
    tally: (service: string) => `${own}tally:${service}`,
    /** Stream, bounded: `t`: trace id, `d`: a Hop, which says what a service did with an event of a sampled trace. */
    traces: `${own}traces`,
    /**
     * List, bounded: `<trace id><entry id in traces>`, the latest last, for traces whose id ends in these digits (as many as
     * limits.TRACE_INDEX_DIGITS).
     */
    traceIndex: (lastDigits: string) => `${own}trace-index:${lastDigits}`,
    /**
     * Hash, bounded: the metrics of services. A counter has the field `<service> <metric> <labels, JSON> total`. A distribution has
     * `... sum`, and for each bucket `... le:0.5`: the number of values up to this bound and above the next lower one. `#<service>`:
     * the number of series.
     */
    metrics: `${own}metrics`,
    /** Hash: what the roles count, in the form of `metrics`, with the role in place of the service. */
    counters: `${own}counters`,
    /** Stream, bounded: log lines with the fields time, level, kind, service, message, and `fields` (a JSON object). */
    logs: `${own}logs`,
    /** Stream, bounded: rows and events that were refused or failed; `d`: a DeadLetter without its id. */
    deadLetters: `${own}deadletters`,
    /** Hash: replay id -> Replay document. */
    replays: `${own}replays`,
    /** Hash: replay id -> the request that created it, so that another replayer can take it over. */
    replayRequests: `${own}replay-requests`,
    /** Hash: replay id -> `<epoch> <recording time at the start of the epoch, epoch ms> <loops done before>`. */
    replayStarts: `${own}replay-starts`,
    /** Pub/sub: commands to replays, `{id, replay, ...patch}`. The answers are on `commandReplies`. */
    commands: `${own}commands`,
    /** Pub/sub: answers to commands. */
    commandReplies: `${own}command-replies`,
    /** Pub/sub: the ClockTicks of all replays. */
    clock: `${own}clock`,
    /** Hash: instance -> Service document with the time of the last heartbeat. */
    services: `${own}services`,
    /** Hash: instance -> the last Recorder document of a recorder that has failed. */
    failedRecorders: `${own}failed-recorders`,
    /** Pub/sub: questions who uses this Redis, `{answerTo}`; the answers come on `<hello>:<id>`. */
    hello: `${own}hello`,
    /** Pub/sub: Service documents, at each heartbeat and change. */
    status: `${own}status`,
    /** Pub/sub: Task documents, at each change. */
    tasks: `${own}tasks`,
    /** String that expires: what a task needs to continue after its worker was killed. */
    taskMemory: (task: string) => `${own}task:${task}`,
    /** Hash: task -> how often it let the event loop of its process stand still. */
    stuckTasks: `${own}stuck:tasks`,
    /** List: requests to a target, which is `replayer` for any replayer, or one instance. */
    requests: (target: string) => `${own}requests:${target}`,
    /** Pub/sub: replies to one client. */
    replies: (client: string) => `${own}replies:${client}`,
    /** A new stream for one log reader, which an entry wakes from its blocking read. */
    wake: () => `${own}wake:${randomUUID()}`,
    /** String that expires: the answer to a request with an Idempotency-Key. */
    idempotency: (digest: string) => `${own}idempotency:${digest}`,
    /** String that expires: `<epoch>-<offset>` of the last event of a batch that is written once. */
    once: (channel: string, digest: string) => `${own}once:${channel}:${digest}`,
    /** Stream, bounded: `d`: an AuditEntry without its id, for each change. */
    audit: `${own}audit`,
    /** The same for refused attempts to change something. */
    auditRefused: `${own}audit:refused`,
    /** Set that expires: digests of wrong API keys from an address. */
    guesses: (address: string) => `${own}guesses:${address}`,
    /** Prefix of counters that expire: requests of one API key or address. */
    rateLimit: `${own}ratelimit:`,
    /** The key prefix of BullMQ, and the name of its queue. */
    queue: { prefix: `${own}bull`, name: 'tasks' },
  };
}
