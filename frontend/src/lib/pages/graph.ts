import type { BranchStep, OutsideStep, Pipeline, ServiceStep } from '../../../../schemas/types.ts';

/** Where a pipeline's events begin, a step, or where its results come out. */
export interface GraphNode {
  /** The name of the step; `@in` and `@out` for the two ends. */
  id: string;
  kind: 'in' | 'step' | 'out';
  /** What is to be written at an end: a channel. Undefined: what is sent to the pipeline. */
  channel?: string;
  /** How many steps come before it on its way. */
  column: number;
  /** Beside which others it runs: 0 in the middle, halves and wholes around it. */
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

/** The steps of a pipeline and the ways between them, named as the API names them. */
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
    // A pipeline that begins with branches has a step that parts them.
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

/** How many services events go through, those of all branches together. */
export const lengthOf = ({ steps }: Pipeline): number =>
  steps.reduce((sum, step) => sum + (isBranch(step) ? step.branches.flat().length : 1), 0);

/** How a step of that name is defined; undefined for those that branches bring along. */
export const stepOf = ({ steps }: Pipeline, name: string): Step | undefined =>
  steps
    .flatMap((step) => (isBranch(step) ? step.branches.flat() : [step]))
    .find((step) => nameOf(step) === name);

/** The steps that see what is sent to a pipeline first. */
export function firstSteps({ steps: [first] }: Pipeline): Step[] {
  if (!first) return [];
  return isBranch(first) ? first.branches.flatMap(([step]) => step ?? []) : [first];
}
