import { Ajv2020 } from 'ajv/dist/2020.js';
import { refusal } from '../../../core/problems/errors.ts';
import { loadRegistry } from '../../../core/runtime/registry.ts';
import { Plugins } from '../../../core/plugins/plugins.ts';
import { explain } from '../../../schemas/index.ts';
import type { ParamsOf } from '../engine/params.ts';
import type { ServiceKind } from '../engine/service.ts';
import { pluginServiceKind } from './plugin-services.ts';

const paramsAjv = new Ajv2020({ useDefaults: true, validateSchema: false, allowUnionTypes: true });

/** All kinds of services by name: each file under services/ is one, and plugins add others. */
export async function serviceKinds(plugins = new Plugins()): Promise<Map<string, ServiceKind>> {
  const kinds = await loadRegistry<ServiceKind>(new URL('../services/', import.meta.url));
  const names = kinds.map(({ name }) => name);
  const added = plugins.added('services', names).map(pluginServiceKind);
  return new Map([...kinds, ...added].map((kind) => [kind.name, kind]));
}

/**
 * Parameters of a service with their defaults.
 * @param name of the service, for the message
 * @throws refusal `config_invalid` naming the parameter that is wrong
 */
export function checkedParams<Kind extends Pick<ServiceKind, 'params'>>(
  name: string,
  kind: Kind,
  given: { [name: string]: unknown },
): ParamsOf<Kind['params']> {
  const params: unknown = structuredClone(given);
  const validate = paramsAjv.compile<ParamsOf<Kind['params']>>(kind.params);
  if (validate(params)) return params;
  throw refusal(
    'config_invalid',
    `The parameters of service "${name}": ${explain(validate.errors, params)}.`,
  );
}
