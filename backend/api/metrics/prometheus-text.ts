/** Values of one metric, each with its labels. */
export type Samples = [labels: { [name: string]: string }, value: number][];

/** A metric in the text format of Prometheus; empty without a value. */
export function metricText(name: string, type: 'gauge' | 'counter', help: string, samples: Samples): string {
  if (samples.length === 0) return '';
  const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n\n`;
}

/** Labels as Prometheus writes them. */
export function labelsText(labels: { [name: string]: string }): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
