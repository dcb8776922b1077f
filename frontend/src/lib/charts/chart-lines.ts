import { known, pickOf } from './metrics.ts';
import type { ChartLine } from './plot.ts';
import type { AppState } from '../app/app-state.svelte.ts';
import type { Subject } from '../live/subjects.ts';
import { texts } from '../ui/texts.ts';

/** Most lines of one chart: more can't be told apart. */
const MOST_LINES = 8;

/** A chart: its name, unit and lines; or why it has none. */
export interface Chart {
  id: string;
  title: string;
  unit: string;
  lines: ChartLine[];
  none: string;
  /** The channel and the member, where a person asked for it. */
  picked?: { channel: string; member: string };
}

/** What there is to chart now: speed, distance and elevation of what moves, else the first numbers of the data. */
export function chartsOf({
  subjects,
  metrics,
  selection,
  front,
  units,
  topology,
}: Pick<AppState, 'subjects' | 'metrics' | 'selection' | 'front' | 'units' | 'topology'>): {
  charts: Chart[];
  shown: number;
  all: number;
} {
  const present = subjects.present().filter(({ root, series }) => front.has(root) && series.size > 0);
  const selected = selection.key === undefined ? undefined : subjects.all.get(selection.key);
  const first = present.slice(0, MOST_LINES);
  if (selected && present.includes(selected) && !first.includes(selected)) first.splice(-1, 1, selected);
  const line = (subject: Subject, factor: number, ...names: string[]): ChartLine[] => {
    const entry = names
      .map((name) => subject.series.get(name))
      .find((found) => found && found.series.length > 0);
    if (!entry) return [];
    return [
      {
        key: subject.key,
        name: subject.name,
        colour: subject.colour,
        strong: subject === selected,
        series: entry.series,
        factor,
      },
    ];
  };
  const lines = (factor: number, ...names: string[]): ChartLine[] =>
    // The selected one last: it is drawn on top.
    first
      .flatMap((subject) => line(subject, factor, ...names))
      .sort((a, b) => Number(a.strong) - Number(b.strong));
  const roots = [...new Set(present.map(({ root }) => root))];
  const generic = roots.flatMap((root) => metrics.generic.get(root) ?? []);
  const t = texts.charts;
  const measured =
    generic.length === 0 ||
    present.some(({ series }) => [...series.keys()].some((metric) => metric in known));
  const charts: Chart[] = measured
    ? [
        {
          id: 'speed',
          title: t.speed,
          unit: units.speedUnit,
          lines: lines(units.perMps, 'speed', 'reported'),
          none: t.none,
        },
        {
          id: 'distance',
          title: t.distance,
          unit: units.lengthUnit,
          lines: lines(units.perMetre, 'distance'),
          none: t.noDistance,
        },
        {
          id: 'elevation',
          title: t.elevation,
          unit: units.lengthUnit,
          lines: lines(units.perMetre, 'elevation'),
          none: t.noElevation,
        },
      ]
    : [...new Set(generic)]
        .slice(0, 3)
        .map((name) => ({ id: name, title: name, unit: '', lines: lines(1, name), none: t.none }));
  for (const [channel, members] of metrics.picked) {
    const root = topology.root(channel);
    for (const member of members) {
      const id = pickOf(channel, member);
      const those = [...subjects.all.values()].filter(
        (subject) => subject.root === root && subject.series.has(id),
      );
      const some = those.slice(0, MOST_LINES);
      if (selected && those.includes(selected) && !some.includes(selected)) some.splice(-1, 1, selected);
      const picked = { channel, member };
      charts.push({
        id,
        title: member,
        unit: channel,
        lines: some.flatMap((subject) => line(subject, 1, id)),
        none: t.none,
        picked,
      });
    }
  }
  return { charts, shown: first.length, all: present.length };
}

/** The event times that the charts show, ms: the last `windowS` seconds before the newest value, or all there is. */
export function windowOf(
  charts: readonly Chart[],
  windowS: number | undefined,
): [number, number] | undefined {
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
  return [windowS === undefined ? from : Math.max(from, to - windowS * 1000), to];
}
