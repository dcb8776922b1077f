/** Every code of a problem document that callers can meet, for `/docs/problems`. */
export const problemCodes: { [code: string]: { status: number; meaning: string } } = {};
