import type { Request } from 'express';
import busboy from 'busboy';
import type { Readable } from 'node:stream';
import { refusal } from '../../../core/problems/errors.ts';

/** What becomes of an uploaded file. */
interface Taker<T> {
  /** Takes its content. */
  receive(name: string, content: Readable): Promise<T>;
  /** Gives back a file whose form turns out to be malformed. */
  discard(received: T): Promise<void>;
}

/**
 * Has the uploaded file received: the plain body, or the field `file` of a form. `name` overrides the name in the form.
 * Settles once the whole request has arrived.
 * @throws refusal if the form can't be read, or does not have exactly one file; whatever `receive` throws
 */
export async function receiveUpload<T>(
  request: Request,
  name: string | undefined,
  taker: Taker<T>,
): Promise<T> {
  if (request.is('multipart/form-data')) return receiveForm(request, name, taker);
  if (name !== undefined) return taker.receive(name, request);
  throw refusal('recording_name', 'The upload has no file name.', {
    hint: 'Add ?name=trip.csv, or send a form with a file.',
  });
}

function receiveForm<T>(request: Request, name: string | undefined, taker: Taker<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let received: Promise<T> | null = null;
    let files = 0;
    let refused = false;
    const refuse = (error: unknown) => {
      if (refused) return;
      refused = true;
      // It has arrived, or it has failed with the form; nobody else will ask for it.
      const unwanted = received?.then(taker.discard) ?? Promise.resolve();
      received = null;
      void unwanted.catch(() => {}).then(() => reject(error));
    };
    const malformed = (cause: unknown) =>
      refuse(refusal('body_malformed', `The form can't be read: ${(cause as Error).message}.`, { cause }));
    let form: busboy.Busboy;
    try {
      // The name keeps its path, so that a name with folders is refused and not silently changed.
      form = busboy({
        headers: request.headers,
        preservePath: true,
        defParamCharset: 'utf8',
        limits: { fields: 20, fieldSize: 10_000, parts: 40 },
      });
    } catch (cause) {
      return malformed(cause);
    }
    form.on('file', (field, content, info) => {
      // It may fail before anybody reads it, which would be an unhandled error.
      content.on('error', () => {});
      if (++files > 1 || field !== 'file') return void content.resume();
      const receiving = taker.receive(name ?? info.filename ?? '', content);
      received = receiving;
      receiving.catch((error: unknown) => {
        if (content.errored) malformed(content.errored);
        else refuse(error);
        content.resume();
      });
    });
    form.on('error', malformed);
    form.on('close', () => {
      if (files > 1)
        refuse(refusal('files_several', `The form has ${files} files.`, { hint: 'Send one file a form.' }));
      else if (received) received.then(resolve, reject);
      else
        refuse(
          refusal('file_missing', 'The form has no file.', { hint: 'Send the file as the field "file".' }),
        );
    });
    request.on('aborted', () => form.destroy(new Error('the connection was closed')));
    request.pipe(form);
  });
}
