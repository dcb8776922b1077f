/** Hands a text to the browser as a file to keep. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; the blob is not needed any more.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
