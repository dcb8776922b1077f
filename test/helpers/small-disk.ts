import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder on a disk of its own of this size, for example `2m`; null where this user may not mount one. */
export function smallDisk(size: string): { path: string; remove(): void } | null {
  const path = mkdtempSync(join(tmpdir(), 'reprise-disk-'));
  const remove = () => rmSync(path, { recursive: true, force: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    remove();
    return null;
  }
  return {
    path,
    remove() {
      execFileSync('umount', ['-l', path]);
      remove();
    },
  };
}
