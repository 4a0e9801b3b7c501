/** A body was larger than what any answer of a model can be. */
export class BodyTooLarge extends Error {}

/** An answer of 1,000,000 tokens has some 4 MB. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

/**
 * `fetch` that gives an answer only when it is there whole, follows no redirects, since those would carry the key
 * elsewhere, and reads no more than 16 MiB.
 * @throws BodyTooLarge; whatever `fetch` and reading the body throw
 */
export async function boundedFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > BODY_BYTES_MAX) throw new BodyTooLarge(`the body has more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const { status, headers } = response;
  // A Response with such a status has no body.
  const body = [204, 205, 304].includes(status) ? null : new Blob(chunks);
  return new Response(body, { status, headers: withoutEncoding(headers) });
}

/** The body was decoded while it was read. */
function withoutEncoding(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) kept.delete(name);
  return kept;
}
