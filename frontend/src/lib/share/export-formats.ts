import type { CloudEvent } from '../../../../schemas/types.ts';
import { isPlace } from '../live/event-data.ts';

/** The file formats that events can be saved in. */
export const FORMATS = ['csv', 'geojson', 'gpx', 'mcap'] as const;
/** One of `FORMATS`. */
export type Format = (typeof FORMATS)[number];

const GPX = 'http://www.topografix.com/GPX/1/1';

/** Writes events, oldest first, as a file. GeoJSON and GPX hold only events with a place. */
export async function write(
  format: Format,
  events: readonly CloudEvent[],
): Promise<{ content: BlobPart; type: string }> {
  if (format === 'csv') return { content: await csv(events), type: 'text/csv' };
  if (format === 'geojson') return { content: JSON.stringify(geojson(events)), type: 'application/geo+json' };
  if (format === 'gpx') return { content: gpx(events), type: 'application/gpx+xml' };
  const { mcap } = await import('./mcap.ts');
  return { content: await mcap(events), type: 'application/octet-stream' };
}

/** A row for each event: time, channel and subject, then the members of all data. */
async function csv(events: readonly CloudEvent[]): Promise<string> {
  const { unparse } = await import('papaparse');
  const members = [...new Set(events.flatMap(({ data }) => Object.keys(data)))];
  const envelope = ['time', 'channel', 'subject'];
  const cell = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  const rows = events.map(({ time, type, subject, data }) => [
    time,
    type,
    subject,
    ...members.map((name) => cell(data[name])),
  ]);
  // Rename members with the name of an envelope column, so that all columns differ.
  const fields = [...envelope, ...members.map((name) => (envelope.includes(name) ? `data_${name}` : name))];
  return unparse({ fields, data: rows }, { newline: '\n' });
}

function geojson(events: readonly CloudEvent[]): GeoJSON.FeatureCollection<GeoJSON.Point> {
  const features = events.flatMap(({ time, type, subject, data }): GeoJSON.Feature<GeoJSON.Point>[] => {
    if (!isPlace(data)) return [];
    const { latitude, longitude, ...rest } = data;
    const properties = { ...rest, time, channel: type, subject };
    return [{ type: 'Feature', geometry: { type: 'Point', coordinates: [longitude, latitude] }, properties }];
  });
  return { type: 'FeatureCollection', features };
}

/** A track for each subject of each channel. */
function gpx(events: readonly CloudEvent[]): string {
  const document = new DOMParser().parseFromString(
    `<gpx xmlns="${GPX}" version="1.1" creator="Reprise"/>`,
    'text/xml',
  );
  const add = (parent: Element, name: string, text?: string): Element => {
    const child = parent.appendChild(document.createElementNS(GPX, name));
    if (text !== undefined) child.textContent = text;
    return child;
  };
  const segments = new Map<string, Element>();
  for (const { type, subject, time, data } of events) {
    if (!isPlace(data)) continue;
    const key = `${type}\n${subject}`;
    let segment = segments.get(key);
    if (!segment) {
      const track = add(document.documentElement, 'trk');
      add(track, 'name', subject);
      segment = add(track, 'trkseg');
      segments.set(key, segment);
    }
    const point = add(segment, 'trkpt');
    point.setAttribute('lat', String(data.latitude));
    point.setAttribute('lon', String(data.longitude));
    if (typeof data['elevation'] === 'number') add(point, 'ele', String(data['elevation']));
    add(point, 'time', time);
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(document)}\n`;
}
