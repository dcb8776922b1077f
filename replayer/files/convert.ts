import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { Conversion } from './conversion.ts';
import type { ConvertReport, ConvertRequest } from './convert-request.ts';

/**
 * Writes recordings as one file in time order: .mcap, .ndjson or .csv, the last two also as .gz. The file appears under
 * its name only when it is complete. @throws refusal when an input can't be read, or nothing would be written
 */
export async function convert(request: ConvertRequest): Promise<ConvertReport> {
  const out = resolve(request.out);
  const format = formatOfOutput(out);
  if (request.inputs.some((input) => resolve(input) === out))
    throw refusal('same_file', `${basename(out)} would be written over itself.`, {
      hint: 'Name another file.',
    });
  const conversion = new Conversion(request, await mkdtemp(join(dirname(out), '.reprise-')));
  try {
    const part = join(conversion.folder, `out${/(\.[a-z]+)(\.gz)?$/.exec(out.toLowerCase())![0]}`);
    if (format === 'mcap') await conversion.toMcap(part);
    else await conversion.toText(part, format === 'csv');
    const report = await conversion.report(part);
    await rename(part, out);
    return { ...report, out: request.out, format };
  } finally {
    await rm(conversion.folder, { recursive: true, force: true });
  }
}

function formatOfOutput(out: string): 'mcap' | 'ndjson' | 'csv' {
  const match = /\.(mcap|(?:ndjson|jsonl|csv)(?:\.gz)?)$/.exec(out.toLowerCase());
  if (match) return match[1] === 'mcap' ? 'mcap' : match[1]!.startsWith('csv') ? 'csv' : 'ndjson';
  throw refusal('output_format', `${basename(out)} is not in a format that can be written.`, {
    hint: 'The formats are .mcap, .ndjson and .csv; the last two also as .gz.',
  });
}
