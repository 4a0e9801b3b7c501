import { type HostCalls, startHostCalls } from '../../testing/host_calls.ts';
import { type LoopbackServer, type SeenRequest, startHttpServer, startSentinel } from '../../testing/http_server.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { HttpError, HttpRequest, HttpResponse } from './http_shapes.ts';

const test = suite('http client');

type Answer = { ok: HttpResponse } | { error: HttpError };

const open: { close(): Promise<void> }[] = [];
test.after(async () => {
  for (const one of open.reverse()) await one.close();
});

function kept<T extends { close(): Promise<void> }>(resource: T): T {
  open.push(resource);
  return resource;
}

function ok(answer: Answer): HttpResponse {
  if ('error' in answer) throw new Error(`${answer.error.tag}: ${answer.error.val}`);
  return answer.ok;
}

function tagOf(answer: Answer): string {
  return 'error' in answer ? answer.error.tag : `status ${answer.ok.status}`;
}

const sentinel = kept(await startSentinel());

// `/redirect/<status>?to=<url>` redirects, everything else answers 200 with what was asked.
const server = kept(
  await startHttpServer((request, response) => {
    const url = new URL(request.url, 'http://host');
    const status = /^\/redirect\/(\d+)$/.exec(url.pathname)?.[1];
    if (status !== undefined)
      response
        .writeHead(Number(status), { location: Buffer.from(url.searchParams.get('to') ?? '').toString('latin1') })
        .end('moved');
    else if (url.pathname === '/limited') response.writeHead(429, { 'retry-after': '7' }).end('slow down');
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(`${request.method} ${request.url}`);
  }),
);
const RULE = { scheme: 'http', host: '*.test', port: server.port, private: true } as const;
const at = (path: string, host = 'api.test', { port }: LoopbackServer = server) => `http://${host}:${port}${path}`;
const redirect = (to: string, status = 302) => at(`/redirect/${status}?to=${encodeURIComponent(to)}`);

async function seenBy(calls: HostCalls, request: Partial<HttpRequest> & { url: string }): Promise<SeenRequest[]> {
  const before = server.requests.length;
  ok(await calls.send(request));
  return server.requests.slice(before);
}

test('a response arrives as it is, an error status included', async () => {
  const calls = kept(await startHostCalls({ egress: [RULE] }));
  const { latencyMs, headers, ...response } = ok(await calls.send({ url: at('/x?y=1#z') }));
  assert.equal(response, { status: 200, body: { tag: 'text', val: 'GET /x?y=1' }, url: at('/x?y=1') });
  assert.ok(Number.isInteger(latencyMs) && latencyMs >= 0);
  assert.ok(headers.some(({ name, value }) => name === 'content-type' && value === 'text/plain'));
  const limited = ok(await calls.send({ url: at('/limited') }));
  assert.is(limited.status, 429);
  assert.ok(limited.headers.some(({ name, value }) => name === 'retry-after' && value === '7'));
  const { host_calls: count, hosts, denials } = calls.host.usage();
  assert.equal({ count, hosts, denials }, { count: 2, hosts: [`api.test:${server.port}`], denials: 0 });
});

test('a refused address is never connected to, however the request gets there', async () => {
  const { port } = sentinel;
  process.env['HTTP_PROXY'] = process.env['http_proxy'] = `http://127.0.0.1:${port}`;
  const calls = kept(
    await startHostCalls({
      // Open for every host of the sentinel's port, but not for private addresses.
      egress: [
        RULE,
        ...['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '0.0.0.0', 'localhost', '*.public'].map((host) => ({
          scheme: 'http' as const,
          host,
          port,
        })),
      ],
      names: {
        'loop.public': [['127.0.0.1']],
        'mixed.public': [['203.0.114.1', '127.0.0.1']],
        localhost: [['127.0.0.1', '::1']],
        'cloud.test': [['169.254.169.254']],
      },
    }),
  );
  const urls = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.1',
    '127.0.0.1.',
    '１２７.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0',
  ]
    .concat(['localhost', 'loop.public', 'mixed.public', 'unlisted.test'])
    .map((host) => at('/', host, sentinel))
    .concat([
      at('/', 'cloud.test'),
      `http://user@127.0.0.1:${port}/`,
      `ftp://127.0.0.1:${port}/`,
      'file:///etc/passwd',
    ]);
  urls.push(...urls.map((url) => redirect(url)));
  for (const url of urls) {
    const answer = await calls.send({ url });
    assert.is(tagOf(answer), 'denied', url);
  }
  delete process.env['HTTP_PROXY'];
  delete process.env['http_proxy'];
  assert.is(sentinel.connections(), 0);
  assert.is(calls.host.usage().denials, urls.length);
  assert.is(calls.audit.filter(({ kind }) => kind === 'egress_denied').length, urls.length);
  assert.equal(calls.host.usage().hosts, [`api.test:${server.port}`]);
});

test('every connection resolves its name anew and is refused anew; a reused one was checked', async () => {
  const closing = kept(await startHttpServer((_, response) => response.writeHead(200, { connection: 'close' }).end()));
  const keeping = kept(await startHttpServer((_, response) => response.end()));
  const egress = [closing, keeping].map(({ port }) => ({ ...RULE, port }));
  const answers = [['127.0.0.1'], ['169.254.169.254'], ['127.0.0.1', '::ffff:169.254.169.254']];
  const calls = kept(await startHostCalls({ egress, names: { 'rebind.test': answers } }));
  const tags = [];
  for (let turn = 0; turn < 3; turn += 1) tags.push(tagOf(await calls.send({ url: at('/', 'rebind.test', closing) })));
  assert.equal(tags, ['status 200', 'denied', 'denied']);
  assert.is(closing.connections(), 1);

  for (let turn = 0; turn < 10; turn += 1) ok(await calls.send({ url: at('/', 'api.test', keeping) }));
  assert.is(calls.resolved.get('api.test'), keeping.connections());
  assert.ok(keeping.connections() < 10);
});

test('a connection opened for private addresses serves no request without that right', async () => {
  const calls = kept(
    await startHostCalls({
      egress: [
        { ...RULE, path: '/open' },
        { ...RULE, private: false },
      ],
    }),
  );
  assert.is(tagOf(await calls.send({ url: at('/open') })), 'status 200');
  assert.is(tagOf(await calls.send({ url: at('/closed') })), 'denied');
  assert.is(tagOf(await calls.send({ url: at('/open') })), 'status 200');
});

test('what the request says goes out as it is, and nothing of the host with it', async () => {
  const calls = kept(await startHostCalls({ egress: [RULE] }));
  const headers = [
    { name: 'X-Twice', value: 'one' },
    { name: 'x-twice', value: 'two' },
    { name: 'Content-Type', value: 'application/json' },
  ];
  const [seen] = await seenBy(calls, {
    url: at('/a?b=%20'),
    method: 'post',
    headers,
    body: { tag: 'text', val: '"é"' },
  });
  assert.equal([seen?.method, seen?.url, seen?.body], ['POST', '/a?b=%20', '"é"']);
  assert.equal(
    seen?.raw_headers.map((text) => text.toLowerCase()),
    [
      ...['host', `api.test:${server.port}`, 'connection', 'keep-alive', 'x-twice', 'one', 'x-twice', 'two'],
      ...[
        'content-type',
        'application/json',
        'accept-encoding',
        'gzip, br',
        'user-agent',
        'weft',
        'content-length',
        '4',
      ],
    ],
  );
  const [binary] = await seenBy(calls, { url: at('/'), method: 'PUT', body: { tag: 'base64', val: btoa('bytes') } });
  assert.is(binary?.body, 'bytes');
});

test('a malformed request is refused before anything is sent', async () => {
  const calls = kept(await startHostCalls({ egress: [RULE] }));
  const before = server.requests.length;
  const header = (name: string, value = 'x') => ({ headers: [{ name, value }] });
  const requests: Record<string, unknown>[] = [
    { url: 'not a url' },
    { url: '/relative' },
    { url: at(`/${'x'.repeat(9_000)}`) },
    { method: 'GET / HTTP/1.1\r\nx:' },
    { method: '' },
    { method: 'CONNECT' },
    { method: 'trace' },
    ...['Host', 'connection', 'Transfer-Encoding', 'content-length', 'TE', 'Trailer', 'Upgrade', 'keep-alive', 'Expect']
      .concat(['Proxy-Authorization', 'Proxy-Connection', 'bad name', 'bad:name', 'é', ''])
      .map((name) => header(name)),
    ...['a\r\nx: y', 'a\nb', 'a\rb', 'a\0b', 'a\u007fb', 'a\u{1f600}b'].map((value) => header('x', value)),
    { headers: Array(101).fill({ name: 'x', value: 'y' }) },
    { headers: [{ name: 'x', value: 'y'.repeat(40_000) }] },
    { headers: [{ name: 'x' }] },
    { headers: {} },
    { body: { tag: 'base64', val: 'a' } },
    { body: { tag: 'base64', val: 'not base64!!' } },
    { body: { tag: 'stream', val: '' } },
    { body: null },
    { auth: { tag: 'digest' } },
    { auth: { tag: 'basic', val: { username: 'a:b', password: 'c' } } },
    { auth: { tag: 'bearer', val: 'x\r\ny: z' } },
    { auth: { tag: 'api-key', val: { name: 'Host', value: 'evil.test', inQuery: false } } },
    { auth: { tag: 'bearer', val: 'x' }, ...header('Authorization', 'Bearer y') },
    { timeoutMs: -1 },
    { maxBytes: 1.5 },
    { maxRedirects: '5' },
  ];
  for (const request of requests) {
    const answer = await calls.send({ url: at('/'), ...request } as HttpRequest);
    assert.is(tagOf(answer), 'invalid', JSON.stringify(request).slice(0, 100));
  }
  assert.is(tagOf((await calls.host.call('weft:http/client#send', [])) as Answer), 'invalid');
  assert.is(server.requests.length, before);
});

test('redirects are followed hop by hop with the method that the fetch standard gives', async () => {
  const calls = kept(await startHostCalls({ egress: [RULE] }));
  const headers = [
    { name: 'content-type', value: 'text/plain' },
    { name: 'x-kept', value: 'yes' },
  ];
  for (const [status, method, expected] of [
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [302, 'PUT', 'PUT'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [308, 'DELETE', 'DELETE'],
  ] as const) {
    const body = { tag: 'text', val: 'payload' } as const;
    const [, seen] = await seenBy(calls, {
      url: redirect('/end', status),
      method,
      headers,
      ...(method === 'HEAD' ? {} : { body }),
    });
    const keeps = expected === method && method !== 'HEAD';
    assert.equal(
      [seen?.method, seen?.url, seen?.body],
      [expected, '/end', keeps ? 'payload' : ''],
      `${status} ${method}`,
    );
    assert.is(seen?.headers['content-type'], expected === method ? 'text/plain' : undefined);
    assert.is(seen?.headers['x-kept'], 'yes');
  }
  assert.is(ok(await calls.send({ url: redirect('/end#part') })).url, at('/end'));
});

test('a redirect beyond the limit is the response', async () => {
  const calls = kept(await startHostCalls({ egress: [RULE] }));
  const twice = redirect(redirect('/end'));
  for (const [maxRedirects, status] of [
    [0, 302],
    [1, 302],
    [2, 200],
  ] as const) {
    assert.is(ok(await calls.send({ url: twice, maxRedirects })).status, status);
  }
  const loop = kept(await startHttpServer((_, response) => response.writeHead(302, { location: '/' }).end()));
  const looping = kept(await startHostCalls({ egress: [{ ...RULE, port: loop.port }] }));
  assert.is(ok(await looping.send({ url: at('/', 'api.test', loop), maxRedirects: 0xffff_ffff })).status, 302);
  assert.is(loop.requests.length, 21);
  assert.is(tagOf(await calls.send({ url: redirect('http://[') })), 'network');
});

test('each hop must be allowed on its own', async () => {
  const calls = kept(
    await startHostCalls({
      egress: [
        { ...RULE, path: '/redirect' },
        { ...RULE, path: '/in', methods: ['GET'] },
      ],
    }),
  );
  for (const [to, status, tag] of [
    ['/in', 302, 'status 200'],
    ['/out', 302, 'denied'],
    ['/in', 307, 'denied'],
    ['/in/../out', 302, 'denied'],
    [at('/in', 'api.test').replace('http:', 'https:'), 302, 'denied'],
    [at('/in', 'x:y@api.test'), 302, 'denied'],
    ['javascript:alert(1)', 302, 'denied'],
  ] as const) {
    assert.is(tagOf(await calls.send({ url: redirect(to, status), method: 'POST' })), tag, `${status} ${to}`);
  }
});

test('credentials stay with the first origin for the rest of the chain', async () => {
  const calls = kept(await startHostCalls({ egress: [RULE] }));
  const headers = ['Authorization', 'Cookie']
    .map((name) => ({ name, value: 'mine' }))
    .concat({ name: 'x-kept', value: 'yes' });
  const names = ({ headers }: SeenRequest) => ['authorization', 'cookie', 'x-kept'].filter((name) => name in headers);
  const there = redirect(at('/end', 'other.test'));
  const back = redirect(redirect(at('/end')).replace('api.test', 'other.test'));
  assert.equal(
    (await seenBy(calls, { url: redirect('/end'), headers })).map(names),
    Array(2).fill(['authorization', 'cookie', 'x-kept']),
  );
  assert.equal((await seenBy(calls, { url: there, headers })).map(names)[1], ['x-kept']);
  assert.equal((await seenBy(calls, { url: back, headers })).map(names).slice(1), [['x-kept'], ['x-kept']]);
  const onward = redirect(redirect('/end').replace('api.test', 'other.test'));
  assert.equal((await seenBy(calls, { url: onward, headers })).map(names).slice(1), [['x-kept'], ['x-kept']]);
  const auth = { tag: 'bearer', val: 'mine' } as const;
  assert.equal((await seenBy(calls, { url: back, auth })).map(names), [['authorization'], [], []]);
});
