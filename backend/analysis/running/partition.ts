import { refusal } from '../../../core/problems/errors.ts';

/** One of `count` parts of a service's keys; `index` counts from 1. */
export interface Partition {
  index: number;
  count: number;
}

/** @throws refusal where it is not as in "2/3" */
export function parsePartition(text: string): Partition {
  const [, index, count] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const partition = { index: Number(index), count: Number(count) };
  if (!(partition.index >= 1 && partition.index <= partition.count))
    throw refusal('config_invalid', `"${text}" is no partition.`, {
      hint: 'Write 1/3, 2/3 and 3/3 for three processes.',
    });
  return partition;
}

/** Whether a key is in this partition: each key is in one of them (FNV-1a over its UTF-16 units). */
export function ownsKey({ index, count }: Partition, key: string): boolean {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count === index - 1;
}

/** What a partition of a service is called; the service itself where it is not divided. */
export function partitionName(service: string, partition: Partition | null): string {
  return partition ? `${service}#${partition.index}/${partition.count}` : service;
}

/** Whether a name is that of a part of the service when it is divided otherwise. */
export function isOtherPartitioning(name: string, service: string, partition: Partition | null): boolean {
  if (name === service) return partition !== null;
  if (!name.startsWith(`${service}#`)) return false;
  const count = /^\d+\/(\d+)$/.exec(name.slice(service.length + 1))?.[1];
  return count !== undefined && Number(count) !== partition?.count;
}
