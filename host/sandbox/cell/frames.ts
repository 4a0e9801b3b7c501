/**
 * How the broker and a cell talk over a stream: `<u32 little-endian length><UTF-8 JSON>`, any number of times.
 * The reader knows a frame's length before it keeps a byte of it, so a hostile peer cannot make it hoard.
 */

/** Bytes of a frame that carries no payload of a guest. */
export const SMALL_FRAME_BYTES = 64 * 1024;

const HEADER_BYTES = 4;

/** A message as one frame. A bigint becomes its decimal string. */
export function encodeFrame(message: unknown): Buffer {
  const text = JSON.stringify(message, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32LE(length, 0);
  frame.write(text, HEADER_BYTES);
  return frame;
}

/** Cuts a stream into messages. */
export class FrameReader {
  /** The longest frame accepted from now on. */
  bytesMax = SMALL_FRAME_BYTES;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Of the frame whose header was read. */
  #length: number | undefined;

  /**
   * The messages that `chunk` completes, oldest first.
   * @throws Error on a frame that is too long or not JSON; the stream is of no more use then.
   */
  push(chunk: Buffer): unknown[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const messages: unknown[] = [];
    for (;;) {
      if (this.#length === undefined) {
        if (this.#buffered < HEADER_BYTES) return messages;
        this.#length = this.#take(HEADER_BYTES).readUInt32LE(0);
        if (this.#length > this.bytesMax) {
          throw new Error(`a frame of ${this.#length} bytes, where ${this.bytesMax} are allowed`);
        }
      }
      if (this.#buffered < this.#length) return messages;
      messages.push(JSON.parse(this.#take(this.#length).toString('utf8')));
      this.#length = undefined;
    }
  }

  #take(length: number): Buffer {
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#buffered -= length;
    this.#chunks = this.#buffered === 0 ? [] : [whole.subarray(length)];
    return whole.subarray(0, length);
  }
}
