import type { ParamsOf } from '../engine/params.ts';
import { Adwin, type AdwinState } from './adwin.ts';
import { ChiSquared } from './chi-squared.ts';
import type { Detector } from './detector.ts';
import { KolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { PageHinkley, type PageHinkleyState } from './page-hinkley.ts';
import { Psi } from './psi.ts';
import type { WindowComparisonState } from './window-comparison.ts';

/** Windows are state, which is written with each commit: they must stay small. */
const MAX_EVENTS = 2_000;

/** A parameter that counts events. */
export const EVENTS = { type: 'integer', minimum: 1, maximum: MAX_EVENTS, default: 100 } as const;

/** The parameters of the detectors: each detector uses some of them. */
export const detectorParams = {
  check_every: {
    ...EVENTS,
    default: 8,
    description: 'Look for a change after this many values. Page-Hinkley looks at each value.',
  },
  delta: {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 0.5,
    default: 0.002,
    description: 'adwin: bounds the chance of a false alarm at one look.',
  },
  allowed_sds: {
    type: 'number',
    minimum: 0,
    default: 0.25,
    description:
      'page-hinkley: distance from the mean that does not add up, in standard deviations; use half the smallest change of interest.',
  },
  threshold_sds: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 25,
    description: 'page-hinkley: the sum at which an alert is raised, in standard deviations.',
  },
  warm_up_events: { ...EVENTS, description: 'page-hinkley: number of first values that only find the mean.' },
  reference_events: {
    ...EVENTS,
    default: 200,
    description: 'ks, psi, chi-squared: number of first values, which later ones are compared with.',
  },
  window_events: { ...EVENTS, description: 'ks, psi, chi-squared: number of latest values to compare.' },
  alpha: {
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 0.5,
    default: 0.00001,
    description: 'ks, psi, chi-squared: the chance of a false alarm at one look.',
  },
  min_psi: {
    type: 'number',
    minimum: 0,
    default: 0.1,
    description:
      'psi: a smaller index raises no alert. By convention 0.1 is a noticeable and 0.25 a major change.',
  },
  bins: {
    type: 'integer',
    minimum: 2,
    maximum: 100,
    default: 10,
    description: 'psi: number of bins that numbers are sorted into.',
  },
} as const;

/** Values of the detectors' parameters. */
export type DetectorSettings = ParamsOf<{
  type: 'object';
  properties: typeof detectorParams;
  additionalProperties: false;
}>;

/** A kind of detector, and the values that it takes. */
interface DetectorKind {
  takes: 'numbers' | 'categories' | 'both';
  /** Creates a detector, or continues from the state of another with the same settings. */
  open(settings: DetectorSettings, state?: unknown): Detector<never>;
}

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
      new KolmogorovSmirnov(windowSettings(settings), state as WindowComparisonState<number> | undefined),
  },
  psi: {
    takes: 'both',
    open: (settings, state) =>
      new Psi(
        { ...windowSettings(settings), minPsi: settings.min_psi, bins: settings.bins },
        state as WindowComparisonState<string | number> | undefined,
      ),
  },
  'chi-squared': {
    takes: 'categories',
    open: (settings, state) =>
      new ChiSquared(windowSettings(settings), state as WindowComparisonState<string> | undefined),
  },
} satisfies { [name: string]: DetectorKind };

/** The name of a detector. */
export type DetectorName = keyof typeof detectors;

function windowSettings(settings: DetectorSettings) {
  return {
    referenceEvents: settings.reference_events,
    windowEvents: settings.window_events,
    checkEvery: settings.check_every,
    alpha: settings.alpha,
  };
}
