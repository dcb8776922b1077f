import { Adwin, type AdwinState } from './adwin.ts';
import { ChiSquared } from './chi-squared.ts';
import type { Detector } from './detector.ts';
import { KolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { PageHinkley, type PageHinkleyState } from './page-hinkley.ts';
import { Psi } from './psi.ts';
import type { WindowComparisonState } from './window-comparison.ts';

/** Settings of all detectors: each has its own, and they share those of the windows. */
export interface DetectorSettings {
  check_every: number;
  /** ADWIN. */
  delta: number;
  /** Page-Hinkley. */
  allowed_sds: number;
  threshold_sds: number;
  warm_up_events: number;
  /** Those that compare windows. */
  reference_events: number;
  window_events: number;
  alpha: number;
  /** PSI. */
  min_psi: number;
  bins: number;
}

/** A detector, and which values it takes. */
interface DetectorKind {
  takes: 'numbers' | 'categories' | 'both';
  /** A detector at its beginning, or where another one of the same settings was. */
  open(settings: DetectorSettings, state?: unknown): Detector<never>;
}

const windows = (settings: DetectorSettings) => ({
  referenceEvents: settings.reference_events,
  windowEvents: settings.window_events,
  checkEvery: settings.check_every,
  alpha: settings.alpha,
});

/** The detectors by name. */
export const detectors = {
  adwin: {
    takes: 'numbers',
    open: ({ delta, check_every: checkEvery }, state) =>
      new Adwin({ delta, checkEvery }, state as AdwinState | undefined),
  },
  'page-hinkley': {
    takes: 'numbers',
    open: ({ allowed_sds: allowed, threshold_sds: threshold, warm_up_events: warmUp }, state) =>
      new PageHinkley(
        { allowed, threshold, warmUp, standardized: true },
        state as PageHinkleyState | undefined,
      ),
  },
  ks: {
    takes: 'numbers',
    open: (settings, state) =>
      new KolmogorovSmirnov(windows(settings), state as WindowComparisonState<number> | undefined),
  },
  psi: {
    takes: 'both',
    open: (settings, state) =>
      new Psi(
        { ...windows(settings), minPsi: settings.min_psi, bins: settings.bins },
        state as WindowComparisonState<string | number> | undefined,
      ),
  },
  'chi-squared': {
    takes: 'categories',
    open: (settings, state) =>
      new ChiSquared(windows(settings), state as WindowComparisonState<string> | undefined),
  },
} satisfies { [name: string]: DetectorKind };

export type DetectorName = keyof typeof detectors;
