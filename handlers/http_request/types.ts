import type { Json } from '../guest/index.ts';

/** The value of a query parameter or form field; null leaves it out, an array repeats it. */
export type ParameterValue = string | number | boolean | null | readonly (string | number | boolean)[];

/** What is sent: exactly one of these. */
export interface BodyConfig {
  readonly json?: Json;
  readonly text?: string;
  readonly form?: Readonly<Record<string, ParameterValue>>;
  readonly base64?: string;
}

/** Credentials: exactly one of these. Strings may be secret placeholders. */
export interface AuthConfig {
  readonly bearer?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly api_key?: { readonly name: string; readonly value: string; readonly in: 'header' | 'query' };
  readonly hmac?: { readonly header: string; readonly secret: string; readonly prefix: string };
}

interface PagesConfig {
  readonly items: string;
  readonly max_pages: number;
  readonly on_cap: 'fail' | 'stop';
}

/** How pages are linked: exactly one of these. */
export interface PaginationConfig {
  readonly link?: PagesConfig & { readonly rel: string };
  readonly cursor?: PagesConfig & {
    readonly next: string;
    readonly in: 'query' | 'body' | 'url';
    readonly name: string;
  };
  readonly page?: PagesConfig & {
    readonly in: 'query' | 'body';
    readonly name: string;
    readonly start: number;
    readonly step: number;
    readonly page_size?: number;
    readonly more?: string;
  };
}

/** The config, defaults filled in. */
export interface HttpConfig {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, ParameterValue>>;
  readonly body?: BodyConfig;
  readonly auth?: AuthConfig;
  readonly expected_status: readonly (number | string)[];
  readonly response_as: 'auto' | 'json' | 'text' | 'base64';
  readonly big_numbers: 'fail' | 'string';
  readonly response_extract?: string | Readonly<Record<string, string>>;
  readonly include_body: boolean;
  readonly response_headers: readonly string[];
  readonly timeout_ms: number;
  readonly max_redirects: number;
  readonly max_response_bytes: number;
  readonly idempotency_header: string | null;
  readonly pagination?: PaginationConfig;
}

/** An answer as expressions see it: header names in lower case, repeated fields joined. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}
