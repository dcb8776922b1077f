import { failure, refusal, RepriseError } from '../../../core/problems/errors.ts';
import { isSystemError } from '../packing/is-system-error.ts';
import { PackingError } from '../packing/packing-error.ts';
import type { Packing, UnpackingState } from '../packing/packing.ts';
import { HEAD_BYTES, packingNamed, packingOf } from '../packing/packings.ts';

/** How often a file may be packed: `.gz` inside `.zst` is met, more are not. */
const LAYERS_MAX = 4;

/** A state to pass to `unpacked`, with a bound on the bytes that each layer may unpack to. */
export function newUnpacking(maxBytes = Infinity): UnpackingState {
  return { unpacked: 0, verified: 0, maxBytes, notes: new Set() };
}

/**
 * Unpacks a source. Its first bytes, not its name, tell how it is packed, also several times over. Leaving the loop closes
 * the source. `state` receives how far the innermost packing has come.
 * @throws refusal naming the source, the packing and the place where it is damaged or cut off; failure when the system
 * can't read it
 */
export async function* unpacked(
  source: AsyncIterable<Buffer>,
  name: string,
  state = newUnpacking(),
): AsyncGenerator<Buffer> {
  try {
    yield* layer(source, name, state, LAYERS_MAX);
  } catch (cause) {
    if (cause instanceof RepriseError || !isSystemError(cause)) throw cause;
    // The message of the system holds the path, which is not for those who ask over REST.
    throw failure('recording_unavailable', `${name} can't be read: ${cause.code}.`, { cause });
  }
}

async function* layer(
  source: AsyncIterable<Buffer>,
  name: string,
  state: UnpackingState,
  layersLeft: number,
): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    const head = await beginning(pieces);
    const packing = packingOf(head);
    const all = rejoined(head, pieces);
    if (packing && layersLeft > 0) {
      const own = layersLeft === LAYERS_MAX ? state : newUnpacking(state.maxBytes);
      yield* layer(told(packing, all, name, own), name, state, layersLeft - 1);
    } else {
      if (layersLeft === LAYERS_MAX) refuseFalseName(name, head);
      yield* all;
    }
  } finally {
    await pieces.return?.();
  }
}

/** Unpacks one layer, and says what is wrong with it in a refusal. */
async function* told(
  packing: Packing,
  source: AsyncIterable<Buffer>,
  name: string,
  state: UnpackingState,
): AsyncGenerator<Buffer> {
  try {
    for await (const piece of packing.unpack(source, state)) {
      if (state.unpacked > state.maxBytes) throw tooMuchUnpacked(name, state.maxBytes);
      yield piece;
    }
  } catch (cause) {
    if (!(cause instanceof PackingError)) throw cause;
    throw refusal('recording_unreadable', `${name} ${damage(packing, cause, state)}`, {
      hint: HINTS[cause.problem],
      cause,
    });
  }
}

/** The refusal of what unpacks to more than a limit. */
export function tooMuchUnpacked(name: string, maxBytes: number): RepriseError {
  return refusal('recording_costly', `${name} unpacks to more than ${maxBytes.toLocaleString('en')} bytes.`, {
    hint: 'That is what a bomb does. REPRISE_MAX_UNPACKED_BYTES sets how much is read.',
  });
}

const HINTS: Record<PackingError['problem'], string> = {
  cut: 'Is the file complete? reprise recover saves the rows before its end.',
  checksum: 'Fetch the file again. reprise recover saves the rows that can be read.',
  invalid: 'Fetch the file again. reprise recover saves the rows before the damage.',
  unsupported: 'Unpack it with its own tool first.',
};

function damage(
  { name }: Packing,
  { problem, message }: PackingError,
  { unpacked, verified }: UnpackingState,
): string {
  const number = (bytes: number) => bytes.toLocaleString('en');
  switch (problem) {
    case 'cut':
      return `is cut off: its ${name} data end after ${number(unpacked)} unpacked bytes.`;
    case 'checksum':
      return `is damaged: its ${name} checksum does not match, between the unpacked bytes ${number(verified)} and ${number(unpacked)} (${message}).`;
    case 'invalid':
      return `is damaged: its ${name} data are invalid after ${number(unpacked)} unpacked bytes (${message}).`;
    case 'unsupported':
      return `was packed with ${name} in a way that can't be unpacked here: ${message}.`;
  }
}

/** A name that promises a packing, over bytes that are neither packed nor text, is that of a damaged file. */
function refuseFalseName(name: string, head: Buffer): void {
  const packing = packingNamed(name);
  if (
    !packing ||
    head.length === 0 ||
    !head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
  )
    return;
  throw refusal(
    'recording_unreadable',
    `${name} is damaged: its first bytes are not those of ${packing.name}.`,
    {
      hint: 'Fetch the file again.',
    },
  );
}

async function beginning(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  for (let length = 0; length < HEAD_BYTES;) {
    const next = await pieces.next();
    if (next.done) break;
    read.push(next.value);
    length += next.value.length;
  }
  return read.length === 1 ? read[0]! : Buffer.concat(read);
}

async function* rejoined(head: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
}
