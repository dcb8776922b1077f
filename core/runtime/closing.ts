/**
 * Why a role closes: another process of it takes its work over (`handover`: a restart, a rolling update), or everything
 * ends (`end`: `reprise up` was asked to stop).
 */
export type Closing = 'handover' | 'end';
