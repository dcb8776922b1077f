/** What a key allows; each scope includes the ones before it. */
export type Scope = 'read' | 'control' | 'admin';
