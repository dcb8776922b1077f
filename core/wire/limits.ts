/**
 * The limits of the Redis Functions. TypeScript uses the same ones. In Lua they have the same names (`limits.LOG_MAX`):
 * core/lua/assemble.ts writes them into the functions. A limit that only TypeScript needs is defined where it is used.
 */
export const limits = {
  /** Events that the log of a channel keeps unless the configuration says otherwise. */
  LOG_MAX: 100_000,
  /** Dead letters that are kept; the oldest leave first. */
  DEAD_LETTERS_MAX: 10_000,
  /** Log lines of all processes: the most that the configuration can ask to keep. */
  LOGS_MAX: 100_000,
  /** Hops of traces that are kept. */
  TRACES_MAX: 100_000,
  /** Hexadecimal digits at the end of a trace id that choose its list in the index. Two digits make 256 lists. */
  TRACE_INDEX_DIGITS: 2,
  /** Hops in a list of the index at which it is trimmed. 100,000 hops are about 390 in each list. */
  TRACE_INDEX_MAX: 800,
  /** Hops in a list of the index after it was trimmed. */
  TRACE_INDEX_MIN: 600,

  /** How long writers wait for a service after its last heartbeat, ms: long enough for a restart. */
  ATTACHED_MS: 30_000,
  /** The longest delay before a failed event is tried again, ms. */
  BACKOFF_MAX_MS: 3_600_000,
  /** Schemas of channels that the functions keep parsed. */
  SCHEMAS_MAX: 1_000,
  /** Failed events that one call puts back onto their channels. */
  RETRIES_AT_ONCE: 100,
  /** How long a batch that is written once is remembered, seconds. */
  ONCE_SECONDS: 86_400,
  /** How long the answers to a writer of transactions are kept, ms: longer than any transaction takes. */
  ANSWERS_MS: 600_000,
  /** The second parts of the entry ids: a call is refused, and a call has been answered. */
  CALL_REFUSED: 1,
  CALL_ANSWERED: 2,
  /** From this many events on, a batch asks first whether anybody listens, because publishing to nobody costs more. */
  HEARD_MIN: 16,
  /** Arguments that Lua passes to one Redis command; its stack holds 8,000. An even number, because they are pairs. */
  UNPACK_MAX: 2_000,
  /** Ends of epochs that are kept for a channel. A reader that is further behind has lost events, too. */
  ENDS_MAX: 64,
  /** Ends of epochs that are dropped at once, the oldest first. */
  ENDS_DROPPED: 32,

  /** Characters in the name of a channel. */
  CHANNEL_NAME_MAX: 128,
  /** Characters in the name of a service. */
  SERVICE_NAME_MAX: 128,
  /** Bytes of a subject that a service sends. */
  SUBJECT_MAX_BYTES: 1_024,
  /** Characters in the name of an extension of CloudEvents. */
  ATTRIBUTE_NAME_MAX: 64,
  /** Characters of a `tracestate`. */
  TRACESTATE_MAX: 512,
  /** Levels of lists in the route of an event; the route itself is the first. */
  ROUTE_DEPTH_MAX: 3,
  /** Bytes of the reason of a failure, and of a message that a service logs through Redis. */
  REASON_MAX_BYTES: 2_000,
  /** Derived events that a hop names. */
  HOP_OUTPUTS_MAX: 100,

  /** Series of a service. A series is a metric with one combination of labels. */
  SERIES_MAX: 500,
  /** Series of a service with the overflow series: each metric has one for the labels that found no room. */
  SERIES_OVERFLOW_MAX: 600,
  /** Characters in the name of a metric or a label. */
  METRIC_NAME_MAX: 64,
  /** Labels of a metric. */
  LABELS_MAX: 8,
  /** Bytes of the value of a label; a longer value is cut. */
  LABEL_VALUE_MAX_BYTES: 128,
  /** Upper bounds of the buckets of a distribution, in its own unit, ascending. */
  BUCKETS: [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000,
    2_500, 5_000, 10_000,
  ],
} as const;
