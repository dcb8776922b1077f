import { counted } from '../../lib/ui/format.ts';

/** Texts of the page Logs. */
export const logsTexts = {
  title: 'Logs',
  lead: 'Log records of all processes and services, newest first.',
  filter: 'Filter log records',
  level: 'Level',
  levels: {
    debug: 'Debug and above',
    info: 'Info and above',
    warn: 'Warnings and above',
    error: 'Errors and above',
    critical: 'Critical only',
  },
  levelNames: { debug: 'Debug', info: 'Info', warn: 'Warning', error: 'Error', critical: 'Critical' },
  service: 'Service',
  text: 'Text',
  textHint: 'Message or fields',
  follow: 'Follow',
  following: 'New records appear automatically.',
  paused: 'Updates are paused.',
  none: 'No log records yet',
  noMatch: 'No log records match the filter',
  noneHint: 'Records appear here as processes and services write them.',
  count: (n: number) => counted(n, 'record'),
};
