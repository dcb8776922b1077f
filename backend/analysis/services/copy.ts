import { Service, type Derived, type ServiceKind } from '../engine/service.ts';

/** Passes each datum on, to give a channel a second name or another envelope. */
class Copy extends Service {
  override receive(): Derived[] {
    return [{}];
  }
}

export default {
  name: 'copy',
  summary: 'Passes each datum on to another channel.',
  input: 'gps',
  output: 'gps_state_topic',
  keepsState: true,
  params: { type: 'object', properties: {}, additionalProperties: false },
  create: () => new Copy(),
} satisfies ServiceKind;
