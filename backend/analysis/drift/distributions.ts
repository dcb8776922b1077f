import { createRequire } from 'node:module';

/** Functions of Moshier's Cephes (1989) as WebAssembly; scipy.special uses the same. The `exports` of the package hide its types. */
interface Cephes {
  chdtrc(degrees: number, value: number): number;
  chdtri(degrees: number, tail: number): number;
  kolmogorov(value: number): number;
}

// The CommonJS build is ready at once; the other must be awaited, which would make every importer asynchronous.
const cephes = createRequire(import.meta.url)('cephes') as Cephes;

/** Chance that a chi-squared variable exceeds a value. */
export function chiSquaredTail(value: number, degrees: number): number {
  return cephes.chdtrc(degrees, value);
}

/** The value that a chi-squared variable exceeds with chance `tail`; the inverse of `chiSquaredTail`. */
export function chiSquaredCritical(tail: number, degrees: number): number {
  return cephes.chdtri(degrees, tail);
}

/** Chance that the limit of sqrt(n) * D exceeds a value (Kolmogorov 1933). */
export function kolmogorovTail(value: number): number {
  // Below this the chance is 1 to twelve digits, and at 0 Cephes would never return.
  return value < 0.2 ? 1 : cephes.kolmogorov(value);
}
