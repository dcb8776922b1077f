import { counted } from '../../lib/ui/format.ts';

/** Texts of the page Recordings. */
export const recordingsTexts = {
  title: 'Recordings',
  lead: 'Recordings are files of timestamped records. Play, cut or convert them here.',
  list: 'All recordings',
  none: 'No recordings yet',
  noneHint: 'Drop files here, or copy them into the recordings folder.',
  notFound: (name: string) => `There is no recording “${name}”.`,
  choose: 'Select a recording to see what it contains.',
  facts: (format: string, size: string) => `${format}, ${size}`,
  deleted: (name: string) => `${name} deleted.`,
};

/** Texts of a single recording. */
export const recordingTexts = {
  play: 'Play',
  download: 'Download',
  cut: 'Cut…',
  convert: 'Convert…',
  delete: 'Delete',
  deleteTitle: (name: string) => `Delete “${name}”?`,
  deleteHint: 'The file is deleted permanently. A replay that plays it continues with what it has read.',
  reading: 'Reading the file…',
  channel: 'Channel',
  channels: 'Channels',
  channelText: (channel: string, records: number) => `${channel} (${counted(records, 'record')})`,
  records: 'Records',
  time: 'Time range',
  duration: 'Duration',
  gap: 'Longest gap',
  subjects: 'Subjects',
  moreSubjects: (n: number) => `and ${n.toLocaleString('en')} more`,
  area: 'Area',
  areaText: (west: number, south: number, east: number, north: number) =>
    `${south.toFixed(3)}° to ${north.toFixed(3)}° north, ${west.toFixed(3)}° to ${east.toFixed(3)}° east`,
  histogram: (time: string) => `Records per ${time}`,
};

/** Texts of uploads. */
export const uploadTexts = {
  title: 'Upload',
  lead: 'Drop files anywhere on this page, or choose them: CSV, JSON, GPX, KML, GeoJSON, NMEA, Parquet, MCAP and many more; also packed (.gz, .zst, .xz, .bz2) or several in a .zip or .tar.',
  choose: 'Choose files',
  uploading: (share: number) => `Uploading, ${Math.round(share * 100)} %`,
  reading: 'Uploaded. Reading the file…',
  done: 'Uploaded.',
  exists: 'A different recording with this name exists.',
  replace: 'Replace',
  keep: 'Keep existing',
  failed: 'The upload failed.',
  retry: 'Retry',
  cancel: (name: string) => `Cancel the upload of ${name}`,
  dismiss: (name: string) => `Dismiss ${name}`,
  show: 'Show recording',
  uploaded: (name: string) => `${name} uploaded.`,
};

/** What a reading of the whole file has found. */
export const reportTexts = {
  complete: (records: number) => `${counted(records, 'record')} can be played. No rows were refused.`,
  refused: (rows: number, records: number) =>
    `${counted(rows, 'row')} refused. ${counted(records, 'record')} can be played.`,
  reason: (line: number, reason: string) =>
    line > 0 ? `Line ${line.toLocaleString('en')}: ${reason}` : reason,
  moreRefused: (n: number) => `and ${n.toLocaleString('en')} more.`,
  unordered: (n: number) => `${counted(n, 'record')} out of order. They are sorted by time when played.`,
};

/** Texts of the dialog that cuts or converts a recording. */
export const writeTexts = {
  cut: (name: string) => `Cut ${name}`,
  convert: (name: string) => `Convert ${name}`,
  cutHint: 'Writes a time range to a new recording. The original does not change.',
  convertHint: 'Writes a sorted and checked copy. The original does not change.',
  options: (options: string) => `It is read with the options of this page: ${options}.`,
  from: 'From',
  to: 'To',
  timeHint: 'An ISO 8601 time, or an offset from the start such as 90s.',
  name: 'Name of the new recording',
  nameHint: 'Letters, digits, space and _ - . = , + @',
  format: 'Format',
  formats: {
    mcap: 'MCAP: indexed and compressed',
    'ndjson.gz': 'NDJSON, gzip',
    ndjson: 'NDJSON: a row per line',
    'csv.gz': 'CSV, gzip',
    csv: 'CSV: a table',
    parquet: 'Parquet: a table with types and places',
    geojson: 'GeoJSON: a feature per row',
    gpx: 'GPX: a track per subject',
    kml: 'KML: a track per subject',
  },
  compression: 'Compression',
  compressions: { lz4: 'LZ4: fastest to play', zstd: 'Zstandard: half the size', none: 'None' },
  action: { cut: 'Cut', convert: 'Convert' },
  waiting: 'Waiting for a worker…',
  writing: 'Writing the recording…',
  cancel: 'Cancel',
  canceled: 'Canceled. Nothing was written.',
  failed: 'The recording could not be written.',
  done: (name: string, size: string) => `${name} written, ${size}.`,
  complete: (rows: number) => `All ${counted(rows, 'row')} that were read are written.`,
  counts: (read: number, written: number, refused: number) =>
    `${counted(read, 'row')} read, ${written.toLocaleString('en')} written, ${refused.toLocaleString('en')} refused.`,
  leftOut: (rows: number, reason: string) => `${counted(rows, 'row')} left out: ${reason}.`,
  absent: (values: number) => `${counted(values, 'value')} left out that stand for “no value”.`,
  show: 'Show recording',
  task: 'Show task',
};

/** Texts of how a recording is read. */
export const readingTexts = {
  title: 'How it is read',
  guesses: (n: number) =>
    `${counted(n, 'decision')} could as well be another. Check the guesses, and change what is wrong.`,
  option: 'Option',
  value: 'Value',
  certainty: 'Certainty',
  because: 'Because',
  certainties: { certain: 'certain', likely: 'likely', guess: 'a guess' },
  instead: (value: string, because: string) => `Or ${value}: ${because}.`,
  use: (value: string) => `Use ${value}`,
  inferred: (value: string) => `${value} (inferred)`,
  none: 'none',
  preview: (n: number) => `The first ${counted(n, 'record')}`,
  changed: 'Play uses these options.',
  time: 'Time',
  channel: 'Channel',
  subject: 'Subject',
  data: 'Data',
  names: {
    format: 'Format',
    encoding: 'Encoding',
    delimiter: 'Delimiter',
    header: 'Header row',
    columns: 'Columns',
    skipLines: 'Lines of titles',
    units: 'Row of units',
    comment: 'Comment lines',
    decimal: 'Decimal sign',
    text: 'Text columns',
    rows: 'Arrays of rows',
    channel: 'Channel',
    channels: 'Channels',
    time: 'Time column',
    timeFormat: 'Time format',
    tz: 'Time zone',
    subject: 'Subject column',
    coordinates: 'Coordinates',
    rename: 'Renamed',
    lifted: 'Nested or converted',
  } as Record<string, string>,
};
