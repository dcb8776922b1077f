/** Announcements for screen readers. */
export const texts = {
  connected: 'Connected.',
  disconnected: 'Connection lost. Retrying.',
  playing: (rate: string) => `Playing at ${rate}.`,
  paused: (at: string) => `Paused at ${at}.`,
  ended: 'The replay has ended.',
  rate: (rate: string) => `Rate ${rate}.`,
  selected: (name: string) => `${name} selected.`,
  moment: (what: string, at: string) => `${what}, ${at}.`,
  noMoment: 'No further moment is known. Moments are found as the recording is played.',
};
