import { counted } from '../ui/format.ts';

/** Texts about subjects: their list, and the card of the selected one. */
export const texts = {
  title: 'Subjects',
  find: 'Find a subject',
  count: (n: number) => counted(n, 'subject'),
  more: (n: number) => `and ${n.toLocaleString('en')} with fewer events: type to find`,
  since: (since: string) => `since ${since}`,
  silent: (since: string) => `silent since ${since}`,
  noneFound: 'No subject has that name.',
  deselect: 'Deselect',
  moving: 'moving',
  stopped: 'stopped',
  attributes: 'Attributes',
  lastSeen: 'Event time',
  number: 'Which number is drawn',
  follow: 'Follow',
  following: 'Following',
};
