import { certain, given as asGiven, likely, type Decision } from '../../formats/support/decision.ts';
import { slug } from './slug.ts';

/** What speaks for the channel of a recording. */
export interface ChannelEvidence {
  /** The channel that was given. */
  given: string | undefined;
  /** The channels that the rows name, if all of them do. */
  own: readonly string[];
  hasCoordinates: boolean;
  /** The path of the text of posts; undefined: there is none. */
  text: string | undefined;
}

/** The channel of the rows: as given, as they name it, by what they hold, or else the recording's name. */
export function channelOf(
  file: string,
  { given, own, hasCoordinates, text }: ChannelEvidence,
): Decision<string> {
  if (given) return asGiven(given);
  if (own.length > 0)
    return certain(own[0]!, own.length === 1 ? 'the events name it' : `the events name ${own.join(', ')}`);
  const posts = text === undefined ? undefined : { value: 'posts', because: `${text} holds a text` };
  if (hasCoordinates) return likely('gps', 'it has coordinates', posts);
  if (posts) return likely(posts.value, posts.because);
  return likely(slug(file), "the file's name");
}
