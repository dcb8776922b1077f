import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { Conversion } from './conversion.ts';
import { outputFormatOf } from './writing/outputs.ts';
import type { ConvertReport, ConvertRequest } from './convert-request.ts';

/**
 * Writes recordings as one file in time order; its ending says in which format. What is written, read without options,
 * has the same rows, times, subjects, channels and values. The file appears under its name only when it is complete.
 * @throws refusal when an input can't be read, or nothing would be written
 */
export async function convert(request: ConvertRequest): Promise<ConvertReport> {
  const out = resolve(request.out);
  const format = outputFormatOf(out);
  if (request.inputs.some((input) => resolve(input) === out))
    throw refusal('same_file', `${basename(out)} would be written over itself.`, {
      hint: 'Name another file.',
    });
  const conversion = new Conversion(request, await mkdtemp(join(dirname(out), '.reprise-')));
  try {
    // Under its own name, because a reader may take channel and subject from that.
    const folder = join(conversion.folder, 'out');
    await mkdir(folder);
    const part = join(folder, basename(out));
    if (format === 'mcap') await conversion.toMcap(part);
    else await conversion.toRows(part, format);
    const report = await conversion.report(part);
    await rename(part, out);
    return { ...report, out: request.out, format: format === 'mcap' ? format : format.name };
  } finally {
    await rm(conversion.folder, { recursive: true, force: true });
  }
}
