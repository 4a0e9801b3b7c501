import type { InjectOptions } from 'fastify';
import { pino } from 'pino';
import { type FakeEngine, fakeEngine } from '../../testing/fake_engine.ts';
import { BROKEN_TEMPLATE, FAKE_TEMPLATE } from '../../testing/fake_task.ts';
import { assert, suite } from '../../testing/suite.ts';
import { createApi } from './api.ts';
import { privateDoor } from './door.ts';

const test = suite('HTTP API');

function start(engine: FakeEngine = fakeEngine()) {
  const logger = pino({ level: 'silent' });
  const api = createApi({ engine, door: privateDoor('ada'), logger, version: '1.2.3', body_bytes_max: 10_000 });
  const ask = async (request: InjectOptions) => {
    const reply = await api.inject(request);
    return { status: reply.statusCode, headers: reply.headers, text: reply.body, json: () => reply.json() };
  };
  return {
    engine,
    ask,
    get: (url: string, headers = {}) => ask({ method: 'GET', url, headers }),
    post: (url: string, payload: object, headers = {}) => ask({ method: 'POST', url, payload, headers }),
  };
}

const submission = { template: FAKE_TEMPLATE, context: { amount: 7 } };

test('submits a task and says where it is', async () => {
  const { post, get } = start();
  const made = await post('/v1/tasks', submission);
  assert.is(made.status, 201);
  assert.is(made.json().submitted_by, 'ada');
  const shown = await get(made.headers.location as string);
  assert.is(shown.status, 200);
  assert.equal(shown.json().context, { amount: 7 });
});

test('the same idempotency key gives the same task with the same body and a conflict with another', async () => {
  const { post } = start();
  const key = { 'idempotency-key': 'k1' };
  const first = await post('/v1/tasks', submission, key);
  const again = await post('/v1/tasks', submission, key);
  assert.is(again.status, 200);
  assert.is(again.json().task_id, first.json().task_id);
  const other = await post('/v1/tasks', { ...submission, context: {} }, key);
  assert.is(other.status, 409);
  assert.is(other.json().code, 'idempotency_conflict');
});

test('a large value is given as it was recorded', async () => {
  const { engine, get } = start();
  const digest = `sha256:${'0'.repeat(64)}`;
  engine.blobs.set(digest, Buffer.from('{"b": 1, "a": "ü"}'));
  const reply = await get(`/v1/blobs/${digest}`);
  assert.equal([reply.status, reply.text], [200, '{"b": 1, "a": "ü"}']);
  assert.match(String(reply.headers['content-type']), /^application\/json;/);
  const missing = await get('/v1/blobs/sha256:11');
  assert.equal([missing.status, missing.json().code], [404, 'blob_not_found']);
});

test('an error is a problem that says what, where and why', async () => {
  const { post } = start();
  const reply = await post('/v1/tasks', { ...submission, template: BROKEN_TEMPLATE, file: 'broken.yaml' });
  assert.is(reply.status, 422);
  assert.match(String(reply.headers['content-type']), /^application\/problem\+json;/);
  const { diagnostics, ...problem } = reply.json();
  assert.equal(problem, {
    type: 'docs/errors.md#template_invalid',
    title: 'Template invalid',
    status: 422,
    detail: 'the template has 2 problem(s)',
    code: 'template_invalid',
    kind: 'reject',
    params: { count: 2 },
  });
  assert.is(diagnostics.length, 3);
  assert.is(diagnostics[0].file, 'broken.yaml');
});

test('finds every problem of a request at once', async () => {
  const { post } = start();
  const reply = await post('/v1/tasks', { tempalte: 'x', context: [] }, { 'idempotency-key': 'a b' });
  assert.is(reply.status, 400);
  const found: readonly { pointer: string; suggestion?: string }[] = reply.json().diagnostics;
  assert.equal(found.map(({ pointer }) => pointer).sort(), [
    '/body',
    '/body/context',
    '/body/tempalte',
    '/headers/idempotency-key',
  ]);
  const { suggestion } = found.find(({ pointer }) => pointer === '/body/tempalte')!;
  assert.is(suggestion, 'did you mean "template"?');
});

test('refuses bodies that are not JSON, too large, or of another type, each with its own problem', async () => {
  const { ask } = start();
  const send = async (payload: string | Buffer, type = 'application/json') => {
    const reply = await ask({ method: 'POST', url: '/v1/tasks', payload, headers: { 'content-type': type } });
    return [reply.status, reply.json().code];
  };
  assert.equal(await send('{"template": '), [400, 'json_invalid']);
  assert.equal(await send('{"__proto__": {}}'), [400, 'json_invalid']);
  assert.equal(await send('{"template": {"n": 9007199254740993}}'), [400, 'json_invalid']);
  assert.equal(await send('['.repeat(5_000)), [400, 'json_invalid']);
  assert.equal(await send(Buffer.from('{"template": "caf\xe9"}', 'latin1')), [400, 'json_invalid']);
  assert.equal(await send(`"${'x'.repeat(10_001)}"`), [413, 'body_too_large']);
  assert.equal(await send('a=1', 'application/x-www-form-urlencoded'), [415, 'media_type_unsupported']);
  assert.equal(await send('', 'application/json'), [400, 'json_invalid']);
});

test('names what does not exist: paths, methods, tasks, steps, handlers', async () => {
  const { ask, get, engine } = start();
  const codeOf = async (url: string, method: 'GET' | 'DELETE' = 'GET') => {
    const reply = await ask({ method, url });
    return [reply.status, reply.json().code];
  };
  assert.equal(await codeOf('/v2/nothing?secret=1'), [404, 'route_not_found']);
  assert.equal(await codeOf('/v1/tasks', 'DELETE'), [405, 'method_not_allowed']);
  assert.equal(await codeOf('/v1/tasks/none'), [404, 'task_not_found']);
  assert.equal(await codeOf('/v1/tasks/none/events'), [404, 'task_not_found']);
  assert.equal(await codeOf(`/v1/tasks/${engine.gate().task_id}/steps/none`), [404, 'step_not_found']);
  assert.equal(await codeOf('/v1/handlers/transfrom'), [404, 'handler_not_found']);
  assert.equal(await codeOf('/v1/handlers/transform?version=9.9.9'), [404, 'handler_not_found']);
  assert.equal(await codeOf('/v1/tasks/%zz'), [400, 'request_invalid']);
  const { headers, text } = await ask({ method: 'DELETE', url: '/v1/tasks' });
  assert.is(headers.allow, 'GET, HEAD, POST');
  assert.not.match(text, 'at ');
  assert.not.match((await get('/v2/nothing?secret=1')).text, 'secret');
});

test('an error nobody expected is told without its inside', async () => {
  const engine = fakeEngine();
  engine.task = async () => {
    throw new TypeError('the inside');
  };
  const reply = await start(engine).get('/v1/tasks/any');
  assert.is(reply.status, 500);
  assert.is(reply.json().code, 'internal_error');
  assert.not.match(reply.text, 'the inside');
});

test('lists tasks by status and template, page by page', async () => {
  const { engine, get, post } = start();
  for (let index = 0; index < 3; index++) await post('/v1/tasks', submission);
  engine.gate();
  const listed = async (query: string) => {
    const page = (await get(`/v1/tasks?${query}`)).json();
    return [page.items.length, page.next_cursor];
  };
  assert.equal(await listed(''), [4, undefined]);
  assert.equal(await listed('status=pending,running'), [3, undefined]);
  assert.equal(await listed('status=pending&status=waiting'), [4, undefined]);
  assert.equal(await listed('template=approval'), [1, undefined]);
  assert.equal(await listed('limit=3'), [3, '3']);
  assert.equal(await listed('limit=3&cursor=3'), [1, undefined]);
  for (const query of ['limit=0', 'limit=many', 'status=done', 'color=red']) {
    assert.is((await get(`/v1/tasks?${query}`)).status, 400, query);
  }
});

test('pages through the events of a task', async () => {
  const { engine, get } = start();
  const { task_id, seq } = engine.gate();
  const first = (await get(`/v1/tasks/${task_id}/events?limit=2`)).json();
  assert.equal(
    first.items.map((item: { seq: number }) => item.seq),
    [1, 2],
  );
  const rest = (await get(`/v1/tasks/${task_id}/events?cursor=${first.next_cursor}`)).json();
  assert.is(rest.items.at(-1).seq, seq);
  assert.is(rest.next_cursor, undefined);
});

test('acts carry who and why, and need the why', async () => {
  const { engine, post } = start();
  const acts: unknown[] = [];
  engine.onAct = (name, _by, details) => acts.push([name, details]);
  const { task_id } = engine.gate();
  assert.is((await post(`/v1/tasks/${task_id}/pause`, {})).status, 400);
  const why = { reason: 'maintenance' };
  assert.ok((await post(`/v1/tasks/${task_id}/pause`, why)).json().paused);
  assert.not((await post(`/v1/tasks/${task_id}/resume`, why)).json().paused);
  assert.is((await post(`/v1/tasks/${task_id}/cancel`, why)).json().status, 'cancelled');
  assert.is((await post(`/v1/tasks/${task_id}/cancel`, why)).json().code, 'task_settled');
  assert.is((await post(`/v1/tasks/${engine.gate().task_id}/resolve`, why)).json().status, 'resolved_manually');
  const act = { by: 'ada', reason: 'maintenance' };
  assert.equal(acts, [
    ['pause', act],
    ['resume', act],
    ['cancel', act],
    ['resolve', act],
  ]);
});

test('steps are found by id and by name, names with slashes too', async () => {
  const { engine, get, post } = start();
  const { task_id } = engine.gate();
  assert.is((await get(`/v1/tasks/${task_id}/steps/${task_id}.0`)).json().name, 'approve');
  const planned = { id: `${task_id}.1`, name: 'plan/1/fetch', dependencies: [], pin: null };
  engine.happen(task_id, {
    kind: 'steps_created',
    steps: [{ ...planned, provenance: { created_by: 'planning_step' } }],
  });
  assert.is((await get(`/v1/tasks/${task_id}/steps/plan%2F1%2Ffetch`)).json().step_id, planned.id);
  const resolved = await post(`/v1/tasks/${task_id}/steps/approve/resolve`, {
    result: { ok: true },
    reason: 'by phone',
  });
  assert.equal(resolved.json().result, { ok: true });
  const retried = await post(`/v1/tasks/${task_id}/steps/approve/retry`, { reason: 'again' });
  assert.is(retried.json().code, 'step_not_retryable');
});

test('a gate hears those it asks, under the name and roles they come with', async () => {
  const { engine, get, post } = start();
  const signals: { data: unknown; principal: string }[] = [];
  engine.onAct = (_name, _by, signal) => signals.push(signal as (typeof signals)[number]);
  const { task_id } = engine.gate();
  assert.is((await get('/v1/gates')).json().items[0].task_id, task_id);
  const signal = (headers: object) =>
    post(`/v1/tasks/${task_id}/steps/approve/signals`, { data: { decision: 'approve' } }, headers);
  assert.is((await signal({})).json().code, 'signal_forbidden');
  const accepted = await signal({ 'weft-principal': 'grace', 'weft-roles': 'manager, finance' });
  assert.is(accepted.status, 200);
  assert.equal([signals[0]!.principal, signals[0]!.data], ['grace', { decision: 'approve' }]);
  assert.equal((await get('/v1/gates')).json().items, []);
});

test('a gate that asks nobody in particular hears operators only', async () => {
  const { engine, post } = start();
  const { task_id } = engine.gate({ audience: [] });
  const url = `/v1/tasks/${task_id}/steps/approve/signals`;
  assert.is((await post(url, { data: {} }, { 'weft-roles': 'manager' })).json().code, 'forbidden');
  assert.is((await post(url, { data: {} }, { 'weft-roles': 'operate' })).status, 200);
});

test('shows the catalog, in short and in full', async () => {
  const { get } = start();
  const { items } = (await get('/v1/handlers')).json();
  assert.equal(Object.keys(items[0]), ['name', 'version', 'digest', 'title', 'description', 'category']);
  assert.equal((await get('/v1/handlers?category=network')).json().items, []);
  assert.is((await get('/v1/handlers?cursor=zzz')).json().code, 'cursor_invalid');
  assert.is((await get('/v1/handlers/transform')).json().capability.errors[0].code, 'expression_failed');
});

test('looks at templates without submitting them', async () => {
  const { get, post } = start();
  assert.equal((await post('/v1/templates/validate', { template: FAKE_TEMPLATE })).json(), {
    valid: true,
    diagnostics: [],
  });
  const broken = (await post('/v1/templates/validate', { template: BROKEN_TEMPLATE })).json();
  assert.equal([broken.valid, broken.diagnostics.length], [false, 3]);
  assert.is((await post('/v1/templates/graph', { template: FAKE_TEMPLATE })).json().nodes.length, 2);
  assert.is((await post('/v1/templates/graph', { template: BROKEN_TEMPLATE })).json().code, 'template_invalid');
  assert.equal((await get('/v1/tasks')).json().items, []);
});

test('says whether it lives and whether it can work', async () => {
  const { engine, get } = start();
  assert.is((await get('/livez')).status, 200);
  assert.is((await get('/readyz')).json().version, '1.2.3');
  engine.ready = false;
  const reply = await get('/readyz');
  assert.is(reply.status, 503);
  assert.equal(reply.json().checks, { store: 'disk full' });
});

test('answers are not for caches', async () => {
  const { headers } = await start().get('/v1/tasks');
  assert.is(headers['cache-control'], 'no-store');
  assert.is(headers['x-content-type-options'], 'nosniff');
});
