/** Texts of the page Traces. */
export const tracesTexts = {
  title: 'Traces',
  lead: 'A trace shows the path of one event through the services.',
  none: 'No traces yet',
  noMatch: 'No traces match the filter',
  noneHint:
    'Pipelines and replays define which share of their events is traced. Test events on the Pipelines page are always traced.',
  filter: 'Filter traces',
  status: 'Status',
  pipeline: 'Pipeline',
  service: 'Service',
  channel: 'Channel',
  statuses: { waiting: 'Waiting', finished: 'Finished', failed: 'Failed' },
  started: 'Started',
  path: 'Path',
  duration: 'Duration',
  choose: (id: string) => `Show trace ${id}`,
};

/** Texts of a single trace. */
export const traceTexts = {
  title: 'Trace',
  from: (channel: string) => `from ${channel}`,
  through: (pipeline: string) => `through pipeline ${pipeline}`,
  failure: (service: string, channel: string) => `Failed in ${service} on ${channel}:`,
  waits: (service: string, channel: string, time: string) =>
    `Waiting for ${service} on ${channel} for ${time}.`,
  waitsForRetry: (service: string, channel: string, time: string) =>
    `Failed in ${service} on ${channel} ${time} ago. It will be retried.`,
  deadLetter: 'Show dead letters',
  close: 'Close',
};

/** Texts of the waterfall of a trace. */
export const waterfallTexts = {
  step: 'Step',
  status: 'Status',
  waited: 'Wait',
  duration: 'Duration',
  statuses: { sent: 'Sent', finished: 'Finished', retried: 'Retry pending', failed: 'Failed' },
  attempt: (n: number) => `attempt ${n}`,
  bar: (after: string, waited: string, took: string) => `after ${after}, waited ${waited}, took ${took}`,
  legendWaited: 'waiting',
  legendProcessing: 'processing',
};
