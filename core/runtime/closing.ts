/**
 * Why a role closes. `handover`: another process of the role takes over its work, as in a restart or a rolling update. `end`:
 * everything stops, as when `reprise up` is stopped.
 */
export type Closing = 'handover' | 'end';
