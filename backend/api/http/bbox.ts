import { refusal } from '../../../core/problems/errors.ts';
import { boxProblem, type BoundingBox } from '../../gateway/delivery/bounding-box.ts';
import type { Schema } from './route.ts';

/** The query parameter `bbox`. */
export const bbox: Schema = {
  type: 'string',
  description:
    'Only subjects in this bounding box: west,south,east,north in degrees; west > east spans the antimeridian.',
  examples: ['13.3,52.4,13.5,52.6'],
};

/** Reads the query parameter `bbox`. @throws refusal `request_invalid` */
export function parseBox(text: string): BoundingBox {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const problem =
    numbers.length !== 4 || numbers.some(Number.isNaN)
      ? 'must be four numbers'
      : boxProblem(numbers as BoundingBox);
  if (!problem) return numbers as BoundingBox;
  throw refusal('request_invalid', `bbox=${text.slice(0, 80)}: ${problem}.`, {
    hint: 'Write west,south,east,north in degrees.',
    errors: [{ pointer: '?bbox', detail: problem }],
  });
}
