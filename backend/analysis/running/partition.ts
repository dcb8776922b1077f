import { refusal } from '../../../core/problems/errors.ts';

/** One of `count` partitions of a service, which divide its keys among them; `index` counts from 1. */
export interface Partition {
  index: number;
  count: number;
}

/** Parses a text such as "2/3". @throws refusal `config_invalid` */
export function parsePartition(text: string): Partition {
  const [, index, count] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const partition = { index: Number(index), count: Number(count) };
  if (!(partition.index >= 1 && partition.index <= partition.count))
    throw refusal('config_invalid', `"${text}" is not a valid partition.`, {
      hint: 'Write 1/3, 2/3 and 3/3 for three processes.',
    });
  return partition;
}

/** Whether a key is in this partition. Each key is in exactly one (FNV-1a over its UTF-16 units). */
export function ownsKey({ index, count }: Partition, key: string): boolean {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count === index - 1;
}

/** The name of a partition of a service; the name of the service if it is not partitioned. */
export function partitionName(service: string, partition: Partition | null): string {
  return partition ? `${service}#${partition.index}/${partition.count}` : service;
}

/** Whether a name is that of the service, or of a partition of it, with another number of partitions. */
export function isOtherPartitioning(name: string, service: string, partition: Partition | null): boolean {
  if (name === service) return partition !== null;
  if (!name.startsWith(`${service}#`)) return false;
  const count = /^\d+\/(\d+)$/.exec(name.slice(service.length + 1))?.[1];
  return count !== undefined && Number(count) !== partition?.count;
}
