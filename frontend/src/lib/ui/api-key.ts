const KEY = 'reprise-key';

/** The API key that the person entered; this browser keeps it for this address only. */
export function apiKey(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Stores the key and reloads the page with it. */
export function useApiKey(key: string): void {
  localStorage.setItem(KEY, key);
  location.reload();
}
