import { basename } from 'node:path';
import { refusal } from '../../../core/problems/errors.ts';
import { MalformedMcap } from '../format/bytes.ts';

/** Turns a MalformedMcap error of `work` into a refusal that names the file and says what to do. */
export async function asRefusal<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof MalformedMcap)) throw cause;
    throw refusal('recording_broken', `${basename(path)} is not an intact MCAP file: ${cause.message}.`, {
      hint: 'reprise doctor FILE shows all problems; reprise recover FILE OUT.mcap saves what is intact.',
      cause,
    });
  }
}
