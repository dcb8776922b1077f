import type { Settings } from '../../core/settings/settings.ts';
import { sentenceOf } from '../../core/problems/flaws.ts';
import type { Plugins } from '../../core/plugins/plugins.ts';
import type { Finding } from '../analysis/check.ts';
import { taskKinds } from '../tasks/kind.ts';
import { findActions } from './endpoints/action.ts';
import { endpointFlaws } from './endpoints/endpoint-check.ts';

/** Checks every endpoint of a configuration; one finding per endpoint. Needs no Redis. */
export async function checkEndpoints(settings: Settings, plugins: Plugins): Promise<Finding[]> {
  const { endpoints, file } = settings;
  const tasks = [...(await taskKinds(plugins)).keys()];
  const actions = await findActions(plugins);
  const found = endpointFlaws(endpoints, { actions, known: { tasks }, missing: plugins.missing });
  return endpoints.map(({ method, path }, i) => {
    const own = found.filter(({ pointer }) => pointer.split('/')[1] === String(i));
    const problems = own.map(({ pointer, message }) => {
      const flaw = { pointer: `/endpoints${pointer}`, message };
      return `${file ? `${file.place(flaw.pointer)}: ` : ''}${sentenceOf(flaw)}.`;
    });
    return { what: `endpoint ${method} ${path}`, problems };
  });
}
