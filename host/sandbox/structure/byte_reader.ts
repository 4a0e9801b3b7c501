import { STRUCTURE_BOUNDS } from './bounds.ts';
import { ComponentRefusal, type RefusalRule } from './refusal.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name's bytes are at most this many times its characters. */
const NAME_BYTES_MAX = 4 * STRUCTURE_BOUNDS.name_characters;

/** Reads WebAssembly's basic encodings within bounds. Every method throws ComponentRefusal on bytes that are not there. */
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

  /** Bytes that are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) throw this.error('it ends too early');
    return this.#bytes[this.#at++]!;
  }

  /** The next byte, which is not passed over. */
  peek(): number {
    if (this.#at >= this.#end) throw this.error('it ends too early');
    return this.#bytes[this.#at]!;
  }

  skip(length: number): void {
    this.#advance(length);
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
    if (length > NAME_BYTES_MAX) throw this.error(`a name of ${length} bytes`, 'name');
    try {
      return UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw this.error('a name that is not UTF-8', 'name');
    }
  }

  /** A reader of the next bytes, which this one passes over. */
  slice(length: number): ByteReader {
    const at = this.#advance(length);
    return new ByteReader(this.#bytes, at, at + length);
  }

  /** Reads a vector: calls `read` once for each of its elements. */
  each(read: (index: number) => void): void {
    const length = this.u32();
    for (let i = 0; i < length; i++) read(i);
  }

  /** A refusal that says where the reader is. */
  error(problem: string, rule: RefusalRule = 'malformed'): ComponentRefusal {
    return new ComponentRefusal(rule, `${problem} (at byte ${this.#at})`);
  }

  /** That nothing is left. */
  end(what: string): void {
    if (!this.atEnd) throw this.error(`${what} has ${this.left} bytes too many`);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw this.error('it ends too early');
    this.#at = at + length;
    return at;
  }
}
