import { createHmac } from 'node:crypto';
import { HttpFailure, type HttpHeader } from './http_shapes.ts';

const SECRET = /^(?:whsec_)?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
/** What the specification asks for is 24; less than 16 can be guessed. */
const KEY_BYTES_MIN = 16;

/**
 * The headers that identify and sign a webhook: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
 *
 * @param secret base64, with or without `whsec_` before it. @param now_ms since 1970.
 * @throws HttpFailure `invalid` for a secret that is no key and an id that could be read in two ways.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function webhookHeaders(id: string, secret: string, body: Buffer | null, now_ms: number): HttpHeader[] {
  if (!/^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id)) {
    throw new HttpFailure('invalid', 'the id of a webhook must be printable ASCII without spaces and dots');
  }
  const key = Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64');
  if (key.length < KEY_BYTES_MIN) {
    throw new HttpFailure('invalid', `the secret of a webhook must be base64 of at least ${KEY_BYTES_MIN} bytes`);
  }
  const timestamp = String(Math.floor(now_ms / 1_000));
  const signature = createHmac('sha256', key)
    .update(`${id}.${timestamp}.`)
    .update(body ?? '')
    .digest('base64');
  return [
    { name: 'webhook-id', value: id },
    { name: 'webhook-timestamp', value: timestamp },
    { name: 'webhook-signature', value: `v1,${signature}` },
  ];
}
