import type { FileMetaData, SchemaTree } from 'hyparquet';
import { bytesReader, decimalOf, integerOf, intervalOf, type ValueReader } from './values.ts';

/** What the schema of a Parquet file says of its columns beyond their values. */
export interface ParquetColumns {
  /** Columns of geometries. */
  geo: ReadonlySet<string>;
  /** A value of a column as JSON can hold it, at any depth: see `parquetColumns`. */
  read(name: string, value: unknown): unknown;
}

/**
 * Reads the schema. Decimals keep their digits, times without a zone have none, a map is an object by its keys (or, where
 * these are not plain values, an array of objects `key` and `value`), bytes that are not text are base64, an interval is
 * an ISO 8601 duration.
 *
 * What the library would round, refuse or name wrongly is unmarked in the schema, so that it comes as it is in the file.
 */
export function parquetColumns({ schema }: FileMetaData, tree: SchemaTree): ParquetColumns {
  const geo = new Set(
    schema.filter(({ logical_type: logical }) => /^GEO/.test(logical?.type ?? '')).map(({ name }) => name),
  );
  const readers = new Map(tree.children.map((child) => [child.element.name, readerOf(child)]));
  return { geo, read: (name, value) => readers.get(name)!(value) };
}

function readerOf(node: SchemaTree): ValueReader {
  const read = node.children.length > 0 ? groupReader(node) : leafReader(node);
  const isRepeated = node.element.repetition_type === 'REPEATED';
  return (value) => {
    if (value === null || value === undefined) return value;
    return isRepeated && Array.isArray(value) ? value.map(read) : read(value);
  };
}

function groupReader(node: SchemaTree): ValueReader {
  const [child] = node.children;
  const marked = node.element.converted_type;
  if (marked === 'LIST' && child && node.children.length === 1 && child.children.length < 2) {
    const element = child.children[0] ? readerOf(child.children[0]) : leafReader(child);
    return (value) => (Array.isArray(value) ? value.map(element) : value);
  }
  if (node.element.logical_type?.type === 'VARIANT') return integersIn;
  if ((marked === 'MAP' || marked === 'MAP_KEY_VALUE') && child && node.children.length === 1)
    return mapReader(node, child);
  const readers = node.children.map((each) => [each.element.name, readerOf(each)] as const);
  return (value) => {
    const members = value as { [name: string]: unknown };
    return Object.fromEntries(readers.map(([name, read]) => [name, read(members[name])]));
  };
}

function mapReader(node: SchemaTree, entries: SchemaTree): ValueReader {
  delete node.element.converted_type;
  delete node.element.logical_type;
  const [key, value] = entries.children;
  if (!key || entries.children.length > 2) return integersIn;
  const readKey = readerOf(key);
  const readValue = value ? readerOf(value) : () => true;
  return (map) => {
    const found = (map as { [name: string]: unknown })[entries.element.name];
    const list = Array.isArray(found) ? (found as { [name: string]: unknown }[]) : [];
    const pairs = list.map((each): [unknown, unknown] => [
      readKey(each[key.element.name]),
      value ? readValue(each[value.element.name]) : true,
    ]);
    const names = new Set(pairs.map(([name]) => String(name)));
    const isPlain = names.size === pairs.length && pairs.every(([name]) => typeof name !== 'object');
    if (isPlain) return Object.fromEntries(pairs.map(([name, each]) => [String(name), each]));
    return pairs.map(([name, each]) => ({ key: name, value: each }));
  };
}

function leafReader({ element }: SchemaTree): ValueReader {
  const { type, converted_type: converted, logical_type: logical } = element;
  const unmark = () => {
    delete element.converted_type;
    delete element.logical_type;
  };
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const scale = element.scale ?? (logical?.type === 'DECIMAL' ? logical.scale : 0);
    unmark();
    return (value) => decimalOf(value, scale);
  }
  if (converted === 'INTERVAL') {
    unmark();
    return intervalOf;
  }
  if (converted === 'BSON') unmark();
  if (logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC)
    return (value) => (typeof value === 'string' ? value.replace(/Z$/, '') : value);
  return type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY' ? bytesReader(element) : integerOf;
}

/** A value of no known schema: only its integers are made such that JSON can hold them. */
function integersIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(integersIn);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array)
    return integerOf(value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, integersIn(each)]));
}
