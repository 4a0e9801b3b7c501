import type { Targets } from './target.ts';

const INJECTION = 'x\r\nX-Injected: yes';

/** Requests that would say more on the wire than they seem to. */
export const requestTargets: Targets = ({ honest }) => {
  const url = `http://honest.test:${honest}/open`;
  const invalid = (name: string, request: object) => ({
    name: `request: ${name}`,
    request: { url, ...request },
    expected: 'invalid' as const,
  });
  const header = (name: string, value: string) =>
    invalid(`header ${JSON.stringify(`${name}: ${value}`).slice(0, 60)}`, { headers: [{ name, value }] });
  const auth = (tag: string, val: unknown) => invalid(`auth ${tag} ${JSON.stringify(val)}`, { auth: { tag, val } });
  return [
    ...[
      INJECTION,
      'a\nb',
      'a\rb',
      'a\0b',
      'a\u000bb',
      'a\u007fb',
      'a\u010ab',
      'a\u{1f600}',
      'x\r\n\r\nGET / HTTP/1.1',
    ].map((value) => header('x-value', value)),
    ...['a\r\nb', 'a b', 'a:b', '', 'a\0', 'é', 'x\tx', '(x)'].map((name) => header(name, 'x')),
    ...[
      'Host',
      'HOST',
      'Content-Length',
      'Transfer-Encoding',
      'Connection',
      'Keep-Alive',
      'Upgrade',
      'Expect',
      'TE',
    ].map((name) => header(name, '1')),
    ...['Proxy-Authorization', 'Proxy-Connection', 'Trailer', 'HTTP2-Settings'].map((name) => header(name, '1')),
    ...['GET / HTTP/1.1\r\nX: y', 'G T', '', 'CONNECT', 'trace', 'TRACK', 'GET\n', 'GÉT'].map((method) =>
      invalid(`method ${JSON.stringify(method)}`, { method }),
    ),
    invalid('101 headers', { headers: Array(101).fill({ name: 'x', value: 'y' }) }),
    invalid('headers of 40 KB', { headers: [{ name: 'x', value: 'y'.repeat(40_000) }] }),
    auth('bearer', INJECTION),
    auth('basic', { username: 'a:b', password: 'c' }),
    auth('api-key', { name: 'Host', value: 'evil.test', inQuery: false }),
    auth('api-key', { name: `x\r\ny`, value: 'v', inQuery: false }),
    auth('hmac', { header: 'x', secret: 's', prefix: INJECTION }),
    auth('hmac', { header: 'Transfer-Encoding', secret: 's', prefix: '' }),
    auth('digest', 'x'),
    invalid('no base64', { body: { tag: 'base64', val: '***' } }),
    invalid('a body of no kind', { body: { tag: 'stream', val: 1 } }),
    invalid('headers that are no list', { headers: { length: 1 } }),
    invalid('a negative timeout', { timeoutMs: -1 }),
    {
      name: 'request: a body beyond the limit',
      expected: 'too-large',
      request: { url, method: 'POST', body: { tag: 'text', val: 'x'.repeat(200_001) } },
    },
    {
      name: 'request: a placeholder of no secret',
      expected: 'denied',
      request: { url, headers: [{ name: 'x', value: `weft-secret-${'0'.repeat(32)}` }] },
    },
    {
      name: 'request: a placeholder as host',
      expected: 'denied',
      request: { url: `http://weft-secret-${'0'.repeat(32)}:${honest}/` },
    },
  ];
};
