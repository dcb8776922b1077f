import { bzip2 } from './bzip2.ts';
import { gzip } from './gzip.ts';
import type { Packing } from './packing.ts';
import { xz } from './xz.ts';
import { zstd } from './zstd.ts';

/** How many bytes of the beginning tell every packing. A slow pipe must not wait for more. */
export const HEAD_BYTES = 6;

/** The packings of single streams; archives are in `archives/`. */
export const packings: readonly Packing[] = [gzip, zstd, xz, bzip2];

const NAMED_ENDING = new RegExp(
  `(?:${packings.flatMap(({ endings }) => endings.map((ending) => `\\${ending}`)).join('|')})+$`,
  'i',
);

/** A file name without the endings of packings: `trip.csv.gz` becomes `trip.csv`. */
export function withoutPacking(name: string): string {
  return name.replace(NAMED_ENDING, '');
}

/** The packing that a file name ends with; undefined for none. */
export function packingNamed(name: string): Packing | undefined {
  return packings.find(({ endings }) => endings.some((ending) => name.toLowerCase().endsWith(ending)));
}

/** The packing that the first bytes show; undefined for none. */
export function packingOf(head: Buffer): Packing | undefined {
  return packings.find((packing) => packing.matches(head));
}
