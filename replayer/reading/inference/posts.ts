import type { Data } from '../../../core/wire/event.ts';
import type { LiftedMember } from './lifted-members.ts';
import { normalName } from './member-names.ts';
import { memberReader } from './member-path.ts';

/** Names that only the text of a post has. */
const TEXT_NAMES = ['text', 'full_text', 'tweet_text', 'tweet', 'status_text'];
/** Names that the text of a post has where the rows name an author, as ActivityStreams (Mastodon) do. */
const AUTHORED_TEXT_NAMES = ['content'];
const AUTHOR_MEMBERS = /^(?:actor|attributed_to|author|account|user|username|screen_name|handle)$/;
/** Names that the text of a post may have, where the channel is known to carry posts. */
const VAGUE_TEXT_NAMES = ['message', 'body', 'content', 'comment', 'post', 'title'];
/** Members of an author that name them, the likelier first. */
const AUTHOR_NAMES = [
  'screen_name',
  'handle',
  'acct',
  'username',
  'user_name',
  'preferred_username',
  'name',
  'id_str',
  'id',
];
const AUTHORS = /^(?:user|author|account|sender|from|actor)$/;

/** The path of the text of posts; undefined where there is none. `isPosts`: the channel is known to carry posts. */
export function findText(
  sample: readonly Data[],
  paths: readonly string[],
  isPosts: boolean,
): string | undefined {
  const isAuthored = paths.some((path) => AUTHOR_MEMBERS.test(normalName(path).name));
  const names = isPosts
    ? [...TEXT_NAMES, ...VAGUE_TEXT_NAMES]
    : [...TEXT_NAMES, ...(isAuthored ? AUTHORED_TEXT_NAMES : [])];
  return names
    .flatMap((name) => paths.filter((path) => normalName(path).name === name).sort(byDepth))
    .find((path) => holdsText(sample, path));
}

function holdsText(sample: readonly Data[], path: string): boolean {
  const values = sample.map(memberReader(path)).filter((value) => value !== undefined && value !== null);
  const texts = values.filter((value) => typeof value === 'string');
  if (texts.length === 0 || texts.length < values.length / 2) return false;
  // A nested `text` may be anything, for instance the label of a link.
  const isPlain = !path.includes('.') && TEXT_NAMES.includes(normalName(path).name);
  return isPlain || texts.some((text) => /\s/.test(text));
}

/** Where the name of the author of posts is, if it is nested; null where `user` is a text already, or nobody is named. */
export function findAuthor(sample: readonly Data[], paths: readonly string[]): LiftedMember | null {
  if (sample.some(({ user }) => user !== undefined && user !== null && typeof user !== 'object')) return null;
  const candidates = paths.filter((path) => {
    const steps = path.split('.');
    return (
      steps.length > 1 &&
      AUTHORS.test(steps.at(-2)!.toLowerCase()) &&
      AUTHOR_NAMES.includes(normalName(path).name)
    );
  });
  const rank = (path: string) => path.split('.').length * 100 + AUTHOR_NAMES.indexOf(normalName(path).name);
  const [best] = candidates
    .filter((path) => sample.some((row) => /^(?:string|number)$/.test(typeof memberReader(path)(row))))
    .sort((a, b) => rank(a) - rank(b));
  return best === undefined ? null : { member: 'user', path: best };
}

const byDepth = (a: string, b: string) => a.split('.').length - b.split('.').length;
