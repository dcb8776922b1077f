import type { Request } from 'express';
import busboy from 'busboy';
import type { Readable } from 'node:stream';
import { refusal } from '../../../core/problems/errors.ts';

/**
 * Passes the uploaded file to `keep`: the plain body, or the field `file` of a form. `name` overrides the name in the form.
 * @throws refusal if the form can't be read or has no file; whatever `keep` throws
 */
export async function receiveUpload<T>(
  request: Request,
  name: string | undefined,
  keep: (name: string, content: Readable) => Promise<T>,
): Promise<T> {
  if (!request.is('multipart/form-data')) {
    if (name === undefined) {
      throw refusal('recording_name', 'The upload has no file name.', {
        hint: 'Add ?name=trip.csv, or send a form with a file.',
      });
    }
    return keep(name, request);
  }
  return new Promise<T>((resolve, reject) => {
    let kept: Promise<T> | null = null;
    const malformed = (cause: unknown) =>
      reject(refusal('body_malformed', `The form can't be read: ${(cause as Error).message}.`, { cause }));
    let form: busboy.Busboy;
    try {
      // The name keeps its path, so that a name with folders is refused and not silently changed.
      form = busboy({
        headers: request.headers,
        preservePath: true,
        defParamCharset: 'utf8',
        limits: { fields: 20, fieldSize: 10_000 },
      });
    } catch (cause) {
      return malformed(cause);
    }
    form.on('file', (field, content, info) => {
      if (field !== 'file' || kept) return void content.resume();
      // It may fail before anybody reads it, which would be an unhandled error.
      content.on('error', () => {});
      kept = keep(name ?? info.filename ?? '', content);
      kept.catch((error: unknown) => {
        if (content.errored) malformed(content.errored);
        else reject(error);
        content.resume();
      });
    });
    form.on('error', malformed);
    form.on('close', () => {
      if (kept) kept.then(resolve, reject);
      else
        reject(
          refusal('file_missing', 'The form has no file.', { hint: 'Send the file as the field "file".' }),
        );
    });
    request.on('aborted', () => form.destroy(new Error('the connection was closed')));
    request.pipe(form);
  });
}
