/** The tone of each trace status. */
export const TRACE_TONES = { waiting: 'warn', finished: 'good', failed: 'bad' } as const;
