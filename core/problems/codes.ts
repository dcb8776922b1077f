type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 412 | 413 | 415 | 416 | 421 | 422 | 429;
type FailureStatus = 500 | 503 | 507;

/**
 * Every problem code, with its HTTP status and its meaning. A refusal (4xx) is for the caller to correct; a failure (5xx)
 * goes away when something else recovers. A code always has the same status, and codes are stable, because programs read
 * them. `/docs/problems` shows this table.
 */
export const problems = {
  // Requests and socket messages
  body_malformed: { status: 400, meaning: 'The body is not the valid JSON or form that its type announces.' },
  body_missing: { status: 400, meaning: 'The request needs a body and has none.' },
  body_too_large: { status: 413, meaning: 'The body is larger than this path accepts.' },
  body_type: { status: 415, meaning: 'This path does not accept the type or the encoding of the body.' },
  files_several: { status: 422, meaning: 'The form has more than one file.' },
  channel_refused: { status: 403, meaning: 'The API key is limited to other channels.' },
  connections_too_many: {
    status: 429,
    meaning: 'The key or the address has as many open connections as it may.',
  },
  file_missing: { status: 422, meaning: 'The form has no field `file`.' },
  guesses_too_many: {
    status: 429,
    meaning: 'The address has sent too many wrong API keys; `Retry-After` says when to go on.',
  },
  host_refused: { status: 421, meaning: 'The host that the request names is not known to lead here.' },
  idempotency_key: { status: 400, meaning: 'The Idempotency-Key is empty or too long.' },
  idempotency_mismatch: { status: 422, meaning: 'The Idempotency-Key was used for a different request.' },
  idempotency_under_way: { status: 409, meaning: 'The request with this Idempotency-Key is not done yet.' },
  message_invalid: { status: 422, meaning: 'A socket message does not match its schema.' },
  method_not_allowed: {
    status: 405,
    meaning: 'The path does not accept this method; see the header `Allow`.',
  },
  origin_refused: { status: 403, meaning: 'Pages of this origin may not do this.' },
  position_malformed: { status: 400, meaning: 'A position must be written as <epoch>-<offset>.' },
  precondition_failed: { status: 412, meaning: 'The file does not meet the condition in the headers.' },
  range_unsatisfiable: { status: 416, meaning: 'The file has no such range of bytes.' },
  rate_limited: { status: 429, meaning: 'Too many requests; the header `RateLimit` says when to go on.' },
  request_slow: { status: 408, meaning: 'The body of the request arrived too slowly.' },
  request_invalid: { status: 422, meaning: 'Path, query or body do not match their schema; see `errors`.' },
  request_malformed: { status: 400, meaning: 'The request is not valid HTTP.' },
  route_unknown: { status: 404, meaning: 'There is nothing at this path.' },
  schema_unknown: { status: 404, meaning: 'There is no such schema.' },
  scope_missing: { status: 403, meaning: 'The scope of the API key does not allow this.' },
  subscriptions_too_many: { status: 429, meaning: 'The client already follows as many channels as it may.' },
  unauthorized: { status: 401, meaning: 'The API key is missing, wrong or expired.' },
  unexpected: { status: 500, meaning: 'Something went wrong inside Reprise; the log has the details.' },
  url_malformed: { status: 400, meaning: 'The path cannot be decoded.' },

  // Channels
  channel_in_use: {
    status: 409,
    meaning: 'Something writes to the channel or reads it, so it is not deleted.',
  },
  channel_name: { status: 400, meaning: 'A channel cannot have this name.' },
  channel_no_log: { status: 409, meaning: 'The channel keeps no log; it can only be followed on Redis.' },
  channel_owned: { status: 409, meaning: 'Another replay is playing on the channel.' },
  channel_unknown: { status: 404, meaning: 'The channel is not configured and was never written to.' },
  cursor_void: {
    status: 409,
    meaning: 'Redis has lost events since the cursor was made; begin again without it.',
  },
  channels_too_many: { status: 429, meaning: 'There are as many channels as there may be.' },
  deadletter_no_event: {
    status: 422,
    meaning: 'The dead letter does not hold a complete event, so it cannot be sent again.',
  },
  deadletter_unknown: { status: 404, meaning: 'There is no such dead letter, or it is gone.' },
  events_refused: { status: 422, meaning: 'None of the rows was accepted; `refused` says why for each.' },
  lease_lost: { status: 503, meaning: 'Another replay has taken the channel.' },
  log_reset: { status: 503, meaning: 'Redis was flushed, or restarted without its latest data.' },
  logs_too_large: { status: 429, meaning: 'The logs of the channels take as much memory as they may.' },
  state_empty: { status: 404, meaning: 'The channel has not carried an event yet.' },
  subject_unknown: { status: 404, meaning: 'The channel has no such subject.' },
  trace_unknown: { status: 404, meaning: 'There is no such trace: it was not sampled, or it is too old.' },

  // Recordings
  column_unknown: { status: 422, meaning: 'The recording has no column of this name.' },
  conversion_abandoned: { status: 503, meaning: 'The conversion was stopped before it was complete.' },
  disk_full: { status: 507, meaning: 'The disk has no space left.' },
  encoding_unknown: { status: 422, meaning: 'There is no text encoding of this name.' },
  expression_costly: { status: 422, meaning: 'An expression takes too many steps for these data.' },
  expression_malformed: { status: 422, meaning: 'The expression is not valid CEL.' },
  follow_impossible: { status: 422, meaning: 'The recording cannot be followed as it grows.' },
  format_name: { status: 422, meaning: 'There is no format of this name.' },
  format_needs_file: { status: 422, meaning: 'This format can only be read from an unpacked file.' },
  format_unknown: { status: 415, meaning: 'The format of the file is not one that can be played.' },
  job_name: { status: 422, meaning: 'A conversion cannot have this name.' },
  moment_malformed: { status: 422, meaning: 'A time or an offset cannot be read.' },
  nothing_intact: { status: 422, meaning: 'Nothing in the damaged file can be saved.' },
  output_format: { status: 422, meaning: 'This command cannot write a file with this ending.' },
  range_empty: { status: 422, meaning: 'Nothing lies between the start and the end.' },
  recorders_too_many: { status: 429, meaning: 'As many recorders run as may run at once.' },
  recorder_unknown: { status: 404, meaning: 'There is no such recorder.' },
  recorder_without_ring: {
    status: 409,
    meaning: 'The recorder writes everything, so it has no ring buffer to save.',
  },
  recording_broken: { status: 422, meaning: 'The MCAP file is damaged, or is not an MCAP file.' },
  recording_disordered: { status: 422, meaning: 'The chunks of the MCAP file overlap in time.' },
  recording_empty: { status: 422, meaning: 'The recording has no rows.' },
  recording_exists: { status: 409, meaning: 'A recording of this name already exists.' },
  recording_failed: { status: 503, meaning: 'The recorder cannot write its file.' },
  recording_name: { status: 422, meaning: 'A recording cannot have this name.' },
  recording_passed: { status: 409, meaning: 'The input can be read only once, so it cannot seek or loop.' },
  reading_abandoned: { status: 503, meaning: 'Nobody waited for the recording to be read any longer.' },
  readings_too_many: { status: 429, meaning: 'As many recordings are being read as may wait.' },
  recording_changed: { status: 409, meaning: 'The recording was replaced or deleted while it was read.' },
  recording_costly: {
    status: 422,
    meaning: 'Reading the recording takes more time, memory or room than the settings allow.',
  },
  recordings_full: { status: 429, meaning: 'The folder of recordings has no room for another one.' },
  recording_several: { status: 422, meaning: 'The archive holds several recordings, and one is asked for.' },
  recording_unavailable: { status: 503, meaning: 'The file exists but cannot be read from the disk.' },
  reading_uncertain: {
    status: 422,
    meaning: 'The recording can be read in several ways, and guesses are not wanted (strict).',
  },
  recording_unknown: { status: 404, meaning: 'There is no such recording.' },
  recording_unplayable: { status: 422, meaning: 'No row of the recording can be played.' },
  recording_unreadable: {
    status: 422,
    meaning: 'The packed file is cut off or damaged, or its bytes are not text.',
  },
  same_file: { status: 422, meaning: 'The output would overwrite the input.' },
  share_malformed: { status: 422, meaning: 'A share must be written as 10% or 0.1.' },
  snapshot_failed: { status: 503, meaning: 'The recorder cannot write the snapshot.' },
  span_malformed: { status: 422, meaning: 'A duration must be a number and a unit, such as 90s.' },
  streets_unreadable: { status: 503, meaning: 'The streets beside the recordings are not GeoJSON.' },
  subjects_many: { status: 422, meaning: 'An MCAP file can hold at most 65,535 subjects.' },
  time_column_unknown: { status: 422, meaning: 'No column holds readable times; name it.' },
  time_format_unknown: { status: 422, meaning: 'The times cannot be parsed; name their format.' },
  time_zone_unknown: { status: 422, meaning: 'There is no such time zone.' },

  // Replays
  command_malformed: { status: 422, meaning: 'A command on reprise:commands cannot be read.' },
  no_answer: { status: 503, meaning: 'The replayer or recorder is not running, or does not answer.' },
  replay_exists: { status: 409, meaning: 'A replay with this id already exists.' },
  replay_taken: { status: 503, meaning: 'Another process has taken over the replay.' },
  replay_unknown: { status: 404, meaning: 'There is no such replay.' },
  replays_too_many: { status: 429, meaning: 'The replayer runs as many replays as it can.' },

  // Services, analytics, pipelines and their configuration
  config_invalid: {
    status: 422,
    meaning: 'The configuration or the set-up defines something that cannot run.',
  },
  config_malformed: { status: 422, meaning: 'The configuration is not valid JSON.' },
  config_missing: { status: 422, meaning: 'The configuration file does not exist.' },
  key_weak: { status: 422, meaning: 'The API key is short enough to be guessed; the API does not start.' },
  keys_invalid: { status: 422, meaning: 'The file of API keys is not valid; the API does not start.' },
  event_fatal: {
    status: 503,
    meaning: 'The process ended twice while a service worked on one event; the event is a dead letter.',
  },
  event_stuck: {
    status: 503,
    meaning: 'A service took longer than its time budget for one event, twice; the event is a dead letter.',
  },
  name_taken: { status: 409, meaning: 'Something else already has this name.' },
  name_unknown: { status: 404, meaning: 'Nothing has this name.' },
  params_of_analytics: { status: 422, meaning: 'Analytics have no parameters beside their definition.' },
  plugin_failed: { status: 503, meaning: 'This needs a plugin that has failed.' },
  select_malformed: { status: 422, meaning: 'An aggregate is not valid.' },
  service_unknown: { status: 422, meaning: 'There is no kind of service with the name given in `use`.' },
  step_unknown: { status: 404, meaning: 'The service is not a step of a pipeline.' },
  window_malformed: { status: 422, meaning: 'The definition of a window is not valid.' },

  // Tasks
  task_failed: { status: 500, meaning: 'The task that this endpoint waits for failed or was canceled.' },
  tasks_too_many: { status: 429, meaning: 'As many tasks wait or run as may at once.' },
  task_finished: { status: 409, meaning: 'The task has ended, so it cannot be canceled.' },
  task_kind: { status: 422, meaning: 'There is no such kind of task.' },
  task_params: { status: 422, meaning: 'The parameters do not match the schema of this kind of task.' },
  task_stuck: { status: 500, meaning: 'The task let the event loop of its process stand still, twice.' },
  task_unfinished: { status: 409, meaning: 'The task has not ended, so it has no result yet.' },
  task_unknown: { status: 404, meaning: 'There is no such task, or it ended more than a day ago.' },
  task_without_result: { status: 409, meaning: 'The task failed or was canceled, so it has no result.' },

  // The command line and the start of a process
  already_up: { status: 409, meaning: 'Reprise is already running in this folder.' },
  data_folder: { status: 503, meaning: 'The data folder cannot be created.' },
  dataset_missing: { status: 503, meaning: 'The data set that the simulation needs is not installed.' },
  host_open: { status: 400, meaning: 'An API without a key must not be open to other machines.' },
  json_malformed: { status: 422, meaning: 'The value of an option is not a JSON object.' },
  loop_stuck: {
    status: 503,
    meaning: 'The event loop of a process stood still for too long, so the process was ended.',
  },
  port_taken: { status: 503, meaning: 'The API cannot listen on this port.' },
  redis_busy: {
    status: 503,
    meaning: 'Redis is busy with a script or a function; Reprise waits until it is done.',
  },
  redis_cluster_down: { status: 503, meaning: 'Part of the Redis cluster does not serve; Reprise waits.' },
  redis_disk: { status: 503, meaning: 'Redis cannot save to disk and accepts no writes; Reprise waits.' },
  redis_database: { status: 503, meaning: 'Redis does not have the database of this number.' },
  redis_failed: { status: 503, meaning: 'Redis cannot be started.' },
  redis_functions: {
    status: 503,
    meaning: 'Redis does not have the functions of this release, and does not let them be loaded.',
  },
  redis_full: {
    status: 503,
    meaning: 'Redis has reached its memory limit; Reprise waits until it has room.',
  },
  redis_loading: { status: 503, meaning: 'Redis is loading its data; Reprise waits until it has.' },
  redis_mode: { status: 503, meaning: 'The server is a cluster or a Sentinel, which Reprise cannot use.' },
  redis_missing: { status: 503, meaning: 'Redis is not installed.' },
  redis_read_only: {
    status: 503,
    meaning: 'Redis is a replica and accepts no writes; Reprise waits for a primary.',
  },
  redis_refused: { status: 503, meaning: 'Redis does not accept the user or the password.' },
  redis_replicas_missing: {
    status: 503,
    meaning: 'Redis has too few replicas to accept writes; Reprise waits.',
  },
  redis_rights: {
    status: 503,
    meaning: 'The user may not run a command in Redis, or not on a key or a channel.',
  },
  redis_tls: { status: 503, meaning: 'TLS was expected and not spoken, or the certificate is not trusted.' },
  redis_too_old: { status: 503, meaning: 'Redis is older than version 7.' },
  redis_unreachable: { status: 503, meaning: 'Redis does not answer; Reprise tries again until it does.' },
  redis_url: { status: 422, meaning: 'The address of Redis is not a valid URL.' },
  role_silent: { status: 503, meaning: 'The process has sent no heartbeat lately.' },
  simulation_failed: { status: 503, meaning: 'The recordings of the demo cannot be written.' },
  simulation_kind: { status: 400, meaning: 'There is no such simulation.' },
  simulation_not_written: { status: 503, meaning: 'The simulated recording cannot be written.' },
  simulation_option: { status: 400, meaning: 'The simulation does not have this option.' },
  simulation_target: { status: 400, meaning: 'A simulation cannot be written to a file of this name.' },
} as const satisfies { [code: string]: { status: RefusalStatus | FailureStatus; meaning: string } };

type Problems = typeof problems;

/** A code of the table. */
export type ProblemCode = keyof Problems;

/** A code of a refusal (4xx): the caller can correct the request. */
export type RefusalCode = {
  [C in ProblemCode]: Problems[C]['status'] extends RefusalStatus ? C : never;
}[ProblemCode];

/** A code of a failure (5xx): the caller can only wait. Without `unexpected`, which is a bug. */
export type FailureCode = Exclude<ProblemCode, RefusalCode | 'unexpected'>;

/** Whether a code is in the table. Plugins and processes of other releases may have other codes. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code);
}
