import type { RefusalCode } from './codes.ts';

/** Refusals of what an option says, not of what a file holds. */
export const OPTION_REFUSALS: readonly RefusalCode[] = [
  'channel_name',
  'encoding_unknown',
  'expression_malformed',
  'format_name',
  'json_malformed',
  'moment_malformed',
  'position_malformed',
  'range_empty',
  'select_malformed',
  'share_malformed',
  'simulation_kind',
  'simulation_option',
  'simulation_target',
  'span_malformed',
  'time_zone_unknown',
  'window_malformed',
];
