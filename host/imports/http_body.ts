import { isUtf8 } from 'node:buffer';
import { type Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { type HttpBody, HttpFailure } from './http_shapes.ts';

const DECODERS = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);
const CODINGS_MAX = 3;
const FIRST_BYTES = 16_384;
/** What a piece of a body counts besides its bytes: a server that sends single bytes costs more than their number. */
const PIECE_BYTES = 64;
/** How much larger than the cap the coded bytes may be: what framing adds to a small body. */
const CODED_SLACK_BYTES = 65_536;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes to send; null without a body. @throws HttpFailure `invalid` for bad base64, `too-large`. */
export function bodyBytes(body: HttpBody, bytes_max: number): Buffer | null {
  if (body.tag === 'none') return null;
  const checked = (bytes: number): void => {
    if (bytes > bytes_max) throw new HttpFailure('too-large', `the request body is larger than ${bytes_max} bytes`);
  };
  if (body.tag === 'text') {
    checked(Buffer.byteLength(body.val));
    return Buffer.from(body.val);
  }
  // Before it is looked at: at the most two characters are padding.
  checked(Math.floor(body.val.length * 0.75) - 2);
  if (!BASE64.test(body.val)) throw new HttpFailure('invalid', 'the body is not base64 (RFC 4648 section 4)');
  const bytes = Buffer.from(body.val, 'base64');
  checked(bytes.length);
  return bytes;
}

/** Bytes as a guest gets them: text when they are UTF-8, base64 otherwise, none when there are none. */
export function httpBody(bytes: Buffer): HttpBody {
  if (bytes.length === 0) return { tag: 'none' };
  return isUtf8(bytes) ? { tag: 'text', val: bytes.toString() } : { tag: 'base64', val: bytes.toString('base64') };
}

/**
 * The codings of a `content-encoding` field in the order to undo them; empty when there are none or one is unknown,
 * and the body is then left as it came. @throws HttpFailure `network` for a stack of codings.
 */
export function codingsOf(contentEncoding: string | undefined): string[] {
  const codings = (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > CODINGS_MAX) {
    throw new HttpFailure(
      'network',
      `the response is coded ${codings.length} times; at most ${CODINGS_MAX} are undone`,
    );
  }
  return codings.every((coding) => DECODERS.has(coding)) ? codings.reverse() : [];
}

/** Is told of the bytes of a body as they arrive; may throw to stop. */
export interface BodyMeter {
  receivedCoded(bytes: number): void;
  received(bytes: number): void;
}

/**
 * Reads a response body, undoing `codings`, and stops at the first byte over `bytes_max`, coded or decoded.
 *
 * @throws HttpFailure `too-large`; what the stream, the decoders or the meter throw.
 */
export async function readBody(
  stream: Readable,
  codings: readonly string[],
  bytes_max: number,
  signal: AbortSignal,
  meter: BodyMeter,
): Promise<Buffer> {
  const tooLarge = () => new HttpFailure('too-large', `the response body is larger than ${bytes_max} bytes`);
  // One buffer that grows: a list of chunks would take a hundred bytes for each, and a server may send them one by one.
  let body = Buffer.allocUnsafe(Math.min(bytes_max, FIRST_BYTES));
  let coded = 0;
  let decoded = 0;
  const decoders = codings.map((coding) => (DECODERS.get(coding) as typeof createGunzip)());
  const take = (chunk: Buffer): void => {
    if (decoded + chunk.length > bytes_max) throw tooLarge();
    meter.received(chunk.length);
    if (decoded + chunk.length > body.length) {
      const larger = Buffer.allocUnsafe(Math.min(bytes_max, Math.max(decoded + chunk.length, 2 * body.length)));
      body.copy(larger, 0, 0, decoded);
      body = larger;
    }
    chunk.copy(body, decoded);
    decoded += chunk.length;
  };
  const count = (chunk: Buffer): void => {
    coded += chunk.length;
    if (coded > bytes_max + CODED_SLACK_BYTES) throw tooLarge();
    meter.receivedCoded(chunk.length + PIECE_BYTES);
  };
  const counter = new Transform({ transform: (chunk, _, done) => attempt(() => count(chunk), done, chunk) });
  const sink = new Writable({ write: (chunk, _, done) => attempt(() => take(chunk), done) });
  await pipeline([stream, counter, ...decoders, sink], { signal }).catch((error) => {
    // Decoders want at least a header; an answer to HEAD, or an empty one, has none.
    if (coded > 0 || !stream.readableEnded) throw error;
  });
  return body.subarray(0, decoded);
}

function attempt(work: () => void, done: (error?: Error | null, chunk?: Buffer) => void, chunk?: Buffer): void {
  try {
    work();
  } catch (error) {
    return done(error as Error);
  }
  done(null, chunk);
}

/** Reads a body that nobody wants, so that its connection can be used again; over `bytes_max` the connection goes. */
export async function discardBody(
  stream: Readable,
  bytes_max: number,
  onCoded: (bytes: number) => void,
): Promise<void> {
  let seen = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    seen += chunk.length;
    onCoded(chunk.length);
    if (seen > bytes_max) return;
  }
}
