import { Ajv2020 } from 'ajv/dist/2020.js';
import { failure } from '../../../core/problems/errors.ts';
import { loadRegistry } from '../../../core/runtime/registry.ts';
import { Plugins } from '../../../core/plugins/plugins.ts';
import { explain } from '../../../schemas/index.ts';
import { pluginServiceKind } from './plugin-services.ts';
import type { ServiceKind } from '../engine/service.ts';

const paramsAjv = new Ajv2020({ useDefaults: true, validateSchema: false, allowUnionTypes: true });

/** Every service there is: a file under services/ is one, and plugins add others. */
export async function serviceKinds(plugins = new Plugins()): Promise<Map<string, ServiceKind>> {
  const kinds = await loadRegistry<ServiceKind>(new URL('../services/', import.meta.url));
  const names = kinds.map(({ name }) => name);
  const plugged = plugins.added('services', names).map(pluginServiceKind);
  return new Map([...kinds, ...plugged].map((kind) => [kind.name, kind]));
}

/** A service's parameters with their defaults. @throws failure that says which is wrong */
export function checkedParams(
  name: string,
  kind: ServiceKind,
  given: { [name: string]: unknown },
): { [name: string]: unknown } {
  const params = structuredClone(given);
  const validate = paramsAjv.compile(kind.params);
  if (!validate(params))
    throw failure(
      'config_invalid',
      `The parameters of service "${name}": ${explain(validate.errors, params)}.`,
    );
  return params;
}
