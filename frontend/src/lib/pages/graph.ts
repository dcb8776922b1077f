import type { BranchStep, OutsideStep, Pipeline, ServiceStep } from '../../../../schemas/types.ts';

/** A node of a pipeline's graph: its input, a step, or its output. */
export interface GraphNode {
  /** The name of the step; `@in` for the input and `@out` for the output. */
  id: string;
  kind: 'in' | 'step' | 'out';
  /** The channel of the input or output. Undefined for the input if events are only sent to the pipeline. */
  channel?: string;
  /** The number of nodes before it. */
  column: number;
  /** Its place among parallel branches: 0 is the middle, negative above, positive below; may be a half. */
  row: number;
}

export interface Graph {
  nodes: GraphNode[];
  edges: { from: string; to: string }[];
}

const IN = '@in';
const OUT = '@out';

type Step = ServiceStep | OutsideStep;

const isBranch = (step: Step | BranchStep): step is BranchStep => 'branches' in step;
const nameOf = (step: Step): string => step.name ?? ('outside' in step ? step.outside : step.service);

/** Returns the graph of a pipeline. Steps have the names that the API gives them. */
export function graphOf(name: string, { steps, from, to = name }: Pipeline): Graph {
  const nodes: GraphNode[] = [];
  const edges: Graph['edges'] = [];
  let column = 0;
  let ends: string[] = [];
  const add = (node: Omit<GraphNode, 'column' | 'row'>, row = 0, before = ends, at = column): string => {
    nodes.push({ ...node, column: at, row });
    for (const end of before) edges.push({ from: end, to: node.id });
    return node.id;
  };
  const inRow = (node: Omit<GraphNode, 'column' | 'row'>): void => {
    ends = [add(node)];
    column++;
  };

  inRow({ id: IN, kind: 'in', ...(from !== undefined && { channel: from }) });
  for (const [i, step] of steps.entries()) {
    if (!isBranch(step)) {
      inRow({ id: nameOf(step), kind: 'step' });
      continue;
    }
    // The API adds a step `enter` before branches at the start of a pipeline.
    if (i === 0) inRow({ id: 'enter', kind: 'step' });
    const { branches } = step;
    ends = branches.map((branch, b) => {
      let end = ends;
      for (const [j, each] of branch.entries())
        end = [add({ id: nameOf(each), kind: 'step' }, b - (branches.length - 1) / 2, end, column + j)];
      return end[0] as string;
    });
    column += Math.max(...branches.map(({ length }) => length));
    if (step.join !== false) inRow({ id: step.name ?? 'join', kind: 'step' });
  }
  inRow({ id: OUT, kind: 'out', channel: to });
  return { nodes, edges };
}

/** The number of steps, those of all branches included. */
export const lengthOf = ({ steps }: Pipeline): number =>
  steps.reduce((sum, step) => sum + (isBranch(step) ? step.branches.flat().length : 1), 0);

/** Returns the definition of a step; undefined for steps that the API adds around branches. */
export const stepOf = ({ steps }: Pipeline, name: string): Step | undefined =>
  steps
    .flatMap((step) => (isBranch(step) ? step.branches.flat() : [step]))
    .find((step) => nameOf(step) === name);

/** The steps that receive events first: several if the pipeline starts with branches. */
export function firstSteps({ steps: [first] }: Pipeline): Step[] {
  if (!first) return [];
  return isBranch(first) ? first.branches.flatMap(([step]) => step ?? []) : [first];
}
