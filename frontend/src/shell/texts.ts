import { counted } from '../lib/ui/format.ts';
import { pages } from '../pages/registry.ts';
import { panels } from '../panels/registry.ts';

/** Texts of the bar, the banners, the boxes over the page and the help. */
export const texts = {
  skipToTransport: 'Skip to the transport',
  loop: (on: boolean) => (on ? 'Loop on.' : 'Loop off.'),

  pages: {
    label: 'Pages',
    skip: 'Skip to the page',
    title: (page: string) => `${page} – Reprise`,
    key: (key: string) => `Key ${key}`,
  },

  connection: {
    connecting: 'Connecting',
    connected: 'Live',
    disconnected: 'Offline',
    'redis-down': 'Redis down',
    label: 'Connection:',
    services: 'Services',
    noServices: 'No service has reported yet.',
    lag: (n: number) => (n ? `${n.toLocaleString('en')} behind` : 'up to date'),
    delivery: 'Delivery',
    received: 'received',
    lost: 'lost',
    conflated: 'skipped for newer',
  },

  banner: {
    neverConnected: 'No connection to the API, retrying…',
    neverConnectedHint: 'Check that it is running: npm start. The page goes on by itself.',
    redis: 'Redis does not answer.',
    redisHint:
      'Nothing can be played until it does. Start it (npm start does, or redis-server); everything goes on by itself.',
    refusedSince: (time: string) => `Everything waits since ${time}.`,
    locked: 'This Reprise is protected. The person who started it knows the key (REPRISE_API_KEY).',
    key: 'API key',
    unlock: 'Unlock',
    replayFailed: (id: string) => `Replay “${id}” failed.`,
  },

  drop: {
    title: 'Drop to play',
    keepTitle: 'Drop to upload',
    keepLead: 'The file is uploaded, read and described; nothing is played.',
    uploading: (name: string) => `Uploading ${name}`,
    reading: (name: string) => `Reading ${name}`,
    cancel: 'Cancel',
    playing: (name: string) => `Playing ${name}`,
    found: (records: number, subjects: number, span: string) =>
      `${counted(records, 'record')}, ${counted(subjects, 'subject')}, ${span}.`,
    refused: (n: number) =>
      `Left out: ${counted(n, 'row')} that could not be read (GET /api/v1/deadletters).`,
    inferred: 'How it was read',
    failed: (name: string) => `${name} could not be played`,
    conflict: (channels: string, replay: string) => `Channel ${channels} is in use by replay “${replay}”`,
    conflictHint: 'One replay owns a channel at a time, so that no event is doubled.',
    replace: (replay: string) => `Stop “${replay}” and play this`,
    beside: (channel: string) => `Play beside it, on channel “${channel}”`,
    exists: (name: string) => `There is another recording called ${name}`,
    overwrite: 'Replace it with this file and play',
    useExisting: 'Play the existing recording',
    folder: 'A folder can’t be dropped. Drop the files in it.',
  },

  replays: {
    choose: 'Choose a replay',
    live: 'All live channels',
    liveHint: 'Events that no replay plays',
    running: 'Replays',
    recordings: 'Recordings',
    play: (id: string) => `Play ${id}`,
    remove: (id: string) => `Stop and remove replay ${id}`,
    states: { idle: 'Idle', playing: 'Playing', paused: 'Paused', ended: 'Ended', failed: 'Failed' },
    noRecordings: 'The recordings folder is empty.',
  },

  settings: {
    title: 'Units, time zone, look',
    speed: 'Speed',
    length: 'Length',
    lengths: { m: 'm, km', ft: 'ft, mi' },
    zone: 'Times in',
    utc: 'UTC',
    viewer: (zone: string) => `Zone of this browser (${zone})`,
    data: (zone: string | undefined) => `Zone of the data (${zone ?? 'unknown: UTC'})`,
    theme: 'Theme',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    motion: 'Motion',
    motions: { system: 'As the system', reduced: 'Reduced' },
    switchTheme: (next: string) => `Theme: switch to ${next}`,
  },

  help: {
    open: 'Keyboard shortcuts and help',
    title: 'Keyboard',
    pointer: 'On the timeline: drag to seek, Shift and drag to loop over a part, turn the wheel to zoom.',
    docs: 'REST and event reference',
  },
};

/** The keys in the help, by group. Those of pages and panels come from their registries. */
export const helpGroups: readonly { title: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Time',
    keys: [
      ['Space', 'Play or pause'],
      ['← →', 'Back or forward: 10 s of recording, or 1 % of a long one'],
      ['Shift ← →', 'Six times as far'],
      ['Alt ← →', 'One record back or forward'],
      [', .', 'Previous or next moment: alert, stop, fence crossing'],
      ['[ ]', 'Loop from here (A), up to here (B)'],
      ['\\', 'Loop over all of it again'],
      ['L', 'Loop on or off'],
      ['+ −', 'Faster or slower'],
      ['Z', 'Zoom the timeline in'],
      ['Shift Z', 'Zoom it out'],
      ['0', 'Show the whole recording'],
      ['N', 'Show the next replay'],
      ['< >', 'Charts: earlier, from the log, or later'],
    ],
  },
  {
    title: 'Subjects and map',
    keys: [
      ['S', 'Next subject'],
      ['Shift S', 'Previous subject'],
      ['G', 'Follow the selected subject'],
      ['F', 'Fit the map to the data'],
      ['B', 'Play only what the map shows; again: play all'],
      ['E', 'Fences: show the list, add, change'],
      ['Esc', 'Deselect, or close'],
    ],
  },
  {
    title: 'Pages',
    keys: [[`${pages[0]?.key} … ${pages.at(-1)?.key}`, pages.map(({ title }) => title).join(', ')]],
  },
  {
    title: 'Panels',
    keys: [
      ...panels.map(({ key, title }) => [key.toUpperCase(), `Go to: ${title}`] as const),
      ['?', 'This help'],
    ],
  },
];
