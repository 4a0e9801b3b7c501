/** A header field as it crosses the boundary. */
export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/** WIT `body`; in responses `none` stands for zero bytes. */
export type HttpBody =
  | { readonly tag: 'none' }
  | { readonly tag: 'text'; readonly val: string }
  | { readonly tag: 'base64'; readonly val: string };

/** WIT `auth`. */
export type HttpAuth =
  | { readonly tag: 'none' }
  | { readonly tag: 'bearer'; readonly val: string }
  | { readonly tag: 'basic'; readonly val: { readonly username: string; readonly password: string } }
  | {
      readonly tag: 'api-key';
      readonly val: { readonly name: string; readonly value: string; readonly inQuery: boolean };
    }
  | {
      readonly tag: 'hmac';
      readonly val: { readonly header: string; readonly secret: string; readonly prefix: string };
    }
  | { readonly tag: 'standard-webhook'; readonly val: { readonly id: string; readonly secret: string } };

/** WIT `request`, in the JSON-safe form of jco's bindings. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly HttpHeader[];
  readonly body: HttpBody;
  readonly auth: HttpAuth;
  readonly timeoutMs: number;
  readonly maxRedirects: number;
  readonly maxBytes: number;
}

/** WIT `response`. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: readonly HttpHeader[];
  readonly body: HttpBody;
  readonly url: string;
  readonly latencyMs: number;
}

/** WIT `error`. */
export interface HttpError {
  readonly tag: 'denied' | 'invalid' | 'timeout' | 'network' | 'too-large' | 'budget';
  readonly val: string;
}

/** Carries a WIT `error` from where it was found to where `send` answers. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly tag: HttpError['tag'];

  constructor(tag: HttpError['tag'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.tag = tag;
  }
}

const AUTH_FIELDS = {
  basic: { username: 'string', password: 'string' },
  'api-key': { name: 'string', value: 'string', inQuery: 'boolean' },
  hmac: { header: 'string', secret: 'string', prefix: 'string' },
  'standard-webhook': { id: 'string', secret: 'string' },
} as const;

/**
 * Reads a `request` that came from a cell, which is not trusted to have kept to the WIT.
 * @throws HttpFailure `invalid`, naming the field.
 */
export function readHttpRequest(value: unknown): HttpRequest {
  const request = fields(value, 'request', {
    method: 'string',
    url: 'string',
    timeoutMs: 'number',
    maxRedirects: 'number',
    maxBytes: 'number',
  });
  for (const name of ['timeoutMs', 'maxRedirects', 'maxBytes'] as const) {
    const number = request[name];
    if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) {
      throw new HttpFailure('invalid', `request.${name} is ${number}; it must be a u32`);
    }
  }
  const { headers, body, auth } = value as Record<string, unknown>;
  if (!Array.isArray(headers)) throw new HttpFailure('invalid', 'request.headers is not a list');
  return {
    ...request,
    headers: headers.map((header, index) =>
      fields(header, `request.headers[${index}]`, { name: 'string', value: 'string' }),
    ),
    body: readBody(body),
    auth: readAuth(auth),
  };
}

function readBody(value: unknown): HttpBody {
  const { tag } = fields(value, 'request.body', { tag: 'string' });
  if (tag === 'none') return { tag };
  if (tag === 'text' || tag === 'base64') return { tag, ...fields(value, 'request.body', { val: 'string' }) };
  throw new HttpFailure('invalid', `request.body has the unknown tag "${tag}"`);
}

function readAuth(value: unknown): HttpAuth {
  const { tag } = fields(value, 'request.auth', { tag: 'string' });
  const inner = () => (value as { val?: unknown }).val;
  switch (tag) {
    case 'none':
      return { tag };
    case 'bearer':
      return { tag, ...fields(value, 'request.auth', { val: 'string' }) };
    case 'basic':
      return { tag, val: fields(inner(), 'request.auth.val', AUTH_FIELDS.basic) };
    case 'api-key':
      return { tag, val: fields(inner(), 'request.auth.val', AUTH_FIELDS['api-key']) };
    case 'hmac':
      return { tag, val: fields(inner(), 'request.auth.val', AUTH_FIELDS.hmac) };
    case 'standard-webhook':
      return { tag, val: fields(inner(), 'request.auth.val', AUTH_FIELDS['standard-webhook']) };
    default:
      throw new HttpFailure('invalid', `request.auth has the unknown tag "${tag}"`);
  }
}

interface Primitive {
  string: string;
  number: number;
  boolean: boolean;
}

function fields<S extends Readonly<Record<string, keyof Primitive>>>(
  value: unknown,
  place: string,
  shape: S,
): { [K in keyof S]: Primitive[S[K]] } {
  const out: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(shape)) {
    const field = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    if (typeof field !== type) throw new HttpFailure('invalid', `${place}.${name} is not a ${type}`);
    out[name] = field;
  }
  return out as { [K in keyof S]: Primitive[S[K]] };
}
