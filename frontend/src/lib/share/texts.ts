import { counted } from '../ui/format.ts';

/** Texts of the box that shares what a panel shows. */
export const texts = {
  title: 'Copy, keep, share',
  link: 'Copy the link to this view',
  linkHint: 'Replay, time, rate, map, selection, box and part of the timeline.',
  lines: 'Copy as',
  kinds: { curl: 'curl', redis: 'redis-cli', socket: 'Socket.IO' },
  copied: 'Copied.',
  notCopied: 'The browser does not let this page copy. Select the text and copy it.',
  keep: 'Keep as a file',
  what: (channels: string, subject: string | undefined, part: boolean) =>
    `${channels}: ${subject ?? 'all subjects shown'}, ${part ? 'the part shown on the timeline' : 'as far as the log goes back'}`,
  formats: { csv: 'CSV', geojson: 'GeoJSON', gpx: 'GPX', mcap: 'MCAP' },
  reading: (n: number) => `Reading… ${n.toLocaleString('en')}`,
  kept: (n: number) => `${counted(n, 'event')} kept.`,
  cut: (n: number) => `Only the latest ${n.toLocaleString('en')}: cut the recording for more.`,
  nothing: 'There is nothing to keep: no event, or none with a place.',
  picture: 'Picture (PNG)',
};
