import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { located, type Located } from '../playing/located.ts';
import { openRecording } from '../playing/playable.ts';
import { playableEntries } from '../playing/playable-entries.ts';
import { Conversion } from './conversion.ts';
import { outputFormatOf } from './writing/outputs.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { ConvertReport, ConvertRequest } from './convert-request.ts';

/**
 * Writes recordings as one file in time order; its ending says in which format. What is written, read without options,
 * has the same rows, times, subjects, channels and values. The file appears under its name only when it is complete.
 * @throws refusal when an input can't be read, or nothing would be written
 */
export async function convert(request: ConvertRequest): Promise<ConvertReport> {
  const out = resolve(request.out);
  const format = outputFormatOf(out);
  if (request.foxglove && format !== 'mcap')
    throw refusal('output_format', `${basename(out)} is not MCAP, and Foxglove draws MCAP only.`, {
      hint: 'Name a file that ends in .mcap, or leave out --foxglove.',
    });
  if (request.inputs.some((input) => input !== '-' && resolve(input) === out))
    throw refusal('same_file', `${basename(out)} would be written over itself.`, {
      hint: 'Name another file.',
    });
  const notes = new Set<string>();
  const options = { ...request.options, noted: (note: string) => void notes.add(note) };
  const found: Located[] = [];
  let conversion: Conversion | undefined;
  try {
    const inputs: string[] = [];
    for (const input of request.inputs) {
      const each = await located(input, { readsAgain: true });
      found.push(each);
      const playable = await playableEntries(input, each, (path) => probe(path, each, request.options));
      inputs.push(...playable.paths);
      for (const note of playable.notes) notes.add(note);
    }
    conversion = new Conversion(
      { ...request, inputs, options },
      await mkdtemp(join(dirname(out), '.reprise-')),
    );
    // Under its own name, because a reader may take channel and subject from that.
    const folder = join(conversion.folder, 'out');
    await mkdir(folder);
    const part = join(folder, basename(out));
    if (format === 'mcap') await conversion.toMcap(part);
    else await conversion.toRows(part, format);
    const report = await conversion.report(part);
    await rename(part, out);
    const name = format === 'mcap' ? format : format.name;
    return { ...report, out: request.out, format: name, ...(notes.size > 0 && { notes: [...notes] }) };
  } finally {
    if (conversion) await rm(conversion.folder, { recursive: true, force: true });
    for (const { folder } of found) await folder?.remove();
  }
}

/** Opens a recording of several in an archive once, because it may only be named like one. Nothing is read of others. */
async function probe(path: string, { paths }: Located, options: OpenOptions): Promise<void> {
  if (paths.length > 1) await openRecording(path, options);
}
