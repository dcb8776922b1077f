import { Registry, type Metric as Registered } from 'prom-client';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Metric } from '../../../schemas/types.ts';

/** A metric as prom-client's registry reads it. Its own metric classes can only be filled by single observations. */
interface Family {
  name: string;
  help: string;
  type: 'counter' | 'histogram';
  values: { value: number; labels: { [name: string]: string }; metricName: string }[];
}

const FIELD = /^(\S+) (\S+) (\{.*\}) (total|sum|le:\S+)$/;

/** What services have counted and observed since the data in Redis began, by service, metric and labels. */
export async function readMetrics(
  redis: Redis,
  service?: string,
  hash: string = keys.metrics,
): Promise<Metric[]> {
  const found = new Map<string, Metric>();
  for (const [field, value] of Object.entries(await redis.hgetall(hash))) {
    const [, of, metric, labels, part] = FIELD.exec(field) ?? [];
    if (part === undefined || (service !== undefined && of !== service)) continue;
    const kind = part === 'total' ? 'count' : 'distribution';
    const key = `${of} ${metric} ${labels} ${kind}`;
    let entry = found.get(key);
    if (!entry) {
      const common = { service: of!, metric: metric!, labels: JSON.parse(labels!) as Metric['labels'] };
      entry =
        kind === 'count' ? { ...common, kind, value: 0 } : { ...common, kind, value: 0, sum: 0, buckets: [] };
      found.set(key, entry);
    }
    if (part === 'total') entry.value = Number(value);
    else if (part === 'sum') entry.sum = Number(value);
    else entry.buckets!.push({ upTo: boundOf(part), count: Number(value) });
  }
  for (const entry of found.values()) if (entry.buckets) accumulate(entry);
  return Array.from(found)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry);
}

/** The same in the Prometheus text format. */
export async function metricsText(redis: Redis): Promise<string> {
  const registry = new Registry();
  const families = new Map<string, Family>();
  for (const { service, metric, labels, kind, value, sum, buckets } of await readMetrics(redis)) {
    const isCount = kind === 'count';
    const name = `reprise_service_${metric}${isCount && !metric.endsWith('_total') ? '_total' : ''}`;
    const key = `${name} ${kind}`;
    let family = families.get(key);
    if (!family) {
      const help = `What services ${isCount ? 'count' : 'observe'} as ${metric}.`;
      family = { name, help, type: isCount ? 'counter' : 'histogram', values: [] };
      families.set(key, family);
    }
    const of = { ...labels, service };
    if (isCount) {
      family.values.push({ value, labels: of, metricName: name });
      continue;
    }
    const all = [...buckets!.filter(({ upTo }) => upTo !== null), { upTo: '+Inf', count: value }];
    for (const { upTo, count } of all)
      family.values.push({
        value: count,
        labels: { ...of, le: String(upTo) },
        metricName: `${name}_bucket`,
      });
    family.values.push({ value: sum!, labels: of, metricName: `${name}_sum` });
    family.values.push({ value, labels: of, metricName: `${name}_count` });
  }
  for (const family of families.values())
    registry.registerMetric({ ...family, get: async () => family } as unknown as Registered);
  return registry.metrics();
}

const boundOf = (part: string) => {
  const bound = Number(part.slice('le:'.length));
  return Number.isFinite(bound) ? bound : null;
};

/** Makes buckets cumulative: each then counts all values up to its bound. */
function accumulate(entry: Metric): void {
  const buckets = entry.buckets!.sort((a, b) => (a.upTo ?? Infinity) - (b.upTo ?? Infinity));
  let total = 0;
  for (const bucket of buckets) bucket.count = total += bucket.count;
  entry.value = total;
}
