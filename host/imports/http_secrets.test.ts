import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type HostCalls, startHostCalls } from '../../testing/host_calls.ts';
import { type SeenRequest, startHttpServer } from '../../testing/http_server.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { HttpError, HttpRequest, HttpResponse } from './http_shapes.ts';

const test = suite('http secrets');

// A quote, a space, a plus and a letter outside ASCII's letters, so that every encoding of it looks different.
const KEY = 'canary"K1 +/x';
const WIDE = 'canary"W2 +/x';

// Tells everything it was told, in every way: what a careless or hostile server does with a credential.
const server = await startHttpServer((request, response) => {
  const url = new URL(request.url, 'http://host');
  const told = [...Object.values(request.headers).flat(), request.body, request.url].join('\n');
  const basic = told.match(/Basic (\S+)/)?.[1] ?? '';
  if (url.pathname === '/away') {
    response.writeHead(307, { location: url.searchParams.get('to') ?? '' }).end();
  } else if (url.pathname === '/tell') {
    response.writeHead(302, { location: `http://refused.test/${encodeURIComponent(told)}` }).end();
  } else {
    const bytes = Buffer.from(told);
    const ways = [told, JSON.stringify(told), bytes.toString('base64'), bytes.toString('hex'), atob(basic)];
    response
      .writeHead(200, { 'x-echo': encodeURIComponent(told), 'content-encoding': 'gzip' })
      .end(gzipSync(ways.join('\n')));
  }
});
const RULE = { scheme: 'http', host: '*.test', port: server.port, private: true } as const;
const at = (path: string, host = 'api.test') => `http://${host}:${server.port}${path}`;

const outputs: unknown[] = [];
const open: HostCalls[] = [];
test.after(async () => {
  for (const calls of open) await calls.close();
  await server.close();
});

async function start(): Promise<HostCalls> {
  const calls = await startHostCalls({
    egress: [RULE],
    secrets: {
      KEY: { value: KEY, hosts: ['api.test'], plain_http: true },
      WIDE: { value: WIDE, hosts: ['*.test'], positions: ['auth', 'header', 'query', 'body'], plain_http: true },
    },
  });
  open.push(calls);
  outputs.push(calls.audit, calls.log);
  return calls;
}

type Answer = { ok: HttpResponse } | { error: HttpError };

/** Sends, keeps what came back for the last test, and gives what servers saw. */
async function exchange(
  calls: HostCalls,
  request: Partial<HttpRequest> & { url: string },
): Promise<[Answer, SeenRequest[]]> {
  const before = server.requests.length;
  const answer = await calls.send(request);
  outputs.push(answer);
  return [answer, server.requests.slice(before)];
}

test('the host computes every form of auth', async () => {
  const calls = await start();
  const [key, wide] = [calls.placeholder('KEY'), calls.placeholder('WIDE')];
  const body = { tag: 'text', val: '{"amount":7}' } as const;
  const hmac = createHmac('sha256', KEY).update(body.val).digest('hex');
  const cases: [HttpRequest['auth'], (seen: SeenRequest) => unknown, string][] = [
    [{ tag: 'bearer', val: key }, ({ headers }) => headers.authorization, `Bearer ${KEY}`],
    [{ tag: 'bearer', val: 'plain' }, ({ headers }) => headers.authorization, 'Bearer plain'],
    [
      { tag: 'basic', val: { username: 'me', password: key } },
      ({ headers }) => headers.authorization,
      `Basic ${btoa(`me:${KEY}`)}`,
    ],
    [{ tag: 'api-key', val: { name: 'X-Key', value: key, inQuery: false } }, ({ headers }) => headers['x-key'], KEY],
    [
      { tag: 'api-key', val: { name: 'key', value: wide, inQuery: true } },
      ({ url }) => url,
      `/?a=1&key=${encodeURIComponent(WIDE)}`,
    ],
    [
      { tag: 'hmac', val: { header: 'X-Signature', secret: key, prefix: 'sha256=' } },
      ({ headers }) => headers['x-signature'],
      `sha256=${hmac}`,
    ],
  ];
  for (const [auth, part, expected] of cases) {
    const [, [seen]] = await exchange(calls, { url: at('/?a=1'), method: 'POST', body, auth });
    assert.is(seen && part(seen), expected, auth.tag);
  }
  assert.equal(
    calls.audit.map((event) => event.kind === 'secret_used' && [event.secret, event.position, event.host]),
    [...Array(3).fill(['KEY', 'auth', 'api.test']), ['WIDE', 'query', 'api.test'], ['KEY', 'auth', 'api.test']],
  );
});

test('the host signs a webhook as Standard Webhooks says', async () => {
  const key = Buffer.from('canary-webhook-key-0123456789');
  const secret = `whsec_${key.toString('base64')}`;
  const calls = await startHostCalls({
    egress: [RULE],
    secrets: {
      HOOK: { value: secret, hosts: ['api.test'], plain_http: true },
      BARE: { value: key.toString('base64'), hosts: ['api.test'], plain_http: true },
      SHORT: { value: 'whsec_c2hvcnQ=', hosts: ['api.test'], plain_http: true },
    },
  });
  open.push(calls);
  const auth = (id: string, name: string) =>
    ({ tag: 'standard-webhook', val: { id, secret: calls.placeholder(name) } }) as const;
  const body = { tag: 'text', val: '{"type":"order.shipped"}' } as const;
  const signed = createHmac('sha256', key).update(`msg_1.1700000000.${body.val}`).digest('base64');
  for (const name of ['HOOK', 'BARE']) {
    const [, [seen]] = await exchange(calls, { url: at('/'), method: 'POST', body, auth: auth('msg_1', name) });
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = seen!.headers;
    assert.equal([id, time, signature], ['msg_1', '1700000000', `v1,${signed}`]);
  }
  const crossing = at(`/away?to=${encodeURIComponent(at('/end', 'other.test'))}`);
  const [, [, second]] = await exchange(calls, { url: crossing, method: 'POST', body, auth: auth('msg_1', 'HOOK') });
  assert.is(second!.headers['webhook-signature'], undefined);
  for (const wrong of [auth('msg.1', 'HOOK'), auth('', 'HOOK'), auth('m\r\nx: y', 'HOOK'), auth('msg_1', 'SHORT')]) {
    const [answer, seen] = await exchange(calls, { url: at('/'), method: 'POST', body, auth: wrong });
    assert.is('error' in answer && answer.error.tag, 'invalid', JSON.stringify(answer));
    assert.is(seen.length, 0);
  }
});

test('placeholders become values where that is granted, encoded for where they stand', async () => {
  const calls = await start();
  const wide = calls.placeholder('WIDE');
  const typed = (type: string) => [{ name: 'Content-Type', value: type }];
  for (const [request, part, expected] of [
    [{ headers: [{ name: 'x', value: `a ${wide}` }] }, 'x', `a ${WIDE}`],
    [{ url: at(`/?k=${wide}`) }, 'url', `/?k=${encodeURIComponent(WIDE)}`],
    [{ body: { tag: 'text', val: `é${wide}` } }, 'body', `é${WIDE}`],
    [{ body: { tag: 'base64', val: btoa(wide) } }, 'body', WIDE],
    [
      { body: { tag: 'text', val: `{"k":"${wide}"}` }, headers: typed('application/json') },
      'body',
      JSON.stringify({ k: WIDE }),
    ],
    [
      { body: { tag: 'text', val: `k=${wide}` }, headers: typed('application/x-www-form-urlencoded') },
      'body',
      `k=${encodeURIComponent(WIDE)}`,
    ],
  ] as const) {
    const [, [seen]] = await exchange(calls, { url: at('/'), method: 'POST', ...request });
    assert.is(part === 'x' ? seen?.headers['x'] : seen?.[part], expected);
  }
});

test('a secret may stand in a path that it cannot lead out of', async () => {
  const calls = await startHostCalls({
    egress: [{ ...RULE, path: '/services' }],
    secrets: {
      SLACK: { value: 'T0CANARY/B0/x_1', hosts: ['api.test'], positions: ['path'], plain_http: true },
      DOTS: { value: '../../canary', hosts: ['api.test'], positions: ['path'], plain_http: true },
      QUERY: { value: 'canary?to=1', hosts: ['api.test'], positions: ['path'], plain_http: true },
    },
  });
  open.push(calls);
  const [answer, [seen]] = await exchange(calls, { url: at(`/services/${calls.placeholder('SLACK')}`) });
  assert.is(seen!.url, '/services/T0CANARY/B0/x_1');
  assert.match((answer as { ok: HttpResponse }).ok.url, /\/services\/\[redacted:SLACK\]$/);
  for (const name of ['DOTS', 'QUERY']) {
    const [refused, none] = await exchange(calls, { url: at(`/services/${calls.placeholder(name)}`) });
    assert.is('error' in refused && refused.error.tag, 'invalid');
    assert.is(none.length, 0);
  }
});

test('where a secret is not granted nothing is sent, and the refusal names it', async () => {
  const calls = await start();
  const key = calls.placeholder('KEY');
  const wide = calls.placeholder('WIDE');
  const requests: (Partial<HttpRequest> & { url: string })[] = [
    { url: at('/', 'other.test'), auth: { tag: 'bearer', val: key } },
    { url: at('/', 'other.test'), headers: [{ name: 'x', value: key }] },
    { url: at(`/?k=${key}`) },
    { url: at('/'), auth: { tag: 'api-key', val: { name: 'k', value: key, inQuery: true } } },
    { url: at('/'), method: 'POST', body: { tag: 'text', val: key } },
    { url: at('/'), method: 'POST', body: { tag: 'base64', val: btoa(key) } },
    { url: at(`/${wide}`) },
    { url: at('/', `${wide}.test`) },
    { url: at('/'), headers: [{ name: wide, value: 'x' }] },
    { url: at('/'), auth: { tag: 'hmac', val: { header: 'x', secret: key, prefix: wide } } },
    { url: at('/'), headers: [{ name: 'x', value: `weft-secret-${'0'.repeat(32)}` }] },
  ];
  for (const request of requests) {
    const [answer, seen] = await exchange(calls, request);
    assert.is('error' in answer && answer.error.tag, 'denied', JSON.stringify(request));
    if ('error' in answer) assert.match(answer.error.val, /"KEY"|"WIDE"|not made for this step/);
    assert.is(seen.length, 0);
  }
  assert.is(calls.audit.filter(({ kind }) => kind === 'secret_denied').length, requests.length);
  assert.is(calls.host.usage().denials, requests.length);
});

test('a redirect takes no secret to another origin, wherever it is granted', async () => {
  const calls = await start();
  const [key, wide] = [calls.placeholder('KEY'), calls.placeholder('WIDE')];
  const away = (host: string) => at(`/away?to=${encodeURIComponent(at('/end', host))}`);
  const headers = [
    { name: 'x-secret', value: `v ${wide}` },
    { name: 'x-plain', value: 'v' },
  ];
  for (const auth of [
    { tag: 'bearer', val: key },
    { tag: 'api-key', val: { name: 'Authorization', value: key, inQuery: false } },
  ] as const) {
    const [, [first, second]] = await exchange(calls, { url: away('other.test'), headers, auth });
    assert.ok(first?.headers.authorization?.includes(KEY));
    const { authorization, 'x-secret': secret, 'x-plain': plain } = second?.headers ?? {};
    assert.equal([authorization, secret, plain], [undefined, undefined, 'v']);
    const [, [, same]] = await exchange(calls, { url: away('api.test'), headers, auth });
    assert.ok(same?.headers.authorization?.includes(KEY));
    assert.is(same?.headers['x-secret'], `v ${WIDE}`);
  }
  const body = { tag: 'text', val: wide } as const;
  const [answer, seen] = await exchange(calls, { url: away('other.test'), method: 'POST', body });
  assert.is('error' in answer && answer.error.tag, 'denied');
  assert.equal(
    seen.map((each) => each.body),
    [WIDE],
  );
});

test('a refusal on the way does not repeat the secret that a server put into its redirect', async () => {
  const calls = await start();
  const auth = { tag: 'bearer', val: calls.placeholder('KEY') } as const;
  const [answer] = await exchange(calls, { url: at('/tell'), auth });
  assert.is('error' in answer && answer.error.tag, 'denied');
  assert.match(JSON.stringify(answer), /\[redacted:KEY\]/);
});

test('a server that repeats a secret gives the guest its name instead', async () => {
  const calls = await start();
  const auth = { tag: 'basic', val: { username: 'me', password: calls.placeholder('KEY') } } as const;
  const [answer] = await exchange(calls, { url: at('/'), auth });
  const { body, headers } = (answer as { ok: HttpResponse }).ok;
  assert.match(body.tag === 'text' ? body.val : '', /Basic .*\[redacted:KEY\]/);
  assert.match(JSON.stringify(headers), /Basic.*\[redacted:KEY\]/);
});

test('log and clock answer beside it', async () => {
  const calls = await start();
  assert.equal(await calls.host.call('weft:clock/wall-clock#now-ms', []), { ok: '1700000000123' });
  assert.equal(await calls.host.call('weft:log/logger#log', ['info', `got ${KEY}`, '']), { ok: undefined });
  assert.match(JSON.stringify(calls.log), /got \[redacted:KEY\]/);
  const unknown = await calls.host.call('weft:fs/files#read', []).catch((error) => error);
  assert.is(unknown.code, 'host_function_unknown');
});

test('a receipt tells which secrets were used where, and what was refused; never a value', async () => {
  const calls = await start();
  const [key, wide] = [calls.placeholder('KEY'), calls.placeholder('WIDE')];
  const bearer = { tag: 'bearer', val: key } as const;
  for (const path of ['/', '/x']) await exchange(calls, { url: at(path), auth: bearer });
  await exchange(calls, { url: at(`/?k=${wide}`) });
  for (let turn = 0; turn < 30; turn += 1) await exchange(calls, { url: at('/', 'other.test'), auth: bearer });
  await exchange(calls, { url: 'http://elsewhere.example/' });
  const { secret_uses, denials, denied, hosts, host_calls } = calls.host.usage();
  assert.equal(secret_uses, [
    { secret: 'KEY', host: 'api.test', position: 'auth', count: 2 },
    { secret: 'WIDE', host: 'api.test', position: 'query', count: 1 },
  ]);
  assert.equal([denials, denied.length, host_calls, hosts], [31, 20, 34, [`api.test:${server.port}`]]);
  assert.equal(denied[0], {
    function: 'weft:http/client#send',
    target: 'other.test',
    reason: 'secret "KEY" is not granted for the host "other.test"',
  });
  assert.not.match(JSON.stringify(calls.host.usage()), /canary/);
});

test('no secret goes over plain http unless that is granted', async () => {
  const calls = await startHostCalls({
    egress: [RULE],
    secrets: { KEY: { value: KEY, hosts: ['api.test'], positions: ['auth', 'header', 'query', 'body'] } },
  });
  open.push(calls);
  const key = calls.placeholder('KEY');
  for (const request of [
    { auth: { tag: 'bearer', val: key } },
    { headers: [{ name: 'x', value: key }] },
    { url: at(`/?k=${key}`) },
    { method: 'POST', body: { tag: 'text', val: key } },
  ] as const) {
    const [answer, seen] = await exchange(calls, { url: at('/'), ...request });
    assert.match('error' in answer ? answer.error.val : '', 'plain_http');
    assert.is(seen.length, 0);
  }
});

test('many references do not become more than a request may be', async () => {
  const calls = await startHostCalls({
    egress: [RULE],
    secrets: {
      LONG: { value: 'canary'.repeat(10_000), hosts: ['api.test'], positions: ['header', 'body'], plain_http: true },
    },
  });
  open.push(calls);
  const many = calls.placeholder('LONG').repeat(100_000);
  const [body] = await exchange(calls, { url: at('/'), method: 'POST', body: { tag: 'text', val: many } });
  assert.is('error' in body && body.error.tag, 'denied');
  const headers = [{ name: 'x', value: calls.placeholder('LONG') }];
  const [header] = await exchange(calls, { url: at('/'), headers });
  assert.is('error' in header && header.error.tag, 'invalid');
});

test('a secret that arrives in pieces, in another encoding each, is recognized', async () => {
  const dripping = await startHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const told = Buffer.from([KEY, btoa(KEY), Buffer.from(KEY).toString('hex')].join('\n'));
    for (const byte of told) response.write(Buffer.from([byte]));
    response.end();
  });
  const calls = await startHostCalls({
    egress: [{ ...RULE, port: dripping.port }],
    secrets: { KEY: { value: KEY, hosts: ['other.test'] } },
  });
  open.push(calls);
  const [answer] = await exchange(calls, { url: `http://api.test:${dripping.port}/` });
  const { body } = (answer as { ok: HttpResponse }).ok;
  assert.is(body.tag === 'text' && body.val.match(/\[redacted:KEY\]/g)?.length, 3);
  await dripping.close();
});

test('no secret is in anything that a guest, a log or an auditor was given', () => {
  assert.ok(outputs.length > 40);
  const everything = JSON.stringify(outputs);
  const texts = [everything, ...[...everything.matchAll(/[A-Za-z0-9+/_-]{12,}/g)].flatMap(decodings)];
  for (const text of texts) assert.not.match(text, /canary/i);
});

/** A run of letters and digits read as base64 at each alignment and as hex. */
function decodings([run]: readonly string[]): string[] {
  const text = run ?? '';
  const base64 = [0, 1, 2, 3].map((offset) => Buffer.from(text.slice(offset), 'base64').toString('latin1'));
  return [...base64, Buffer.from(text, 'hex').toString('latin1')];
}
