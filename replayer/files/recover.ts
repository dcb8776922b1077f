import { basename, resolve } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { isMcap } from '../playing/playable.ts';
import { recoverMcap } from './recover-mcap.ts';
import type { RecoverReport } from './recover-report.ts';
import { recoverText } from './recover-text.ts';

/**
 * Saves what is intact in a file that is cut off or damaged: every message of an MCAP file whose bytes are there, and every
 * whole line of a text file. @throws refusal when nothing is intact
 */
export async function recover(input: string, out: string): Promise<RecoverReport> {
  if (resolve(input) === resolve(out))
    throw refusal('same_file', `${basename(out)} would be written over itself.`, {
      hint: 'Name another file.',
    });
  const report = (await isMcap(input)) ? await recoverMcap(input, out) : await recoverText(input, out);
  const { attachments = 0, damages } = report;
  if (report.recovered + attachments > 0) return report;
  // An intact MCAP file may hold no message.
  if (report.attachments !== undefined && damages.length === 0) return report;
  throw refusal('nothing_intact', `Nothing in ${basename(input)} is intact.`, {
    hint: damages.map(({ offset, what }) => `Byte ${offset}: ${what}.`)[0] ?? 'It is empty.',
  });
}
