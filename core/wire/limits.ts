/**
 * The limits of the Redis Functions, and of TypeScript where it has to have the same. Lua reads them under the same names
 * (`limits.LOG_MAX`): core/lua/assemble.ts writes them into the functions. A limit that only TypeScript needs stands where it
 * is used.
 */
export const limits = {
  /** Events that the log of a channel keeps unless the configuration says otherwise. */
  LOG_MAX: 100_000,
  /** Dead letters kept; the oldest leave first. */
  DEAD_LETTERS_MAX: 10_000,
  /** Lines of the log of all processes: the most that the configuration can ask to keep. */
  LOGS_MAX: 100_000,
  /** Hops of traces kept. */
  TRACES_MAX: 100_000,
  /** Hexadecimal digits at the end of a trace's id that choose its list in the index: two make 256 lists. */
  TRACE_INDEX_DIGITS: 2,
  /** Hops in a list of the index before it is cut. 100,000 hops make 390 a list. */
  TRACE_INDEX_MAX: 800,
  /** Hops in a list of the index after it was cut. */
  TRACE_INDEX_MIN: 600,

  /** How long writers still wait for a service after its last sign of life, ms: enough for a restart. */
  ATTACHED_MS: 30_000,
  /** The longest wait before an event that failed is tried again, ms. */
  BACKOFF_MAX_MS: 3_600_000,
  /** Events that are put back onto their channels in one call. */
  RETRIES_AT_ONCE: 100,
  /** How long an admitted transaction may take to be carried out, ms. */
  ADMISSION_MS: 1_000,
  /** Events of a batch from which it pays to ask first whether anybody listens. */
  HEARD_MIN: 16,
  /** Values that Lua hands to one Redis command: its stack holds 8,000. Even, as they are pairs. */
  UNPACK_MAX: 2_000,
  /** Ends of epochs kept for a channel. A reader that is further behind has lost more than ends. */
  ENDS_MAX: 64,
  /** Ends of epochs dropped at once, the oldest first. */
  ENDS_DROPPED: 32,

  /** Characters of a channel's name. */
  CHANNEL_NAME_MAX: 128,
  /** Characters of a service's name. */
  SERVICE_NAME_MAX: 128,
  /** Bytes of a subject that a service sends. */
  SUBJECT_MAX_BYTES: 1_024,
  /** Lists within lists of an event's route, the route itself counted. */
  ROUTE_DEPTH_MAX: 3,
  /** Bytes of the reason of a failure, and of a line that a service logs through Redis. */
  REASON_MAX_BYTES: 2_000,
  /** Events that came of one and are named in its hop. */
  HOP_OUTPUTS_MAX: 100,

  /** Series that a service may count or observe: combinations of metric and labels. */
  SERIES_MAX: 500,
  /** The same, with the series that stand for all that found no room: one a metric. */
  SERIES_OVERFLOW_MAX: 600,
  /** Characters of the name of a metric or a label. */
  METRIC_NAME_MAX: 64,
  /** Labels of a metric. */
  LABELS_MAX: 8,
  /** Bytes of a label's value; what is longer is cut. */
  LABEL_VALUE_MAX_BYTES: 128,
  /** Upper bounds of the buckets of a distribution, in its own unit, rising. */
  BUCKETS: [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000,
    2_500, 5_000, 10_000,
  ],
} as const;
