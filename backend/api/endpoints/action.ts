import type { CloudEvent } from '../../../core/wire/event.ts';
import type { Flaw } from '../../../core/problems/flaws.ts';
import type { Action, ActionCall, ActionParts } from '../../../core/plugins/plugin.ts';
import { loadRegistry } from '../../../core/runtime/registry.ts';
import type { Plugins } from '../../../core/plugins/plugins.ts';
import type { EndpointConfig } from '../../../schemas/types.ts';
import { pathParamsOf, type Schema } from '../http/route.ts';
import type { ApiContext } from '../routing/api-route.ts';

/** An action of our own: it works with all parts of the API, those of plugins with what core/plugins/plugin.ts promises. */
export type OwnAction<Members extends object> = Action<Members, ApiContext & ActionParts>;

/** Every action by name: a file under actions/ is one, and plugins add others. */
export async function findActions(plugins: Plugins): Promise<Map<string, Action>> {
  const found = await loadRegistry<Action>(new URL('actions/', import.meta.url));
  const names = found.map(({ name }) => name);
  return new Map([...found, ...plugins.added('actions', names)].map((action) => [action.name, action]));
}

/** Members that several actions have. */
export const channel: Schema = { type: 'string', minLength: 1, description: 'The channel.' };
export const envelope: Schema = {
  enum: ['cloudevents', 'none'],
  description: 'cloudevents: whole events. none: their data alone.',
};
export const subject = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  description: 'The subject: text in which `{name}` stands for that parameter of path or query.',
} satisfies Schema;

export type Envelope = 'cloudevents' | 'none';

/** An event as an endpoint shows it. */
export const shown = (event: CloudEvent, as: Envelope): unknown => (as === 'none' ? event.data : event);

/** A text with the parameters that it names. */
export function filled(text: string, { params, query }: ActionCall): string {
  return text.replace(PARAMETER, (_, name: string) => {
    const value = params[name] ?? query[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  });
}

/** Parameters that a member's text names and that neither path nor query have. */
export function unknownParameters(endpoint: EndpointConfig, member: string): Flaw[] {
  const text = endpoint[member];
  if (typeof text !== 'string') return [];
  const known = [...pathParamsOf(endpoint.path), ...Object.keys(endpoint.query ?? {})];
  return Array.from(text.matchAll(PARAMETER), ([, name]) => name!)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      pointer: `/${member}`,
      message: `names {${name}}, which is no parameter of path or query${known.length > 0 ? `; there are: ${known.join(', ')}` : ''}`,
    }));
}

const PARAMETER = /\{(\w+)\}/g;
