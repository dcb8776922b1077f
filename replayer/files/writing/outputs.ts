import { basename } from 'node:path';
import { refusal } from '../../../core/problems/errors.ts';
import csv from './csv.ts';
import geojson from './geojson.ts';
import gpx from './gpx.ts';
import kml from './kml.ts';
import ndjson from './ndjson.ts';
import parquet from './parquet.ts';
import type { OutputFormat } from './sink.ts';

const MCAP = '.mcap';
const formats: readonly OutputFormat[] = [ndjson, csv, geojson, gpx, kml, parquet];

/** The endings of the files that can be written. */
const outputEndings: readonly string[] = [MCAP, ...formats.flatMap(({ endings }) => endings)];

/** The format that a file's name asks for. @throws refusal `output_format` */
export function outputFormatOf(path: string): OutputFormat | 'mcap' {
  const name = basename(path).toLowerCase();
  const bare = name.replace(/\.gz$/, '');
  const format = formats.find(({ endings }) => endings.some((ending) => bare.endsWith(ending)));
  if (format && (format.isText || bare === name)) return format;
  if (name.endsWith(MCAP)) return 'mcap';
  throw refusal('output_format', `${basename(path)} is not in a format that can be written.`, {
    hint: `The formats are ${outputEndings.join(', ')}; those of text also as .gz.`,
  });
}
