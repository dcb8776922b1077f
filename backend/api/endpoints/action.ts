import { dataTextIn } from '../../../core/wire/json-text.ts';
import type { Flaw } from '../../../core/problems/flaws.ts';
import type { Action, ActionCall, ActionParts } from '../../../core/plugins/plugin.ts';
import { loadRegistry } from '../../../core/runtime/registry.ts';
import type { Plugins } from '../../../core/plugins/plugins.ts';
import type { EndpointConfig } from '../../../schemas/types.ts';
import { JsonText, pathParamsOf, type Schema } from '../http/route.ts';
import type { ApiContext } from '../routing/api-route.ts';

/** A built-in action. It can use the whole context of the API; actions of plugins use what core/plugins/plugin.ts promises. */
export type OwnAction<Members extends object> = Action<Members, ApiContext & ActionParts>;

/** All actions by name: the files of actions/, and those of plugins. */
export async function findActions(plugins: Plugins): Promise<Map<string, Action>> {
  const found = await loadRegistry<Action>(new URL('actions/', import.meta.url));
  const names = found.map(({ name }) => name);
  return new Map([...found, ...plugins.added('actions', names)].map((action) => [action.name, action]));
}

// Members that several actions share.
export const channel: Schema = { type: 'string', minLength: 1, description: 'Name of the channel.' };
export const envelope: Schema = {
  enum: ['cloudevents', 'none'],
  description: 'cloudevents: whole events. none: only their data.',
};
export const subject = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  description: 'The subject; `{name}` in the text stands for that parameter of the path or the query.',
} satisfies Schema;

export type Envelope = 'cloudevents' | 'none';

/** The line of an event in the form that an endpoint returns: as it is, or its data as they are written there. */
export const shown = (line: string, as: Envelope): JsonText =>
  new JsonText(as === 'none' ? (dataTextIn(line) ?? 'null') : line);

/** Fills the parameters of a call into a text such as `{car}`; missing ones become empty. */
export function filled(text: string, { params, query }: ActionCall): string {
  return text.replace(PARAMETER, (_, name: string) => {
    const value = params[name] ?? query[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  });
}

/** Flaws for parameters in a member's text that neither the path nor the query has. */
export function unknownParameters(endpoint: EndpointConfig, member: string): Flaw[] {
  const text = endpoint[member];
  if (typeof text !== 'string') return [];
  const known = [...pathParamsOf(endpoint.path), ...Object.keys(endpoint.query ?? {})];
  return Array.from(text.matchAll(PARAMETER), ([, name]) => name!)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      pointer: `/${member}`,
      message: `contains {${name}}, which is not a parameter of the path or the query${known.length > 0 ? `; known are: ${known.join(', ')}` : ''}`,
    }));
}

const PARAMETER = /\{(\w+)\}/g;
