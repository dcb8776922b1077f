import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import type { PluginDerivation, PluginService } from '../../../core/plugins/plugin.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';

/** The kind of service that a plugin adds. */
export function pluginServiceKind(kind: PluginService): ServiceKind {
  return { ...kind, create: (params) => new PluginServiceAdapter(kind.create(params)) };
}

/** Calls the methods of a plugin's service, and those of `Service` that it does not define. */
class PluginServiceAdapter extends Service<unknown> {
  readonly #plugin: PluginDerivation;

  constructor(plugin: PluginDerivation) {
    super();
    this.#plugin = plugin;
  }

  override process(data: Data): Data | null {
    return this.#plugin.process ? this.#plugin.process(data) : super.process(data);
  }

  override receive(event: CloudEvent, context: Context<unknown>): Derived[] {
    return this.#plugin.receive ? this.#plugin.receive(event, context) : super.receive(event, context);
  }

  override due(timer: Timer, context: Context<unknown>): Derived[] {
    return this.#plugin.due ? this.#plugin.due(timer, context) : super.due(timer, context);
  }

  override key(event: CloudEvent): string {
    return this.#plugin.key ? this.#plugin.key(event) : super.key(event);
  }

  override forward(derived: Derived): string | null {
    return this.#plugin.forward ? this.#plugin.forward(derived) : super.forward(derived);
  }
}
