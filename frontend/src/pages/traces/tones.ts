/** The colours of what is last known of a trace. */
export const TRACE_TONES = { waiting: 'warn', finished: 'good', failed: 'bad' } as const;
