import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import type { PluginDerivation, PluginService } from '../../../core/plugins/plugin.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';

/** A plugin's kind of service, as the host runs kinds. */
export function pluginServiceKind(kind: PluginService): ServiceKind {
  return { ...kind, create: (params) => new PluginServiceAdapter(kind.create(params)) };
}

/** What a plugin's service does, and what every service does where it says nothing. */
class PluginServiceAdapter extends Service<unknown> {
  readonly #own: PluginDerivation;

  constructor(own: PluginDerivation) {
    super();
    this.#own = own;
  }

  override process(data: Data): Data | null {
    return this.#own.process ? this.#own.process(data) : super.process(data);
  }

  override receive(event: CloudEvent, context: Context<unknown>): Derived[] {
    return this.#own.receive ? this.#own.receive(event, context) : super.receive(event, context);
  }

  override due(timer: Timer, context: Context<unknown>): Derived[] {
    return this.#own.due ? this.#own.due(timer, context) : super.due(timer, context);
  }

  override key(event: CloudEvent): string {
    return this.#own.key ? this.#own.key(event) : super.key(event);
  }

  override forward(derived: Derived): string | null {
    return this.#own.forward ? this.#own.forward(derived) : super.forward(derived);
  }
}
