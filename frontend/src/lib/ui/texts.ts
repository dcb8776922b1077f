/** Texts that several rooms share. The other texts of a room are in its own texts.ts. */
export const texts = {
  name: 'Reprise',
  loading: 'Loading…',
  loadFailed: 'This panel could not be loaded.',
  loadFailedHint: 'The page was probably updated in the meantime. Reload it.',
  reload: 'Reload the page',
  close: 'Close',
  dismiss: 'Dismiss',
  openFile: 'Open a file',
  openFileHint:
    'CSV, JSON, GPX, KML, GeoJSON, NMEA, Parquet, MCAP and many more; also packed (.gz, .zst, .xz, .bz2) or in a .zip or .tar. The file is uploaded and starts at 1×.',
};
