import { withoutPacking } from '../packing/packings.ts';

/** Turns a file's name into a channel or subject: no folders, no endings, and a dash for any character not allowed. */
export function slug(file: string): string {
  const name = withoutPacking(file.replace(/^.*[\\/]/, '')).replace(/\.[a-z0-9]+$/i, '');
  return (
    name
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 100) || 'recording'
  );
}
