import { schemas } from '../../../schemas/index.ts';
import type { Analytics } from '../../../schemas/types.ts';
import { schemaOf, type ParamsSchema } from '../engine/params.ts';

/** The parameters of the service `windows`. */
export type WindowParams = Pick<Analytics, 'where' | 'window' | 'select'> &
  Required<Pick<Analytics, 'by' | 'lateness' | 'late'>>;

/** Their schema is that of analytics, without the members that say where events come from and go to. */
export function windowParams() {
  const {
    from: _from,
    to: _to,
    state: _state,
    ...properties
  } = schemas.get('setup/analytics')!['properties'] as {
    [name: string]: object;
  };
  return schemaOf<WindowParams, ParamsSchema>({
    type: 'object',
    properties,
    required: ['window', 'select'],
    additionalProperties: false,
  });
}
