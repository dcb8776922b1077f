import type { CloudEvent } from '../../../../schemas/types.ts';
import { isPlace } from '../live/event-data.ts';
import { dataTexts } from '../live/json/event-text.ts';
import { readable } from '../live/json/raw-json.ts';

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
  if (format === 'geojson') return { content: geojson(events), type: 'application/geo+json' };
  if (format === 'gpx') return { content: gpx(events), type: 'application/gpx+xml' };
  const { mcap } = await import('./mcap.ts');
  return { content: await mcap(events), type: 'application/octet-stream' };
}

/** A row for each event: time, channel and subject, then the members of all data. */
async function csv(events: readonly CloudEvent[]): Promise<string> {
  const { unparse } = await import('papaparse');
  const data = events.map(dataTexts);
  const members = [...new Set(data.flatMap((texts) => [...texts.keys()]))];
  const envelope = ['time', 'channel', 'subject'];
  const cell = (text: string | undefined): string =>
    text === undefined || text === 'null' ? '' : readable(text);
  const rows = events.map(({ time, type, subject }, i) => [
    time,
    type,
    subject,
    ...members.map((name) => cell(data[i]?.get(name))),
  ]);
  // Rename members with the name of an envelope column, so that all columns differ.
  const fields = [...envelope, ...members.map((name) => (envelope.includes(name) ? `data_${name}` : name))];
  return unparse({ fields, data: rows }, { newline: '\n' });
}

/** Written from the texts of the values, so that no digit is lost. */
function geojson(events: readonly CloudEvent[]): string {
  const features = events.flatMap((event) => {
    if (!isPlace(event.data)) return [];
    const { time, type, subject } = event;
    const texts = dataTexts(event);
    const place = `[${texts.get('longitude')},${texts.get('latitude')}]`;
    texts.delete('longitude');
    texts.delete('latitude');
    for (const [name, value] of Object.entries({ time, channel: type, subject }))
      texts.set(name, JSON.stringify(value));
    const properties = [...texts].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join();
    const geometry = `{"type":"Point","coordinates":${place}}`;
    return [`{"type":"Feature","geometry":${geometry},"properties":{${properties}}}`];
  });
  return `{"type":"FeatureCollection","features":[${features.join()}]}`;
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
  for (const event of events) {
    const { type, subject, time, data } = event;
    if (!isPlace(data)) continue;
    const texts = dataTexts(event);
    const key = `${type}\n${subject}`;
    let segment = segments.get(key);
    if (!segment) {
      const track = add(document.documentElement, 'trk');
      add(track, 'name', subject);
      segment = add(track, 'trkseg');
      segments.set(key, segment);
    }
    const point = add(segment, 'trkpt');
    point.setAttribute('lat', texts.get('latitude') ?? '');
    point.setAttribute('lon', texts.get('longitude') ?? '');
    if (typeof data['elevation'] === 'number') add(point, 'ele', texts.get('elevation'));
    add(point, 'time', time);
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(document)}\n`;
}
