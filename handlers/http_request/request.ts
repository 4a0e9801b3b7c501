import type { Request } from '../guest/http.ts';
import { fail, type Json, type JsonObject } from '../guest/index.ts';
import { sha256 } from '../guest/sha256.ts';
import type { AuthConfig, BodyConfig, HttpConfig, ParameterValue } from './types.ts';
import { formEncode, type Parameter, withQuery } from './urls.ts';

/** What a page changes in the request of the config. */
export interface PageTarget {
  /** In place of the config's URL and query. */
  readonly url?: string;
  readonly query?: Readonly<Record<string, ParameterValue>>;
  /** A dotted path into a JSON body, or the name of a form field, and its value. */
  readonly body_field?: { readonly name: string; readonly value: string | number };
}

/** RFC 9110 section 9.2.2: sending any other method twice may do its work twice. */
const NOT_IDEMPOTENT = new Set(['POST', 'PATCH']);

/**
 * The request of one call of a step.
 * @param ordinal counts the step's calls from 1; with the step's key it makes the call's
 */
export function buildRequest(
  config: HttpConfig,
  target: PageTarget,
  step: { readonly idempotencyKey: string; readonly ordinal: number },
): Request {
  const { type, body } = encodeBody(target.body_field ? withField(config.body, target.body_field) : config.body);
  const given = new Set(Object.keys(config.headers).map((name) => name.toLowerCase()));
  const added: [string, string][] = [];
  if (type !== undefined) added.push(['content-type', type]);
  if (config.idempotency_header !== null && NOT_IDEMPOTENT.has(config.method)) {
    added.push([config.idempotency_header, sha256(`${encodeURIComponent(step.idempotencyKey)}/${step.ordinal}`)]);
  }
  const headers = [...Object.entries(config.headers), ...added.filter(([name]) => !given.has(name.toLowerCase()))];
  return {
    method: config.method,
    url: target.url ?? withQuery(config.url, parametersOf({ ...config.query, ...target.query })),
    headers: headers.map(([name, value]) => ({ name, value })),
    body,
    auth: wireAuth(config.auth),
    timeoutMs: config.timeout_ms,
    maxRedirects: config.max_redirects,
    maxBytes: config.max_response_bytes,
  };
}

function encodeBody(body: BodyConfig = {}): { readonly type?: string; readonly body: Request['body'] } {
  const { json, text, form, base64 } = body;
  if (json !== undefined) return { type: 'application/json', body: { tag: 'text', val: JSON.stringify(json) } };
  if (text !== undefined) return { type: 'text/plain; charset=utf-8', body: { tag: 'text', val: text } };
  if (form !== undefined) {
    const encoded = formEncode(parametersOf(form));
    return { type: 'application/x-www-form-urlencoded', body: { tag: 'text', val: encoded } };
  }
  if (base64 !== undefined) return { type: 'application/octet-stream', body: { tag: 'base64', val: base64 } };
  return { body: { tag: 'none' } };
}

function parametersOf(values: Readonly<Record<string, ParameterValue>>): Parameter[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((each): Parameter => [name, String(each)]),
  );
}

function wireAuth(auth: AuthConfig = {}): Request['auth'] {
  const { bearer, basic, api_key, hmac } = auth;
  if (bearer !== undefined) return { tag: 'bearer', val: bearer };
  if (basic !== undefined) return { tag: 'basic', val: basic };
  if (api_key !== undefined) {
    const { name, value, in: place } = api_key;
    return { tag: 'api-key', val: { name, value, inQuery: place === 'query' } };
  }
  if (hmac === undefined) return { tag: 'none' };
  const { header, secret, prefix } = hmac;
  return { tag: 'hmac', val: { header, secret, prefix } };
}

function withField(body: BodyConfig = { json: {} }, field: NonNullable<PageTarget['body_field']>): BodyConfig {
  if (body.form !== undefined) return { form: { ...body.form, [field.name]: field.value } };
  if (body.json !== undefined) return { json: withPath(body.json, field.name.split('.'), field.value) };
  return fail('invalid_request', `the pagination sets "${field.name}" in the body, which must then be json or form`);
}

function withPath(value: Json, path: readonly string[], leaf: Json): Json {
  const [name, ...rest] = path;
  if (name === undefined) return leaf;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('invalid_request', `the pagination sets "${path.join('.')}" in the body, where there is no object`);
  }
  const object = value as JsonObject;
  const below = Object.hasOwn(object, name) ? object[name]! : {};
  return { ...object, [name]: withPath(below, rest, leaf) };
}
