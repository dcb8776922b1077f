import { readFileSync } from 'node:fs';

/** What every WebAssembly module of this project exports besides its functions. */
export interface Exports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** The types of Node do not have WebAssembly. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Buffer) => object;
    Instance: new (module: object) => { exports: unknown };
  };
};

/** Loads a module that `npm run wasm` has built. Each instance has its own memory. `T`: what the module exports. */
export function instantiate<T extends Exports>(file: URL): T {
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports as T;
}
