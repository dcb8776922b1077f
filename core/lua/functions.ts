import { Layout } from './layout.ts';

/**
 * The Redis Functions: which files they stand in, what they are called, and what they take. core/lua/library.ts makes two
 * libraries of it. A function is a Lua function of the same name in one of the files of its library.
 */

/** The keys of a batch. */
export const BATCH_KEYS = new Layout({
  head: 'text',
  log: 'text',
  state: 'text',
  consumers: 'text',
  owner: 'text',
  /** A plain key for the latest data; '' for none. */
  latest: 'text',
});

export const ADMIT_KEYS = new Layout({ head: 'text', log: 'text', consumers: 'text', admission: 'text' });

const batchFields = {
  channel: 'text',
  /** Where the channel must stand. */
  expectedEpoch: 'number',
  expectedOffset: 'number',
  /** The epoch to write. A newer one than expected begins at offset 1. */
  epoch: 'number',
  /** Event time of the last event, epoch ms; '' where there is none. */
  timeMs: 'text',
  /** Events that the log keeps; 0: there is no log. */
  logMax: 'number',
} as const;

const batchLists = {
  /** Event lines, in order. */
  events: 1,
  /** Where state is kept: a subject, and the number of its last event, from 1. */
  subjects: 2,
  /** Where messages are the data alone: the data of each event. */
  bare: 1,
} as const;

/** A batch of events for one channel. */
export const BATCH = new Layout(batchFields, batchLists);

/** The writer, and the conditions under which it writes. */
const writerFields = {
  /** The writer's lease; '' for a writer that is not a replay. */
  token: 'text',
  writer: 'text',
  /** Refuse what would push events out of the log that an attached service has not read. */
  waits: 'flag',
  /** Take the batch only right after the writer's own last one. */
  follows: 'flag',
} as const;

/** The functions that only this release calls, and their arguments. Their names in Redis end in a hash of the library. */
export const FUNCTIONS = {
  emit: new Layout({ ...writerFields, leaseMs: 'number', ...batchFields }, batchLists),
  admit: new Layout({
    ...writerFields,
    logMax: 'number',
    expectedEpoch: 'number',
    expectedOffset: 'number',
    /** The position that the batch follows. */
    epoch: 'number',
    offset: 'number',
    /** How many events the batch has. */
    events: 'number',
  }),
  begin: new Layout(
    {
      token: 'text',
      leaseMs: 'number',
      /** The last epoch that the replay knows of. */
      lastEpoch: 'number',
      replay: 'text',
      /** What is kept about the start, beside its epoch. */
      about: 'text',
    },
    { channels: 1 },
  ),
  resume: new Layout({ token: 'text', leaseMs: 'number', epoch: 'number' }),
  /** `leaseMs`: 0 gives the lease back. */
  renew: new Layout({ token: 'text', leaseMs: 'number' }),
  mark: new Layout({
    /** '' for a service. */
    token: 'text',
    epoch: 'number',
    /** Nothing before this will come in the epoch, epoch ms; '' where that is not known. */
    timeMs: 'text',
    isOver: 'flag',
  }),
  /** `lifeMs`: 0 gives the right up. */
  hold: new Layout({ token: 'text', lifeMs: 'number' }),
  /** `hops`: the trace's id, and the Hop as JSON text. */
  note: new Layout({}, { hops: 2 }),
  commit: new Layout(
    {
      service: 'text',
      /** Until when the service counts as attached, epoch ms. */
      attachedUntilMs: 'text',
      waits: 'flag',
      /** Forget first what was kept. */
      forgets: 'flag',
      /** The name of the commit that this one follows; '' for the first. */
      last: 'text',
      name: 'text',
      /** How many batches follow after the lists. */
      outputs: 'number',
    },
    {
      /** Channel, and the position read. */
      inputs: 2,
      /** Entry, and its value; '' forgets it. */
      entries: 2,
      /** Dead letters as JSON text. */
      letters: 1,
      /** When an event comes back, epoch ms, and the event. */
      retries: 2,
      /** The trace's id, and the Hop as JSON text. */
      hops: 2,
    },
  ),
};

export type FunctionName = keyof typeof FUNCTIONS;

/** The functions that services in any language call, without the `reprise_` before them. docs/protocol.md is their contract. */
export const PROTOCOL = ['send', 'done', 'fail', 'retry', 'alive', 'log', 'count', 'observe'] as const;

export type ProtocolName = (typeof PROTOCOL)[number];

/** The files of each library, in the order they are put together: one uses what stands before it. */
export const FILES = {
  internal: ['shared', 'internal/batch', 'internal/emit', 'internal/lease', 'internal/commit'],
  protocol: [
    'shared',
    'protocol/time',
    'protocol/text',
    'protocol/members',
    'protocol/event',
    'protocol/pending',
    'protocol/send',
    'protocol/finish',
    'protocol/alive',
    'protocol/log',
    'protocol/metrics',
  ],
} as const;
