import { Layout } from './layout.ts';

/**
 * The Redis Functions: their names, their arguments, and the files that define them. core/lua/library.ts makes two libraries
 * of them. Each function is a Lua function of the same name, in one of the files of its library.
 */

/** The keys of a batch of events for one channel. */
export const BATCH_KEYS = new Layout({
  head: 'text',
  log: 'text',
  state: 'text',
  consumers: 'text',
  owner: 'text',
  /** A plain key for the latest data; '' for none. */
  latest: 'text',
});

/** The keys of `admit`. */
export const ADMIT_KEYS = new Layout({
  head: 'text',
  log: 'text',
  consumers: 'text',
  /** What is changed if the transaction may not be executed. */
  refusal: 'text',
  /** The stream of the answers. */
  answers: 'text',
  /** What only the transaction itself writes. */
  state: 'text',
  owner: 'text',
  receipt: 'text',
});

const batchFields = {
  channel: 'text',
  /** The position that the channel must have; otherwise nothing is written. */
  expectedEpoch: 'number',
  expectedOffset: 'number',
  /** The epoch to write. If it is newer than the expected one, it begins at offset 1. */
  epoch: 'number',
  /** Event time of the last event, epoch ms; '' if there is none. */
  timeMs: 'text',
  /** How many events the log keeps; 0: there is no log. */
  logMax: 'number',
} as const;

const batchLists = {
  /** The events as lines, in order. */
  events: 1,
  /** Each subject, and the number of its last event, from 1. Empty for a channel without state. */
  subjects: 2,
  /** What is published of each event, where that is not the event: data alone, or a message that was recorded bare. */
  bare: 1,
} as const;

/** A batch of events for one channel. */
export const BATCH = new Layout(batchFields, batchLists);

/** The writer, and the conditions under which it writes. */
const writerFields = {
  /** The token of the lease; '' for a writer that is not a replay. */
  token: 'text',
  /** Id of the writer. */
  writer: 'text',
  /** Do not push events out of the log that an attached service has not read. */
  waits: 'flag',
  /** Write the batch only if the last one on the channel is from this writer. */
  follows: 'flag',
} as const;

/** The arguments of the functions that only this release calls. Their names in Redis end in a hash of the library. */
export const FUNCTIONS = {
  /** Its last key, if there is one more than those of a batch, holds the position of the batch once it was written. */
  emit: new Layout({ ...writerFields, leaseMs: 'number', ...batchFields }, batchLists),
  admit: new Layout({
    ...writerFields,
    /** The number of the call, which the answer has. */
    call: 'text',
    channel: 'text',
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
      /** What else to save about the start of the epoch. */
      about: 'text',
    },
    { channels: 1 },
  ),
  resume: new Layout({ token: 'text', leaseMs: 'number', epoch: 'number' }),
  /** `leaseMs`: 0 gives up the lease. */
  renew: new Layout({ token: 'text', leaseMs: 'number' }),
  mark: new Layout({
    /** The token of the lease; '' for a service. */
    token: 'text',
    epoch: 'number',
    /** No event before this event time will come in the epoch, epoch ms; '' if that is not known. */
    timeMs: 'text',
    isOver: 'flag',
  }),
  /** `lifeMs`: 0 gives up the right to run the service. */
  hold: new Layout({ token: 'text', lifeMs: 'number' }),
  enter: new Layout(
    {
      /** How many channels there may be. */
      most: 'number',
    },
    {
      /** The channels that are to be written to. */
      channels: 1,
      /** The channels of the configuration. */
      declared: 1,
    },
  ),
  forget: new Layout({
    channel: 'text',
    /** A plain key for the latest data; '' for none. */
    latest: 'text',
  }),
  /** `hops`: the id of the trace, and the Hop as JSON text. */
  note: new Layout({}, { hops: 2 }),
  commit: new Layout(
    {
      service: 'text',
      /** Until when the service counts as attached, epoch ms. */
      attachedUntilMs: 'text',
      waits: 'flag',
      /** Delete the checkpoint first. */
      forgets: 'flag',
      /** The name of the commit that this one follows; '' for the first one. */
      last: 'text',
      /** The name of this commit. */
      name: 'text',
      /** How many batches follow after the lists. */
      outputs: 'number',
    },
    {
      /** Channel, and the position of the last event read. */
      inputs: 2,
      /** Field of the checkpoint, and its value; '' deletes it. */
      entries: 2,
      /** Dead letters as JSON text. */
      letters: 1,
      /** When an event comes again, epoch ms, and the event. */
      retries: 2,
      /** The id of the trace, and the Hop as JSON text. */
      hops: 2,
    },
  ),
};

/** The name of a function that only this release calls. */
export type FunctionName = keyof typeof FUNCTIONS;

/** The functions that services in any language call, without their prefix `reprise_`. docs/protocol.md is their contract. */
export const PROTOCOL = [
  'send',
  'done',
  'finish',
  'fail',
  'retry',
  'alive',
  'log',
  'count',
  'observe',
] as const;

/** The name of a function of the protocol. */
export type ProtocolName = (typeof PROTOCOL)[number];

/** The files of each library, in order: a file can use what the files before it define. */
export const FILES = {
  internal: [
    'shared',
    'internal/batch',
    'internal/emit',
    'internal/lease',
    'internal/channels',
    'internal/commit',
  ],
  protocol: [
    'shared',
    'protocol/time',
    'protocol/text',
    'protocol/members',
    'protocol/schema',
    'protocol/event',
    'protocol/pending',
    'protocol/send',
    'protocol/finish',
    'protocol/alive',
    'protocol/log',
    'protocol/metrics',
  ],
} as const;
