import type { LinkQuestion } from '../lib/app/shared-link.svelte.ts';
import { rateText } from '../lib/ui/format.ts';

/** Texts of the question that a shared link asks. `at`: a time with its date and zone; `name`: what plays. */
export const linkTexts = {
  label: 'A shared link',
  question({ kind, rate, seeks }: LinkQuestion, name: string, at: string): string {
    if (kind === 'absent') return `This link shows ${at} of ${name}, which is not playing.`;
    if (kind === 'start')
      return `This link shows ${at} of ${name}, which is not playing. Start it for everyone?`;
    const what = seeks ? at : rate === undefined ? '' : rateText(rate);
    const also = seeks && rate !== undefined ? ` at ${rateText(rate)}` : '';
    return `This link shows ${what}${also} of ${name}. Everyone who watches it would go there with you.`;
  },
  change: 'Go there for everyone',
  start: 'Start it',
  look: 'Just look',
  close: 'OK',
};
