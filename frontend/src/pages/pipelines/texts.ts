import { counted } from '../../lib/ui/format.ts';

/** Texts of the page Pipelines. */
export const pipelinesTexts = {
  title: 'Pipelines',
  lead: 'A pipeline passes each event through its services in order.',
  add: 'New pipeline',
  list: 'All pipelines',
  none: 'No pipelines yet',
  noneHint: 'Connect services to a pipeline, then send events through it.',
  notFound: (name: string) => `There is no pipeline “${name}”.`,
  steps: (n: number) => counted(n, 'step'),
  edit: 'Edit',
  delete: 'Delete',
  deleteTitle: (name: string) => `Delete “${name}”?`,
  deleteHint: 'Its steps stop. Unprocessed events stay on the channels of the steps.',
  deleted: (name: string) => `Pipeline ${name} deleted.`,
  saved: (name: string) => `Pipeline ${name} saved.`,
};

/** Texts of the steps of a pipeline, as a graph and as a table. */
export const stepTexts = {
  graph: (pipeline: string) => `Graph of ${pipeline}. The table below shows the same steps.`,
  nodeKeys: 'Press Enter to show its parameters.',
  apiInput: 'Sent events',
  input: 'Input channel',
  output: 'Output channel',
  results: (n: number) => counted(n, 'result'),
  step: 'Step',
  state: 'State',
  rate: 'Rate',
  backlog: 'Backlog',
  backlogHint: 'Events that the step has not processed yet',
  backlogOf: (n: number) => `Backlog ${n.toLocaleString('en')}`,
  received: 'Received',
  failed: 'Failed',
  failedHint: 'Events that the step could not process. They are in the dead letters.',
  failures: (n: number) => `${n.toLocaleString('en')} failed`,
  retries: (n: number) => `${n.toLocaleString('en')} retried`,
  external: 'external',
};

/** Texts of the test event. */
export const testTexts = {
  title: 'Test event',
  lead: 'Sends an event through the whole pipeline and waits up to 10 s for the result.',
  subject: 'Subject',
  data: 'Data (JSON)',
  send: 'Send and wait',
  waiting: 'Waiting for the result…',
  cancel: 'Stop waiting',
  received: (ms: number) =>
    `Result after ${ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`}.`,
  timeout:
    'No result within 10 s. The event may still be in the pipeline: check its steps and the dead letters.',
  refused: 'The event was refused:',
  result: 'Result',
  trace: 'Trace',
  notAnObject: 'The data must be a JSON object: {"text": "…"}.',
};

/** Texts of the dialog that defines a pipeline. */
export const definitionTexts = {
  add: 'New pipeline',
  edit: (name: string) => `Edit “${name}”`,
  name: 'Name',
  nameHint: 'Letters, digits, _ and -.',
  description: 'Description',
  input: 'Input channel',
  inputHint: 'The pipeline reads all events of this channel, besides those that are sent to it.',
  noInput: 'None: only events that are sent to it',
  output: 'Output channel',
  outputHint: 'The channel of the results. Default: the name of the pipeline.',
  steps: 'Steps',
  step: (n: number) => `Step ${n}`,
  addStep: 'Add a step',
  moveUp: (name: string) => `Move ${name} up`,
  moveDown: (name: string) => `Move ${name} down`,
  remove: (name: string) => `Remove ${name}`,
  editor: 'Editor',
  form: 'Form',
  json: 'JSON',
  jsonLabel: 'Definition (JSON)',
  jsonOnly: 'Branches and external services can be edited as JSON only.',
  noSteps: 'A pipeline needs at least one step.',
  create: 'Create',
};
