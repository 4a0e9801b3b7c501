const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads WebAssembly's basic encodings within bounds. Every method throws on bytes that are not there. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  byte(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  /** The next bytes in hexadecimal. */
  hex(length: number): string {
    const at = this.#advance(length);
    return Buffer.from(this.#bytes.subarray(at, at + length)).toString('hex');
  }

  /** LEB128. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw this.error('an integer beyond 32 bits');
  }

  /** Passes over a LEB128 of up to 64 bits. */
  skipLeb(): void {
    for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return;
    throw this.error('an integer beyond 64 bits');
  }

  /** A length and that many bytes of UTF-8. */
  name(): string {
    const length = this.u32();
    const at = this.#advance(length);
    try {
      return UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw this.error('a name that is not UTF-8');
    }
  }

  /** A reader of the next bytes, which this one passes over. */
  slice(length: number): ByteReader {
    const at = this.#advance(length);
    return new ByteReader(this.#bytes, at, at + length);
  }

  /** Reads a vector: calls `read` once for each of its elements. */
  each(read: () => void): void {
    for (let left = this.u32(); left > 0; left--) read();
  }

  /** An error that says where the reader is. */
  error(problem: string): Error {
    return new Error(`${problem} (at byte ${this.#at})`);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw this.error('it ends too early');
    this.#at = at + length;
    return at;
  }
}
