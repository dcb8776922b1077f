import type { ServiceKind } from '../engine/service.ts';
import { windowParams, type WindowParams } from '../windows/params.ts';
import { SlidingWindows } from '../windows/sliding-windows.ts';
import { Windows } from '../windows/windows.ts';

export default {
  name: 'windows',
  summary: 'Aggregates over windows of event time.',
  input: 'gps.movement',
  output: 'gps.windows',
  params: windowParams(),
  create: (given: WindowParams) =>
    given.window.kind === 'sliding' ? new SlidingWindows(given) : new Windows(given),
} satisfies ServiceKind;
