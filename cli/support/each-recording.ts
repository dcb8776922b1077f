import { basename } from 'node:path';
import { located } from '../../replayer/playing/located.ts';
import { playableEntries } from '../../replayer/playing/playable-entries.ts';

/**
 * Calls `work` with the path of each recording that a name stands for: several for an archive. Standard input is written
 * to a file first. What was left out of an archive is said on standard error.
 */
export async function eachRecording(name: string, work: (path: string) => Promise<void>): Promise<void> {
  const found = await located(name, { readsAgain: true });
  const { paths, folder } = found;
  try {
    if (paths.length > 1) process.stderr.write(`${basename(name)} holds ${paths.length} recordings.\n`);
    const { notes } = await playableEntries(name, found, work);
    for (const note of notes) process.stderr.write(`${note}\n`);
  } finally {
    await folder?.remove();
  }
}
