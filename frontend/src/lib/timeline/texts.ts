import { counted } from '../ui/format.ts';
import type { Moment } from './moments.ts';

/** Texts of the timeline and of the transport controls. */
export const texts = {
  title: 'Transport',
  play: 'Play',
  pause: 'Pause',
  again: 'Play again',
  rate: 'Rate',
  slower: 'Slower',
  faster: 'Faster',
  achieved: 'Achieved:',
  achievedHint: 'The achieved rate',
  range: 'Loop over a part',
  previousMoment: 'Previous moment: alert, stop or fence crossing.',
  nextMoment: 'Next moment: alert, stop or fence crossing.',
  noMoments: 'Moments are found as the recording is played.',
  stepBack: 'Back to the previous record',
  stepOn: 'On to the next record',
  setA: 'Loop from here (A)',
  setB: 'Loop up to here (B)',
  clearRange: 'Play all of it again',
  lanesShow: 'Show a lane for each kind of event',
  lanesHide: 'Show one lane only',
  zoomIn: 'Zoom the timeline in',
  zoomAll: 'Show the whole recording',
  loop: 'Loop',
  looped: (n: number) => `${n} done`,
  seek: 'Position in the recording',
  noReplay: 'No replay is chosen',
  of: 'of',
  unknownEnd: 'end not known yet',
  lanes: {
    alert: 'Alerts',
    stop: 'Stops',
    fence: 'Fences',
    gap: 'Gaps',
    bad: 'Bad rows',
    late: 'Lateness',
  },
  part: 'The part that is shown. Drag to move it.',
  records: (n: number) => counted(n, 'record'),
  gap: (lasted: string) => `No records for ${lasted}`,
  lost: (n: string) => `${n} lost`,
  loss: (n: string, channel: string) => `${n} events of ${channel} did not reach this page`,
  badRow: (source: string, line: number, reason: string) => `${source}, line ${line}: ${reason}`,
  late: (ms: string) => `Records left up to ${ms} ms late`,
};

/** A moment in words; `lasted` says how long a stop lasted. */
export function momentText({ kind, subject, what, name }: Moment, lasted: string): string {
  if (kind === 'alert') return name;
  if (kind === 'stop') return what === 'arrived' ? `${subject} stops` : `${subject} goes on after ${lasted}`;
  return what === 'enter' ? `${subject} enters ${name}` : `${subject} leaves ${name}`;
}
