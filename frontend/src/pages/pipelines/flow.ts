import { MarkerType, Position, type Edge, type Node } from '@xyflow/svelte';
import { paramsTexts } from '../../components/texts.ts';
import type { Graph } from '../../lib/pages/graph.ts';

/** The size of a node and the gaps between nodes, px. */
const SIZE = { width: 156, height: 78 };
const GAP = 40;
/** The space around the graph, px. */
export const PADDING = 24;
/** A graph with more columns is not readable as a whole: it has controls for zooming. */
const COLUMNS_READABLE = 7;

/** A graph for Svelte Flow, laid out. */
export interface Flow {
  nodes: Node[];
  edges: Edge[];
  /** The height that it needs, px. */
  height: number;
  /** Whether it has to be zoomed to be readable. */
  isLong: boolean;
}

/** Lays out a graph from left to right, or from top to bottom if it is `vertical`. */
export function flowOf(graph: Graph, vertical: boolean): Flow {
  const rows = graph.nodes.map(({ row }) => row);
  const rowCount = Math.max(...rows) - Math.min(...rows) + 1;
  const columnCount = Math.max(...graph.nodes.map(({ column }) => column)) + 1;
  const isLong = !vertical && columnCount > COLUMNS_READABLE;
  const length = vertical
    ? columnCount * (SIZE.height + GAP * 0.6) - GAP * 0.6
    : rowCount * (SIZE.height + GAP / 2) - GAP / 2;
  return {
    nodes: graph.nodes.map((node) => nodeOf(node, vertical)),
    edges: graph.edges.map(({ from, to }) => ({
      id: `${from}>${to}`,
      source: from,
      target: to,
      focusable: false,
      selectable: false,
      markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, color: 'var(--line-strong)' },
    })),
    height: PADDING * (isLong ? 4 : 2) + length,
    isLong,
  };
}

function nodeOf({ id, kind, channel, column, row }: Graph['nodes'][number], vertical: boolean): Node {
  return {
    id,
    type: 'step',
    position: vertical
      ? { x: row * (SIZE.width + GAP / 2), y: column * (SIZE.height + GAP * 0.6) }
      : { x: column * (SIZE.width + GAP), y: row * (SIZE.height + GAP / 2) },
    width: SIZE.width,
    height: SIZE.height,
    data: { kind, channel },
    sourcePosition: vertical ? Position.Bottom : Position.Right,
    targetPosition: vertical ? Position.Top : Position.Left,
    selectable: kind === 'step',
    focusable: kind === 'step',
    ariaLabel: kind === 'step' ? paramsTexts.title(id) : undefined,
    draggable: false,
    connectable: false,
  };
}
