import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type HostCalls, startHostCalls } from '../../testing/host_calls.ts';
import { listen, startHttpServer, startSentinel } from '../../testing/http_server.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { StepLimits } from '../sandbox/port.ts';
import type { HttpRequest, HttpResponse } from './http_shapes.ts';

const test = suite('http limits');

const MEGABYTE = 1_000_000;
const zeros = Buffer.alloc(20 * MEGABYTE);

function endless(response: ServerResponse, chunk: Buffer): void {
  const pump = () => {
    while (response.writable && response.write(chunk));
  };
  response.on('drain', pump);
  pump();
}

function coded(encoding: string, body: Buffer): (response: ServerResponse) => void {
  return (response) =>
    response.writeHead(200, { 'content-encoding': encoding, 'content-length': body.length }).end(body);
}

const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/hello': (response) => response.end('hello'),
  '/empty': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(),
  '/binary': (response) => response.end(Buffer.from([0xff, 0x00])),
  '/headers': (response) =>
    response
      .writeHead(200, {
        'set-cookie': ['a=1', 'b=2'],
        connection: 'keep-alive, x-secret-hop',
        'x-secret-hop': '1',
        trailer: 'x-t',
        'proxy-authenticate': 'Basic',
        'x-many': ['1', '2'],
      })
      .end('x'),
  '/gzip': coded('gzip', gzipSync('hello')),
  '/x-gzip': coded('X-GZIP', gzipSync('hello')),
  '/deflate': coded('deflate', deflateSync('hello')),
  '/br': coded('br', brotliCompressSync('hello')),
  '/twice': coded('gzip, br', brotliCompressSync(gzipSync('hello'))),
  '/identity': coded('identity', Buffer.from('hello')),
  '/unknown': coded('zork', Buffer.from('hello')),
  '/stacked': (response) =>
    endless(response.writeHead(200, { 'content-encoding': 'gzip, gzip, gzip, gzip' }), zeros.subarray(0, 65_536)),
  '/truncated': coded('gzip', gzipSync('hello').subarray(0, 15)),
  '/not-gzip': coded('gzip', Buffer.from('hello')),
  '/bomb': coded('gzip', gzipSync(zeros)),
  '/bomb-br': coded('br', brotliCompressSync(zeros)),
  '/bomb-twice': coded('gzip, gzip', gzipSync(gzipSync(zeros))),
  // Decodes to nothing for ever.
  '/hollow': (response) =>
    endless(response.writeHead(200, { 'content-encoding': 'gzip' }), Buffer.concat(Array(500).fill(gzipSync('')))),
  '/endless': (response) => endless(response, zeros.subarray(0, 65_536)),
  '/moved': (response) => response.writeHead(302, { location: '/hello' }).end(),
  '/endless-redirect': (response) =>
    endless(response.writeHead(302, { location: '/hello' }), zeros.subarray(0, 65_536)),
  '/many-headers': (response) =>
    response
      .writeHead(200, Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-${n}`, 'y'.repeat(100)])))
      .end(),
  '/silent': () => {},
  '/drip': (response) => {
    const timer = setInterval(() => response.write('.'), 5);
    response.on('close', () => clearInterval(timer));
  },
  '/hang-up': (response) => void response.socket?.destroy(),
  '/cut-at-once': (response) => {
    response.writeHead(200, { 'content-length': '100', 'content-encoding': 'gzip' }).flushHeaders();
    setImmediate(() => response.socket?.destroy());
  },
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '100' }).write('part');
    setImmediate(() => response.socket?.destroy());
  },
};

const server = await startHttpServer((request, response) => ANSWERS[request.url]?.(response));
const RULE = { scheme: 'http', host: 'api.test', port: server.port, private: true } as const;
const at = (path: string) => `http://api.test:${server.port}${path}`;

const open: HostCalls[] = [];
async function start(limits: Partial<StepLimits> = {}, signal?: AbortSignal): Promise<HostCalls> {
  const calls = await startHostCalls({ egress: [RULE], limits, ...(signal === undefined ? {} : { signal }) });
  open.push(calls);
  return calls;
}
test.after(async () => {
  for (const calls of open) await calls.close();
  await server.close();
});

async function tagOf(calls: HostCalls, path: string, request: Partial<HttpRequest> = {}): Promise<string> {
  const answer = await calls.send({ url: at(path), ...request });
  return 'error' in answer ? answer.error.tag : `status ${answer.ok.status}`;
}

async function get(path: string, request: Partial<HttpRequest> = {}): Promise<HttpResponse> {
  const answer = await (await start()).send({ url: at(path), ...request });
  if ('error' in answer) throw new Error(answer.error.val);
  return answer.ok;
}

test('codings are undone, and the headers that describe them go', async () => {
  for (const path of ['/gzip', '/x-gzip', '/deflate', '/br', '/twice', '/identity', '/hello']) {
    const { body, headers } = await get(path);
    assert.equal(body, { tag: 'text', val: 'hello' }, path);
    const names = headers.map(({ name }) => name);
    assert.is(names.includes('content-length'), path === '/identity' || path === '/hello', path);
    assert.is(names.includes('content-encoding'), path === '/identity', path);
  }
  const { body, headers } = await get('/unknown');
  assert.equal(body, { tag: 'text', val: 'hello' });
  assert.ok(headers.some(({ name, value }) => name === 'content-encoding' && value === 'zork'));
});

test('bytes that are not UTF-8 arrive as base64, no bytes as no body', async () => {
  assert.equal((await get('/binary')).body, { tag: 'base64', val: '/wA=' });
  assert.equal((await get('/empty')).body, { tag: 'none' });
  assert.equal((await get('/gzip', { method: 'HEAD' })).body, { tag: 'none' });
});

test('cookies and hop-by-hop headers stay with the host', async () => {
  const { headers } = await get('/headers');
  const shown = headers.filter(({ name }) => name !== 'date');
  assert.equal(shown, [
    { name: 'x-many', value: '1' },
    { name: 'x-many', value: '2' },
  ]);
});

for (const [path, tag] of [
  ['/bomb', 'too-large'],
  ['/bomb-br', 'too-large'],
  ['/bomb-twice', 'too-large'],
  ['/hollow', 'too-large'],
  ['/endless', 'too-large'],
  ['/many-headers', 'too-large'],
  ['/endless-redirect', 'status 200'],
  ['/hang-up', 'network'],
  ['/cut', 'network'],
  ['/cut-at-once', 'network'],
  ['/truncated', 'network'],
  ['/not-gzip', 'network'],
  ['/stacked', 'network'],
] as const) {
  test(`a response like ${path} ends as ${tag} and leaves the client usable`, async () => {
    const calls = await start();
    assert.is(await tagOf(calls, path), tag);
    assert.is(await tagOf(calls, '/hello'), 'status 200');
    assert.ok(calls.host.usage().bytes_in < 2 * MEGABYTE);
  });
}

test('a body of exactly the cap passes, coded or not', async () => {
  const calls = await start();
  for (const path of ['/hello', '/gzip']) {
    assert.is(await tagOf(calls, path, { maxBytes: 5 }), 'status 200');
    assert.is(await tagOf(calls, path, { maxBytes: 4 }), 'too-large');
  }
});

test('the deadline covers the whole call, whatever keeps the server busy', async () => {
  const calls = await start();
  for (const path of ['/silent', '/drip']) assert.is(await tagOf(calls, path, { timeoutMs: 50 }), 'timeout', path);
  assert.is(await tagOf(await start({ timeout_ms: 50 }), '/drip'), 'timeout');
  assert.is(await tagOf(calls, '/hello'), 'status 200');
  const patient = await start({ timeout_ms: 0xffff_ffff });
  assert.is(await tagOf(patient, '/hello', { timeoutMs: 0xffff_ffff }), 'status 200');
});

test('the end of the run ends its calls', async () => {
  const run = new AbortController();
  const calls = await start({}, run.signal);
  const answer = tagOf(calls, '/silent');
  setImmediate(() => run.abort());
  assert.is(await answer, 'network');
  assert.is(await tagOf(calls, '/hello'), 'network');
});

test('a port where nobody listens and a name without addresses are network errors', async () => {
  const gone = await startSentinel();
  await gone.close();
  const calls = await startHostCalls({
    egress: [
      { ...RULE, port: gone.port },
      { ...RULE, host: 'nowhere' },
    ],
  });
  open.push(calls);
  for (const url of [`http://api.test:${gone.port}/`, `http://nowhere:${server.port}/`]) {
    const answer = await calls.send({ url });
    assert.is('error' in answer ? answer.error.tag : 'ok', 'network', url);
  }
});

test('calls are counted up to the limit', async () => {
  const calls = await start({ host_calls_max: 2 });
  const tags = await Promise.all(['/hello', '/hello', '/hello'].map((path) => tagOf(calls, path)));
  assert.equal(tags, ['status 200', 'status 200', 'budget']);
  assert.is(calls.host.usage().host_calls, 2);
});

test('bytes are counted up to the limit, in both directions and over all calls', async () => {
  const body = { tag: 'text', val: 'x'.repeat(6_000) } as const;
  const calls = await start({ io_bytes_max: 10_000 });
  assert.is(await tagOf(calls, '/hello', { method: 'POST', body }), 'status 200');
  const { bytes_in, bytes_out } = calls.host.usage();
  assert.ok(bytes_out > 6_000 && bytes_out < 6_500, `${bytes_out} out`);
  assert.ok(bytes_in > 5 && bytes_in < 500, `${bytes_in} in`);
  assert.is(await tagOf(calls, '/hello', { method: 'POST', body }), 'budget');
  assert.is(await tagOf(calls, '/bomb'), 'budget');
  assert.ok(calls.host.usage().bytes_in <= 10_000);
});

test('a connection is given back after every failure', async () => {
  const calls = await start();
  // More failures than connections allowed to one origin: none may have been kept.
  for (let turn = 0; turn < 130; turn += 1) assert.is(await tagOf(calls, '/stacked'), 'network');
  assert.is(await tagOf(calls, '/hello', { timeoutMs: 5_000 }), 'status 200');
});

test('bytes are counted as they travel, too: what decodes to nothing is not free', async () => {
  const calls = await start({ wire_bytes_max: 50_000 });
  assert.is(await tagOf(calls, '/hollow', { maxBytes: 4_000_000_000 }), 'budget');
  assert.is(await tagOf(calls, '/hello', { method: 'POST', body: { tag: 'text', val: 'x'.repeat(50_000) } }), 'budget');
});

test('a body that comes byte by byte counts its pieces', async () => {
  const calls = await start({ wire_bytes_max: 10_000 });
  assert.is(await tagOf(calls, '/drip', { timeoutMs: 20_000 }), 'budget');
});

test('the time of all calls together is limited', async () => {
  const calls = await start({ host_time_ms_max: 100 });
  assert.is(await tagOf(calls, '/silent'), 'budget');
  assert.is(await tagOf(calls, '/hello'), 'budget');
  const { host_calls, denials, denied } = calls.host.usage();
  assert.equal([host_calls, denials], [1, 1]);
  assert.match(denied[0]!.reason, 'host_time_ms_max');
});

test('redirects, headers and bodies are limited for each request', async () => {
  assert.is(await tagOf(await start({ redirects_max: 0 }), '/moved'), 'status 302');
  const headers = [1, 2, 3].map((n) => ({ name: `x-${n}`, value: 'y'.repeat(100) }));
  assert.is(await tagOf(await start({ headers_max: 2 }), '/hello', { headers }), 'invalid');
  assert.is(await tagOf(await start({ header_bytes_max: 256 }), '/hello', { headers }), 'invalid');
  assert.is(await tagOf(await start({ headers_max: 6 }), '/headers'), 'too-large');
  assert.is(await tagOf(await start({ response_bytes_max: 4 }), '/gzip', { maxBytes: 100 }), 'too-large');
  const body = { tag: 'text', val: 'é' } as const;
  assert.is(await tagOf(await start({ request_bytes_max: 1 }), '/hello', { method: 'POST', body }), 'too-large');
  assert.is(await tagOf(await start({ request_bytes_max: 2 }), '/hello', { method: 'POST', body }), 'status 200');
  const coded = { tag: 'base64', val: btoa('xyz') } as const;
  assert.is(await tagOf(await start({ request_bytes_max: 2 }), '/hello', { method: 'POST', body: coded }), 'too-large');
});

test('a spent budget is audited once, however often it is asked for', async () => {
  const calls = await start({ host_calls_max: 0 });
  for (let turn = 0; turn < 5; turn += 1) assert.is(await tagOf(calls, '/hello'), 'budget');
  assert.equal(
    calls.audit.map(({ kind, function: name }) => [kind, name]),
    [['budget_exceeded', 'weft:http/client#send']],
  );
});

test('calls that come too fast wait for their turn', async () => {
  const calls = await start({ host_calls_per_second_max: 20 });
  const started = performance.now();
  for (let turn = 0; turn < 25; turn += 1) assert.is(await tagOf(calls, '/hello'), 'status 200');
  // Twenty at once, five at 50 ms each; timers may be a little early.
  assert.ok(performance.now() - started > 200);
});

test('a response behind a response is nobody’s answer', async () => {
  const smuggler = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      socket.write(
        'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\noneHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled',
      );
    });
  });
  const { port, close } = await listen(smuggler);
  const calls = await startHostCalls({ egress: [{ ...RULE, port }] });
  for (let turn = 0; turn < 5; turn += 1) {
    const answer = await calls.send({ url: `http://api.test:${port}/` });
    if ('ok' in answer) assert.equal(answer.ok.body, { tag: 'text', val: 'one' });
    else assert.is(answer.error.tag, 'network');
  }
  await calls.close();
  await close();
});
