declare module 'weft:http/client@1.0.0' {
  /**
   * Performs one request. An HTTP error status is a response, not an error.
   */
  export function send(request: Request): Response;
  /**
   * A header field; names are compared without case.
   */
  export interface Header {
    name: string,
    value: string,
  }
  /**
   * A message body.
   */
  export type Body = BodyNone | BodyText | BodyBase64;
  export interface BodyNone {
    tag: 'none',
  }
  /**
   * Sent as UTF-8; received when the bytes are valid UTF-8.
   */
  export interface BodyText {
    tag: 'text',
    val: string,
  }
  /**
   * Any other bytes, RFC 4648 section 4.
   */
  export interface BodyBase64 {
    tag: 'base64',
    val: string,
  }
  export interface Basic {
    username: string,
    password: string,
  }
  export interface ApiKey {
    name: string,
    value: string,
    /**
     * In the query instead of a header.
     */
    inQuery: boolean,
  }
  /**
   * `<header>: <prefix><hex HMAC-SHA256(secret, body)>`.
   */
  export interface Signature {
    header: string,
    secret: string,
    prefix: string,
  }
  /**
   * Standard Webhooks 1.0.0 (standardwebhooks.com), symmetric: the headers `webhook-id`, `webhook-timestamp` (the host's,
   * in seconds) and `webhook-signature: v1,<base64 HMAC-SHA256(key, id.timestamp.body)>`.
   */
  export interface Webhook {
    /**
     * Of the message, the same whenever it is sent again; without a dot.
     */
    id: string,
    /**
     * The key in base64, with or without `whsec_` before it.
     */
    secret: string,
  }
  /**
   * Credentials that the host computes; the strings may be secret placeholders.
   */
  export type Auth = AuthNone | AuthBearer | AuthBasic | AuthApiKey | AuthHmac | AuthStandardWebhook;
  export interface AuthNone {
    tag: 'none',
  }
  /**
   * `Authorization: Bearer <token>` (RFC 6750).
   */
  export interface AuthBearer {
    tag: 'bearer',
    val: string,
  }
  /**
   * `Authorization: Basic …` (RFC 7617).
   */
  export interface AuthBasic {
    tag: 'basic',
    val: Basic,
  }
  /**
   * A header or a query parameter that carries a key.
   */
  export interface AuthApiKey {
    tag: 'api-key',
    val: ApiKey,
  }
  /**
   * An HMAC-SHA256 over the body (see `signature`).
   */
  export interface AuthHmac {
    tag: 'hmac',
    val: Signature,
  }
  /**
   * A signature that names message and time (see `webhook`).
   */
  export interface AuthStandardWebhook {
    tag: 'standard-webhook',
    val: Webhook,
  }
  export interface Request {
    method: string,
    /**
     * Absolute, `http` or `https`.
     */
    url: string,
    headers: Array<Header>,
    body: Body,
    auth: Auth,
    /**
     * Total, from the call to the last byte of the body, redirects included.
     */
    timeoutMs: number,
    /**
     * How many redirects to follow; each hop is checked anew.
     */
    maxRedirects: number,
    /**
     * The most decoded bytes of the body; the operator's cap applies as well.
     */
    maxBytes: number,
  }
  export interface Response {
    status: number,
    /**
     * In the order received; `set-cookie` and hop-by-hop fields are left out.
     */
    headers: Array<Header>,
    body: Body,
    /**
     * After redirects.
     */
    url: string,
    /**
     * From the call to the last byte, by the host's clock.
     */
    latencyMs: number,
  }
  /**
   * Why a call gave no response.
   */
  export type Error = ErrorDenied | ErrorInvalid | ErrorTimeout | ErrorNetwork | ErrorTooLarge | ErrorBudget;
  /**
   * The egress policy refused it; nothing was sent to the refused address.
   */
  export interface ErrorDenied {
    tag: 'denied',
    val: string,
  }
  /**
   * The request itself is malformed.
   */
  export interface ErrorInvalid {
    tag: 'invalid',
    val: string,
  }
  /**
   * No answer within `timeout-ms`.
   */
  export interface ErrorTimeout {
    tag: 'timeout',
    val: string,
  }
  /**
   * DNS, connect, TLS or transport failed.
   */
  export interface ErrorNetwork {
    tag: 'network',
    val: string,
  }
  /**
   * The body or the headers are larger than allowed.
   */
  export interface ErrorTooLarge {
    tag: 'too-large',
    val: string,
  }
  /**
   * The step has used up its calls or bytes.
   */
  export interface ErrorBudget {
    tag: 'budget',
    val: string,
  }
}
