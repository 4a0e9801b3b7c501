import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { pino } from 'pino';
import type { JsonObject } from '../../kernel/json.ts';
import { fakeEngine } from '../../testing/fake_engine.ts';
import { FAKE_TEMPLATE } from '../../testing/fake_task.ts';
import { assert, suite } from '../../testing/suite.ts';
import { createApi } from './api.ts';
import { privateDoor } from './door.ts';
import { describeApi } from './openapi.ts';
import { ROUTES } from './routes/all.ts';

const test = suite('OpenAPI description');

const description = describeApi(ROUTES, '1.0.0');

test('is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(description) });
  assert.ok(valid, JSON.stringify(errors));
  assert.is(description['openapi'], '3.1.0');
});

test('has every route, each under a name of its own', () => {
  const paths = description['paths'] as Readonly<Record<string, JsonObject>>;
  const operations = Object.values(paths).flatMap((path) => Object.values(path) as JsonObject[]);
  assert.is(operations.length, ROUTES.length);
  assert.is(new Set(operations.map(({ operationId }) => operationId)).size, ROUTES.length);
  assert.ok(paths['/v1/tasks/{task_id}/steps/{step}/signals']?.['post']);
});

test('what is answered is as described', async () => {
  const engine = fakeEngine();
  const logger = pino({ level: 'silent' });
  const api = createApi({ engine, door: privateDoor('ada'), logger, version: '1.0.0', body_bytes_max: 10_000 });
  // As a document of its own, so that `#/components/…` resolves.
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({
    $id: 'api',
    ...structuredClone(description),
  });
  const gate = engine.gate();
  const samples: Readonly<Record<string, object>> = {
    submitTask: { template: FAKE_TEMPLATE, context: {} },
    removeTask: { reason: 'w' },
    runRetention: { reason: 'w', dry_run: true },
    retryStep: { reason: 'again' },
    resolveStep: { reason: 'by phone', result: {} },
    signalStep: { data: {} },
    validateTemplate: { template: FAKE_TEMPLATE },
    graphTemplate: { template: FAKE_TEMPLATE },
    pauseTask: { reason: 'w' },
    resumeTask: { reason: 'w' },
    cancelTask: { reason: 'w' },
    resolveTask: { reason: 'w' },
  };
  for (const route of ROUTES) {
    const url = route.path.replace(':task_id', gate.task_id).replace(':step', 'approve').replace(':name', 'transform');
    const payload = samples[route.operation_id];
    const reply = await api.inject({ method: route.method, url, ...(payload === undefined ? {} : { payload }) });
    const name = reply.statusCode < 400 ? route.replies[reply.statusCode]?.schema : 'Problem';
    assert.ok(reply.statusCode < 400 ? route.replies[reply.statusCode] : true, `${url}: ${reply.statusCode}`);
    if (name === undefined) continue;
    const validate = ajv.compile({ $ref: `api#/components/schemas/${name}` });
    assert.ok(validate(reply.json()), `${route.operation_id}: ${ajv.errorsText(validate.errors)}\n${reply.body}`);
  }
});
