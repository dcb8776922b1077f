/** The library in the header of files that Reprise writes. Their data were checked before they were written. */
export const LIBRARY = 'reprise 1';
/** The library in the header of files into which Reprise copied data of other writers, unchecked. */
export const COPIED_LIBRARY = 'copied by reprise 1';

/** Whether the data of a file with this library were checked before they were written. */
export function isTrusted(library: string): boolean {
  return library.startsWith('reprise ');
}
