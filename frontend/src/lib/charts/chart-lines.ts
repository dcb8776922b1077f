import { LivelyChoice } from '../live/subjects/liveliness.ts';
import type { SubjectSelection } from '../live/subjects/subject-selection.svelte.ts';
import type { Subject, Subjects } from '../live/subjects/subjects.ts';
import type { Topology } from '../live/topology.ts';
import type { TimeRange } from '../ui/time-range.ts';
import type { Units } from '../ui/units.svelte.ts';
import { addedMetricOf, known, type Metrics } from './metrics.ts';
import type { ChartLine } from './plot-data.ts';
import { texts } from './texts.ts';

/** The most lines in one chart: more can't be told apart. */
export const MOST_LINES = 8;
const MOST_GENERIC = 3;

/** A chart: title, unit and lines; `none` says why there are no lines. */
export interface Chart {
  id: string;
  title: string;
  unit: string;
  lines: ChartLine[];
  none: string;
  /** The channel and member of a chart that the person added. */
  added?: { channel: string; member: string };
}

/** The parts of the page that charts are made of. */
export interface ChartSources {
  readonly subjects: Subjects;
  readonly metrics: Metrics;
  readonly selection: SubjectSelection;
  readonly units: Units;
  readonly topology: Topology;
  readonly watched: { readonly front: ReadonlySet<string> };
  /** Chooses the subjects with lines where there are too many; a new choice by default. */
  readonly choice?: LivelyChoice;
}

/** All charts, and how many of the subjects they show. */
export interface ChartList {
  charts: Chart[];
  shown: number;
  all: number;
}

/**
 * The charts to show now: speed, distance and elevation of what moves, otherwise the first numbers of the data; then those
 * that the person added.
 */
export function chartsOf(sources: ChartSources): ChartList {
  const { subjects, metrics, selection, watched } = sources;
  const present = subjects.present().filter(({ root, series }) => watched.front.has(root) && series.size > 0);
  const selected = selection.key === undefined ? undefined : subjects.all.get(selection.key);
  const shown = chosenWith(present, selected, sources.choice);
  const generic = new Set(
    [...new Set(present.map(({ root }) => root))].flatMap((root) => metrics.generic.get(root) ?? []),
  );
  const measured =
    generic.size === 0 || present.some(({ series }) => [...series.keys()].some((metric) => metric in known));
  const charts = [
    ...(measured ? movementCharts(sources, shown, selected) : genericCharts(generic, shown, selected)),
    ...addedCharts(sources, selected),
  ];
  return { charts, shown: shown.length, all: present.length };
}

function movementCharts(
  { units }: ChartSources,
  subjects: Subject[],
  selected: Subject | undefined,
): Chart[] {
  const { speedUnit, lengthUnit, perMps, perMetre } = units;
  const lines = (factor: number, ...metrics: string[]) => linesOf(subjects, selected, factor, metrics);
  return [
    {
      id: 'speed',
      title: texts.speed,
      unit: speedUnit,
      lines: lines(perMps, 'speed', 'reported'),
      none: texts.none,
    },
    {
      id: 'distance',
      title: texts.distance,
      unit: lengthUnit,
      lines: lines(perMetre, 'distance'),
      none: texts.noDistance,
    },
    {
      id: 'elevation',
      title: texts.elevation,
      unit: lengthUnit,
      lines: lines(perMetre, 'elevation'),
      none: texts.noElevation,
    },
  ];
}

const genericCharts = (
  members: ReadonlySet<string>,
  subjects: Subject[],
  selected: Subject | undefined,
): Chart[] =>
  [...members].slice(0, MOST_GENERIC).map((member) => ({
    id: member,
    title: member,
    unit: '',
    lines: linesOf(subjects, selected, 1, [member]),
    none: texts.none,
  }));

function addedCharts({ subjects, metrics, topology }: ChartSources, selected: Subject | undefined): Chart[] {
  return [...metrics.added].flatMap(([channel, members]) => {
    const root = topology.root(channel);
    return [...members].map((member): Chart => {
      const id = addedMetricOf(channel, member);
      const all = [...subjects.all.values()].filter(
        (subject) => subject.root === root && subject.series.has(id),
      );
      const lines = chosenWith(all, selected).flatMap((subject) => lineOf(subject, selected, 1, [id]));
      return { id, title: member, unit: channel, lines, none: texts.none, added: { channel, member } };
    });
  });
}

/** The liveliest subjects that fit into a chart; the selected one takes the place of the last. */
function chosenWith(
  all: readonly Subject[],
  selected: Subject | undefined,
  choice = new LivelyChoice(MOST_LINES),
): Subject[] {
  const chosen = choice.of(all);
  if (selected && all.includes(selected) && !chosen.includes(selected)) chosen.splice(-1, 1, selected);
  return chosen;
}

/** The line of each subject; the selected one last, so that it is drawn on top. */
const linesOf = (
  subjects: readonly Subject[],
  selected: Subject | undefined,
  factor: number,
  metrics: readonly string[],
): ChartLine[] =>
  subjects
    .flatMap((subject) => lineOf(subject, selected, factor, metrics))
    .sort((a, b) => Number(a.strong) - Number(b.strong));

/** The line of a subject for the first of the metrics that has values; empty without any. */
function lineOf(
  subject: Subject,
  selected: Subject | undefined,
  factor: number,
  metrics: readonly string[],
): ChartLine[] {
  const series = metrics
    .map((metric) => subject.series.get(metric)?.series)
    .find((each) => each && each.length > 0);
  const { key, name, colour } = subject;
  return series ? [{ key, name, colour, strong: subject === selected, series, factor }] : [];
}

/** The event times that the charts show, ms: the last `windowS` seconds before the newest value, or all there is. */
export function windowOf(charts: readonly Chart[], windowS: number | undefined): TimeRange | undefined {
  let from = Infinity;
  let to = -Infinity;
  for (const { lines } of charts) {
    for (const { series } of lines) {
      if (series.length === 0) continue;
      from = Math.min(from, series.times[0] as number);
      to = Math.max(to, series.times[series.length - 1] as number);
    }
  }
  if (to === -Infinity) return undefined;
  return { from: windowS === undefined ? from : Math.max(from, to - windowS * 1000), to };
}
