import { count, counted } from '../ui/format.ts';

const OUTLIERS: Record<string, string> = {
  invalid: 'coordinates out of range',
  null_island: 'latitude and longitude 0',
  jump: 'too far to have been reached',
  speed: 'its positions contradict its speed',
};

/** Texts of the map. */
export const texts = {
  label: 'Map of moving subjects',
  keys: 'Arrow keys move the map, plus and minus zoom. Choose a subject in the list of subjects.',
  fit: 'Fit to data',
  trails: 'Trails',
  trail: { off: 'No trails', short: 'Short', long: 'Long', all: 'Whole' },
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  noWebgl: 'The map needs WebGL, which this browser does not offer.',
  noWebglHint:
    'Charts, events and transport work without it. Allow hardware acceleration, or use another browser.',
  waiting: 'Waiting for the first position…',
  noPositions: 'These events have no latitude and longitude. See charts and events.',
  outlier: (reason: string) => `Outlier: ${OUTLIERS[reason] ?? reason}`,
  cluster: (n: number) => `${counted(n, 'subject')}; click to zoom in`,
  restored: 'as it was before the start',
  showSubjects: 'Show the list of subjects',
  hideSubjects: 'Hide the list of subjects',
};

/** Texts of the fences and their editor. */
export const fenceTexts = {
  title: 'Fences',
  none: 'There is no fence yet.',
  add: 'New fence',
  edit: (name: string) => `Change ${name}`,
  remove: (name: string) => `Remove ${name}`,
  sure: 'Remove it?',
  name: 'Name',
  namePlaceholder: 'Harbour',
  save: 'Save',
  saving: 'Saving…',
  cancel: 'Cancel',
  how: 'Drag the corners, or move them with the arrow keys. A small dot adds a corner, Delete removes one.',
  corner: (n: number) => `Corner ${n}`,
  between: (n: number) => `Add a corner after corner ${n}`,
};

/** Texts of the area filter. */
export const filterTexts = {
  title: 'Filter and fences',
  box: 'Play only what is in a box',
  lasso: 'Play only the subjects in a lasso',
  drawing: {
    box: 'Draw a box on the map. Esc cancels.',
    lasso: 'Draw around subjects. Esc cancels.',
  },
  active: { box: 'Only in the box', lasso: (n: string) => `Only the ${n} in the lasso` },
  clear: 'Play all again',
  hidden: (n: number) => `${count(n)} hidden`,
  hiddenHint: (n: number) => `The filter on the map hides ${counted(n, 'subject')}. Click to play all again.`,
  allHidden: (n: number) => `The filter hides all ${counted(n, 'subject')}.`,
  nobody: 'No subject is inside.',
};

/** Shown while nothing is playing. */
export const emptyTexts = {
  title: 'Nothing is playing',
  lead: 'Drop a recording (CSV, JSON, GPX, KML, GeoJSON, NMEA, Parquet, MCAP and many more; packed or in an archive, too) anywhere on this page to play it onto Redis.',
  choose: 'Choose a file',
  orRecording: 'Or play a recording that is already here',
  orShell: 'Or in a terminal',
  command: 'npx reprise play FILE',
};
