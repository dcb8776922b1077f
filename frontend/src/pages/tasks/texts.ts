import { counted } from '../../lib/ui/format.ts';

/** Texts of the page Tasks. */
export const tasksTexts = {
  title: 'Tasks',
  lead: 'A task is a job that a worker runs once. Results are kept for a day.',
  list: 'All tasks',
  none: 'No tasks yet',
  noneHint: 'Tasks are listed here, newest first.',
  kind: 'Kind',
  state: 'State',
  created: 'Created',
  duration: 'Duration',
  start: 'Start a task',
  action: 'Start',
  started: (kind: string) => `${kind} added to the queue.`,
  cancel: 'Cancel',
  cancelOne: (kind: string, id: string) => `Cancel ${kind} ${id}`,
  canceled: (kind: string) => `${kind} canceled.`,
  choose: (kind: string, id: string) => `Show ${kind} ${id}`,
  progress: (share: number) => `${Math.round(share * 100)} % done`,
  states: {
    queued: 'Queued',
    running: 'Running',
    succeeded: 'Succeeded',
    failed: 'Failed',
    canceled: 'Canceled',
  },
};

/** Texts of a single task. */
export const taskTexts = {
  params: 'Parameters:',
  result: 'Result',
  noResult: {
    queued: 'Waiting for a worker.',
    running: 'Running.',
    failed: 'The task failed:',
    canceled: 'Canceled before it finished.',
  },
  close: 'Close',
};

/** Texts of the result of a task. */
export const resultTexts = {
  view: 'View',
  chart: 'Chart',
  table: 'Table',
  json: 'JSON',
  download: 'Download JSON',
  file: (name: string) => `${name}.json`,
  chartLabel: (names: string) => `${names} over time. The table shows the same values.`,
  name: 'Name',
  value: 'Value',
  none: 'none',
  more: (n: number) => `${counted(n, 'more row')}: download the JSON to see all.`,
};
