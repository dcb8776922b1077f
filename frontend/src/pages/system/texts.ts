import { counted } from '../../lib/ui/format.ts';

/** Texts of the page System. */
export const systemTexts = {
  title: 'System',
  lead: 'Services, channels, dead letters and the setup of the whole system.',
  tabs: 'Sections',
  tabNames: { services: 'Services', channels: 'Channels', deadletters: 'Dead letters', setup: 'Setup' },
  redis: { up: 'Redis is up', down: 'Redis is down' },
  offline: 'Offline: this is the last known state',
  running: (n: number, all: number) =>
    n === all ? `all ${all} services running` : `${n} of ${counted(all, 'service')} running`,
};

/** Texts of the figures of Redis. */
export const redisTexts = {
  title: 'Redis',
  version: 'Version',
  uptime: 'Uptime',
  memory: 'Memory',
  memoryText: (used: string, peak: string, max?: string) =>
    `${used} (peak ${peak}${max ? `, limit ${max}` : ''})`,
  clients: 'Connections',
  commands: 'Commands',
  keys: 'Keys',
  persistence: 'Persistence',
  persistences: {
    log: 'Append-only file (AOF)',
    snapshots: 'Snapshots (RDB)',
    nothing: 'None: data is lost on restart',
  },
};

/** Texts of the tab Services. */
export const servicesTexts = {
  processes: 'Processes',
  services: 'Analysis services',
  none: 'No service has reported yet',
  noneHint: 'npm start starts all services.',
  name: 'Name',
  state: 'State',
  channels: 'Input → output',
  backlog: 'Backlog',
  process: 'Process',
  started: 'Started',
  edit: 'Edit',
  editOne: (name: string) => `Edit parameters of ${name}`,
  logs: 'Logs',
  lost: (n: number) => `${counted(n, 'event')} lost: the log was trimmed before they were read`,
  restarts: (n: number) => (n === 1 ? 'restarted once' : `restarted ${n} times`),
};

/** Texts of the tab Channels. */
export const channelsTexts = {
  none: 'No channels yet',
  noneHint: 'A channel appears when the first event is written to it.',
  name: 'Channel',
  position: 'Position',
  positionHint: 'Epoch and offset of the last event',
  positionText: (epoch: number, offset: number) => `${epoch} – ${offset.toLocaleString('en')}`,
  rate: 'Rate',
  last: 'Last event',
  subjects: 'Subjects',
  logged: 'Log length',
  consumers: 'Consumers',
  consumersHint: 'Services that read the channel, with the backlog of each',
  noConsumers: 'none',
  consumer: (name: string, lag: number) =>
    `${name}: ${lag ? `backlog ${lag.toLocaleString('en')}` : 'up to date'}`,
  owner: (replay: string) => `owned by replay “${replay}”`,
  noEnvelope: 'no envelope',
};

/** Texts of the tab Dead letters. */
export const deadLettersTexts = {
  none: 'No dead letters',
  noneHint: 'Rows and events that could not be processed are listed here, with the reason.',
  noMatch: 'No dead letters match the filter.',
  line: (n: number) => `line ${n.toLocaleString('en')}`,
  content: 'Content',
  incomplete: 'This is not a complete event. It is processed again when its recording is played again.',
  allChannels: 'All channels',
  allSources: 'All sources',
  filterChannel: 'Filter by channel',
  filterSource: 'Filter by source',
  redrive: 'Send again',
  redriveOne: (id: string) => `Send again: ${id}`,
  redriven: (channel: string, position: string) => `Sent to ${channel} again, at position ${position}.`,
  redriveAll: 'Send all again',
  redriveAllTitle: 'Send all again?',
  redriveAllHint: (letters: string) =>
    `Sends the events of ${letters} to their channels again, oldest first, including those not shown here. Dead letters without a complete event stay.`,
  allLetters: 'all dead letters',
  lettersOf: (channel?: string, source?: string) =>
    [channel && `channel “${channel}”`, source && `source “${source}”`].filter(Boolean).join(' and '),
  allRedriven: (n: number, left: number) =>
    `${counted(n, 'event')} sent again${left ? `, ${counted(left, 'dead letter')} without a complete event left` : ''}.`,
};

/** Texts of the tab Setup. */
export const setupTexts = {
  problems: 'Problems of the setup',
  save: 'Back up',
  saveLead:
    'Saves channels, endpoints, services with their parameters and fences, analytics, pipelines, and replays with their positions as one JSON document.',
  saveAction: 'Download backup',
  file: (at: string) => `reprise-${at}.json`,
  restore: 'Restore',
  restoreLead: 'Choose a backup. You can review the changes before they are applied.',
  choose: 'Choose a file',
  notJson: (name: string) => `${name} is not valid JSON:`,
  changesOf: (name: string) => `Changes from ${name}`,
  noChanges: 'No changes: the setup equals the backup.',
  section: 'Section',
  name: 'Name',
  change: 'Change',
  path: 'Path',
  changes: { added: 'Added', changed: 'Changed', removed: 'Removed' },
  sections: {
    channels: 'Channel',
    endpoints: 'Endpoint',
    services: 'Service',
    analytics: 'Analytics',
    pipelines: 'Pipeline',
    replays: 'Replay',
  },
  apply: (n: number) => `Apply ${counted(n, 'change')}`,
  applied: (n: number) => `${counted(n, 'change')} applied.`,
  failed: 'These replays could not be resumed:',
};
