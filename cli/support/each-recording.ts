import { basename } from 'node:path';
import { located } from '../../replayer/playing/located.ts';

/**
 * Calls `work` with the path of each recording that a name stands for: several for an archive. Standard input is written
 * to a file first. What was left out of an archive is said on standard error.
 */
export async function eachRecording(name: string, work: (path: string) => Promise<void>): Promise<void> {
  const { paths, notes, folder } = await located(name, { readsAgain: true });
  try {
    for (const note of notes) process.stderr.write(`${note}\n`);
    if (paths.length > 1) process.stderr.write(`${basename(name)} holds ${paths.length} recordings.\n`);
    for (const path of paths) await work(path);
  } finally {
    await folder?.remove();
  }
}
