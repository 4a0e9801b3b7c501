/**
 * Sets how far a core module's memory may grow. The module has been read whole and found well-formed before
 * (`component_check.ts`): it declares at most one memory, with 32-bit limits.
 */

const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
const PAGE_BYTES = 65_536;
/** What 32-bit addresses reach. */
const PAGES_MAX = 65_536;

/** The module starts with more memory than it may have. */
export class MemoryTooSmall extends Error {
  /** What it starts with. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`a memory of ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/**
 * The same module with a memory of at most `bytesMax`. A memory that starts empty stays so: engines have such in parts
 * that they do not use, and the limit is for all memories of a component together.
 *
 * @throws MemoryTooSmall
 */
export function withMemoryMaximum(module: Uint8Array, bytesMax: number): Uint8Array {
  for (let at = HEADER_BYTES; at < module.length; ) {
    const start = at;
    const id = module[at++];
    const [size, body] = readU32(module, at);
    at = body + size;
    if (id !== MEMORY_SECTION) continue;
    const [count, entry] = readU32(module, body);
    if (count === 0) return module;
    // Past the flags, which say whether a maximum follows; what does is dropped.
    const [minimum] = readU32(module, entry + 1);
    if (minimum * PAGE_BYTES > bytesMax) throw new MemoryTooSmall(minimum * PAGE_BYTES);
    const maximum = minimum === 0 ? 0 : Math.min(Math.floor(bytesMax / PAGE_BYTES), PAGES_MAX, declared(module, entry));
    const section = [1, 1, ...writeU32(minimum), ...writeU32(maximum)];
    return Buffer.concat([
      module.subarray(0, start),
      Uint8Array.from([MEMORY_SECTION, ...writeU32(section.length), ...section]),
      module.subarray(at),
    ]);
  }
  return module;
}

/** The maximum that the module itself names. */
function declared(module: Uint8Array, entry: number): number {
  if (module[entry] !== 1) return PAGES_MAX;
  const [, afterMinimum] = readU32(module, entry + 1);
  return readU32(module, afterMinimum)[0];
}

/** A LEB128 and where it ends. */
function readU32(bytes: Uint8Array, start: number): readonly [value: number, end: number] {
  let value = 0;
  let at = start;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at];
  }
}

function writeU32(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return [...bytes, left];
}
