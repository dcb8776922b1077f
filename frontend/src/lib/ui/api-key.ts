const KEY = 'reprise-key';

/** The API's key, if the person gave one: this browser keeps it, for this address only. */
export function apiKey(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a key and starts the page anew with it. */
export function useApiKey(key: string): void {
  localStorage.setItem(KEY, key);
  location.reload();
}
