/** Writes WebAssembly byte by byte, for components that no tool would write. */

export function leb(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return [...bytes, left];
}

/** A length and UTF-8. */
export function text(value: string): number[] {
  const bytes = Buffer.from(value);
  return [...leb(bytes.length), ...bytes];
}

export function section(id: number, body: Uint8Array | readonly number[]): Buffer {
  return Buffer.concat([Uint8Array.from([id, ...leb(body.length)]), Uint8Array.from(body)]);
}

/** A section of a vector that holds one element `count` times. */
export function repeated(id: number, count: number, element: readonly number[]): Buffer {
  const body = Buffer.alloc(count * element.length, Uint8Array.from(element));
  return section(id, Buffer.concat([Uint8Array.from(leb(count)), body]));
}

export function coreModule(...sections: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from('0061736d01000000', 'hex'), ...sections]);
}

export function component(...sections: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from('0061736d0d000100', 'hex'), ...sections]);
}

/** A component that holds this core module. */
export function holding(...sections: readonly Uint8Array[]): Buffer {
  return component(section(1, coreModule(...sections)));
}

/** `func () -> ()` as type 0. */
export const VOID_TYPE = section(1, [1, 0x60, 0, 0]);

/** One function of type 0, with these locals and instructions. */
export function functionOf(locals: readonly number[], code: readonly number[]): Buffer {
  const body = [...locals, ...code, 0x0b];
  return Buffer.concat([section(3, [1, 0]), section(10, [1, ...leb(body.length), ...body])]);
}
