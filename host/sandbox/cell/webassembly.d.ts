/** The part of the WebAssembly JavaScript interface that cells use; neither `esnext` nor Node's types declare it. */
declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>;

  class Module {
    constructor(bytes: Uint8Array);
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, unknown>>;
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    /** @throws RangeError beyond the maximum */
    grow(pages: number): number;
  }
}
