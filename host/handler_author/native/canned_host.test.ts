import type { Request, Response } from 'weft:http/client@1.0.0';
import { assert, suite } from '../../../testing/suite.ts';
import { type CannedExchange, cannedHost } from './canned_host.ts';

const test = suite('canned host');

const REQUEST: Request = {
  method: 'POST',
  url: 'https://example.com/a',
  headers: [{ name: 'Accept', value: 'text/plain' }],
  body: { tag: 'text', val: '{"a":1}' },
  auth: { tag: 'none' },
  timeoutMs: 1000,
  maxRedirects: 0,
  maxBytes: 1000,
};

/** What a case with these exchanges says of one request; an empty text when all is as expected. */
function complaint(exchanges: readonly CannedExchange[], request = REQUEST): string {
  const host = cannedHost({ http: exchanges });
  host.call('weft:http/client#send', [request]);
  return host.problems().join('\n');
}

test('is content with the requests that a case expects', () => {
  assert.is(complaint([{}]), '');
  const headers = { accept: 'text/plain', 'X-Absent': null };
  assert.is(complaint([{ request: { method: 'POST', url: REQUEST.url, headers, body: { json: { a: 1 } } } }]), '');
  assert.is(complaint([{ error: { tag: 'timeout', val: 'late' } }]), '');
});

test('complains of every difference, of requests too many and too few', () => {
  assert.match(complaint([{ request: { method: 'GET' } }]), /method is .*POST.* not .*GET/);
  assert.match(complaint([{ request: { headers: { Accept: null } } }]), /header Accept is .*text\/plain.* not null/);
  assert.match(complaint([{ request: { headers: { 'X-Key': 'k' } } }]), /header X-Key is null/);
  assert.match(complaint([{ request: { body: null } }]), /body is/);
  assert.match(complaint([{ request: { body: { text: 'b' } } }]), /body is/);
  assert.match(complaint([]), /POST https:\/\/example\.com\/a, was not expected/);
  assert.match(complaint([{}, {}]), /the case has 2 request\(s\), and 1 came/);
});

test('answers with what the case gives, and sensible rest', () => {
  const headers = { 'content-type': 'application/json', link: ['<a>', '<b>'] };
  const host = cannedHost({ http: [{ response: { status: 201, headers, body: { json: [1] } } }, {}], now_ms: 5 });
  const send = (request: Request) => (host.call('weft:http/client#send', [request]) as { ok: Response }).ok;
  assert.equal(send(REQUEST), {
    status: 201,
    headers: [
      { name: 'content-type', value: 'application/json' },
      { name: 'link', value: '<a>' },
      { name: 'link', value: '<b>' },
    ],
    body: { tag: 'text', val: '[1]' },
    url: REQUEST.url,
    latencyMs: 0,
  });
  assert.equal(send(REQUEST).body, { tag: 'none' });
  assert.equal(host.call('weft:clock/wall-clock#now-ms', []), { ok: '5' });
  assert.equal(host.calls(), { 'weft:http/client': 2, 'weft:clock/wall-clock': 1 });
});

test('refuses every call of an interface that is denied, and misses none of its exchanges', () => {
  const host = cannedHost({ http: [{}, {}], denied: ['weft:http/client'] });
  assert.equal(host.call('weft:http/client#send', [REQUEST]), {
    error: { tag: 'denied', val: 'nothing is allowed here' },
  });
  assert.equal(host.problems(), []);
});
