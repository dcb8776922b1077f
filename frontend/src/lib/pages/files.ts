import { apiKey } from '../ui/api-key.ts';
import { basePath } from '../ui/base-path.ts';
import { saveFile } from '../ui/save-file.ts';

/**
 * Downloads the file of a recording. A link can't send an API key, so with a key the file is fetched first.
 * @throws Error if the API refuses
 */
export async function download(recording: string): Promise<void> {
  const path = `${basePath}api/v1/recordings/${encodeURIComponent(recording)}/download`;
  const key = apiKey();
  if (key) {
    const response = await fetch(path, { headers: { authorization: `Bearer ${key}` } });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    saveFile(recording, await response.blob(), 'application/octet-stream');
    return;
  }
  const link = document.createElement('a');
  link.href = path;
  link.download = recording;
  link.click();
}
