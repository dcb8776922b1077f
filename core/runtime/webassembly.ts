import { readFileSync } from 'node:fs';

/** What every module here exports, besides what it is for. */
export interface Exports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** Node's types leave it out. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Buffer) => object;
    Instance: new (module: object) => { exports: unknown };
  };
};

/** A module that `npm run wasm` has built, with a memory of its own. */
export function instantiate<T extends Exports>(file: URL): T {
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports as T;
}
