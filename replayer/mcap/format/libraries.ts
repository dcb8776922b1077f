/** The library that a file of ours names in its header: what it holds was checked when it was written. */
export const LIBRARY = 'reprise 1';
/** Of a file that was copied by us from one which was not ours. */
export const COPIED_LIBRARY = 'copied by reprise 1';

/** Whether the data in a file need not be looked at. */
export function isTrusted(library: string): boolean {
  return library.startsWith('reprise ');
}
