import { complete, defineHandler, fail, type Json, type JsonObject } from '../guest/index.ts';
import { readAnswer } from './answer.ts';
import capability from './capability.json' with { type: 'json' };
import { exchange, keptHeaders } from './exchange.ts';
import { extractor } from './expressions.ts';
import { pagesOf } from './pages.ts';
import { buildRequest, type PageTarget } from './request.ts';
import type { Answer, HttpConfig, PaginationConfig } from './types.ts';

/** What all requests of a step came to. */
interface Fetched {
  readonly answer: Answer;
  readonly latency_ms: number;
  readonly pages: number;
  readonly truncated: boolean;
}

/** Sends an HTTP request, or follows the pages of one. */
export const handler = defineHandler<HttpConfig, JsonObject>({
  capability,
  run({ config, idempotencyKey }) {
    const extract = config.response_extract === undefined ? undefined : extractor(config.response_extract);
    const { answer, latency_ms, pages, truncated } =
      config.pagination === undefined
        ? fetchOne(config, idempotencyKey)
        : fetchPages({ ...config, pagination: config.pagination }, idempotencyKey);
    return complete({
      status: answer.status,
      headers: keptHeaders(answer.headers, config.response_headers),
      ...(config.include_body ? { body: answer.body } : {}),
      ...(extract === undefined ? {} : { extracted: extract(answer) }),
      latency_ms,
      pages,
      truncated,
    });
  },
});

function fetchOne(config: HttpConfig, idempotencyKey: string): Fetched {
  const response = exchange(buildRequest(config, {}, { idempotencyKey, ordinal: 1 }), config);
  return { answer: readAnswer(response, config), latency_ms: response.latencyMs, pages: 1, truncated: false };
}

function fetchPages(config: HttpConfig & { readonly pagination: PaginationConfig }, idempotencyKey: string): Fetched {
  const pages = pagesOf(config);
  const body: Json[] = [];
  const visited = new Set<string>();
  let latency_ms = 0;
  let target: PageTarget = pages.first;
  for (let ordinal = 1; ; ordinal += 1) {
    const request = buildRequest(config, target, { idempotencyKey, ordinal });
    refuseRepetition(visited, JSON.stringify([request.url, request.body]));
    const response = exchange(request, config);
    latency_ms += response.latencyMs;
    const answer = readAnswer(response, config);
    const items = pages.itemsOf(answer);
    for (const item of items) body.push(item);
    const next = pages.after({ answer, response, items }, ordinal);
    const isCapped = next !== undefined && ordinal === pages.max_pages;
    if (next === undefined || isCapped) {
      if (isCapped && pages.on_cap === 'fail') {
        fail('pagination_cap', `there are more than ${ordinal} pages; raise max_pages or set on_cap to "stop"`, {
          details: { pages: ordinal, items: body.length },
        });
      }
      return { answer: { ...answer, body }, latency_ms, pages: ordinal, truncated: isCapped };
    }
    target = next;
  }
}

/** A server that leads back to a page that was fetched would never let the list end. */
function refuseRepetition(visited: Set<string>, request: string): void {
  if (visited.has(request)) {
    const [url] = JSON.parse(request) as [string];
    fail('pagination_invalid', `page ${visited.size + 1} is one that was already fetched`, { details: { url } });
  }
  visited.add(request);
}
