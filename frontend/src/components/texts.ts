/** Texts of the components that several pages use. */
export const texts = {
  cancel: 'Cancel',
  save: 'Save',
  start: 'Start',
  stop: 'Stop',
  startOne: (name: string) => `Start ${name}`,
  stopOne: (name: string) => `Stop ${name}`,
  started: (name: string) => `${name} started.`,
  stopped: (name: string) => `${name} stopped.`,
  perSecond: (n: string) => `${n}/s`,
  invalidJson: 'This is not valid JSON:',
};

/** Texts of lists that load page after page. */
export const listTexts = {
  all: 'All',
  older: 'Load older',
  paused: 'Updates are paused while older entries are shown.',
  latest: 'Back to the latest',
};

/** Texts of forms that are made from a JSON Schema. */
export const formTexts = {
  required: 'required',
  choose: 'Choose…',
  notSet: 'Not set',
  default: (value: string) => `Default: ${value}`,
  choice: (value: string) => ({ true: 'yes', false: 'no' })[value] ?? value,
  lines: 'One per line',
  number: 'A number, with a point as the decimal separator',
};

/** States of processes and services. */
export const stateTexts = {
  starting: 'Starting',
  running: 'Running',
  standby: 'Standby',
  restarting: 'Restarting',
  stopped: 'Stopped',
  missing: 'Not responding',
  failed: 'Failed',
};

/** Texts of the form for the parameters of a service. */
export const paramsTexts = {
  title: (service: string) => `Parameters of ${service}`,
  none: 'This service has no parameters.',
  keepsState: 'Changes apply to new events.',
  restarts: 'Saving reprocesses the current epoch with the new parameters.',
  external: 'This is an external service: the schema of its parameters is not known here.',
  json: 'Parameters (JSON)',
  save: 'Save parameters',
  saved: (service: string) => `Parameters of ${service} saved.`,
  unchanged: 'There are no changes to save.',
};
