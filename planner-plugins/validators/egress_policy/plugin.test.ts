import { Catalog, satisfies } from '../../../host/catalog/catalog.ts';
import { loadPlugins } from '../../../host/plugins/load.ts';
import { hostSchemaCompiler } from '../../../host/schemas.ts';
import { createHooks } from '../../../kernel/hooks/hooks.ts';
import type { EgressRule, Json, JsonObject } from '../../../kernel/index.ts';
import { validateTemplate } from '../../../kernel/validation/validate.ts';
import { assert, suite } from '../../../testing/suite.ts';

const test = suite('egress_policy');

const compiler = hostSchemaCompiler();
const catalog = new Catalog();
for (const name of ['http_request', 'page', 'transform']) {
  const schemas = { configSchema: {}, inputSchema: {}, outputSchema: {} };
  catalog.register({ name, version: '1.0.0', digest: name, capability: { name, ...schemas } as never });
}
const logger = { child: () => ({}), error: () => {}, info: () => {} } as never;

/** What the plugin, loaded from its folder, says of one step: `severity code pointer` and the suggestion. */
async function findings(
  config: Json,
  {
    egress = [],
    options = {},
    handler = 'http_request',
  }: { egress?: EgressRule[]; options?: JsonObject; handler?: string } = {},
): Promise<string[]> {
  const hooks = createHooks();
  const directories = [import.meta.dirname];
  await loadPlugins({ directories, options: { egress_policy: options }, hooks, compiler, logger });
  const steps = [{ name: 'a', handler: { catalog: handler, config } }];
  const document = { name: 'a', egress: egress as unknown as Json, steps };
  const { diagnostics } = validateTemplate(document, { catalog: catalog.entries(), satisfies, compiler, hooks });
  return diagnostics.map(({ severity, code, stage, pointer, suggestion }) => {
    assert.is(stage, 'policy');
    return `${severity} ${code} ${pointer.replace('/steps/0/handler/config', '')} ${suggestion ?? ''}`.trimEnd();
  });
}

const undeclared = (suggestion: string) => [`error egress_policy/host_undeclared /url ${suggestion}`];

test('wants every written host to be in the template’s egress list', async () => {
  const egress = [{ host: 'api.example.com' }, { host: '*.test', scheme: 'http', port: 8080 } as const];
  assert.equal(await findings({ url: 'https://api.example.com/v1' }, { egress }), []);
  assert.equal(await findings({ url: 'http://a.b.test:8080/' }, { egress }), []);
  assert.equal(
    await findings({ url: 'https://api.exmple.com/v1' }, { egress }),
    undeclared('did you mean "api.example.com"?'),
  );
  assert.equal(
    await findings({ url: 'http://other.org:81/' }, { egress }),
    undeclared("add { host: other.org, scheme: http, port: 81 } to the template's egress"),
  );
});

test('compares scheme, port, method and path as the host does when it sends', async () => {
  const egress = [{ host: 'api.example.com', methods: ['GET'], path: '/v1' }];
  const add = undeclared("add { host: api.example.com } to the template's egress");
  assert.equal(await findings({ url: 'https://api.example.com/v1/x', method: 'GET' }, { egress }), []);
  assert.equal(await findings({ url: 'https://api.example.com/v2' }, { egress }), add);
  assert.equal(await findings({ url: 'https://api.example.com/v1', method: 'POST' }, { egress }), add);
  assert.equal((await findings({ url: 'http://api.example.com/v1' }, { egress })).length, 1);
});

test('judges only what is written: a host that a reference may change is left to the host', async () => {
  const egress = [{ host: 'api.example.com', path: '/v1' }];
  const open = ['${task.context.url}', 'https://${task.context.host}/x', 'https://api.example.com${task.id}'];
  for (const url of [...open, 'https://api.example.com/${task.id}', 'https://api.example.com/v1?q=${task.id}']) {
    assert.equal(await findings({ url }, { egress }), [], url);
  }
  assert.is((await findings({ url: 'https://evil.test/${task.id}' }, { egress })).length, 1);
  assert.is((await findings({ url: 'https://api.example.com/v2?q=${task.id}' }, { egress })).length, 1);
});

test('denies the hosts and methods that the operator names, whatever the template declares', async () => {
  const egress = [{ host: '*.example.com' }];
  const options = { denied_hosts: ['*.example.com'], denied_methods: ['DELETE'] };
  assert.equal(await findings({ url: 'https://a.example.com/${task.id}', method: 'DELETE' }, { egress, options }), [
    'error egress_policy/method_denied /method',
    'error egress_policy/host_denied /url',
  ]);
});

test('warns only, or says nothing of undeclared hosts, when asked to', async () => {
  const ask = (undeclared: string) => findings({ url: 'https://a.test/' }, { options: { undeclared } });
  assert.match((await ask('warning'))[0]!, /^warning egress_policy\/host_undeclared/);
  assert.equal(await ask('ignore'), []);
});

test('looks at the handlers that it is told send requests, and at no others', async () => {
  const options = { requests: { page: { url: 'a/ddress' } } };
  assert.match((await findings({ 'a/ddress': 'https://a.test/' }, { handler: 'page', options }))[0]!, / \/a~1ddress /);
  assert.equal(await findings({ url: 'https://a.test/' }, { options }), []);
  assert.equal(await findings({ url: 'https://a.test/' }, { handler: 'transform' }), []);
});

test('says nothing of what is no URL: the handler’s schema does', async () => {
  for (const url of ['not a url', 42, null, '']) assert.equal(await findings({ url }), []);
});

test('refuses options it does not know', async () => {
  try {
    await findings({}, { options: { denied_host: [] } });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /unknown key "denied_host" \(did you mean "denied_hosts"\?\)/);
  }
});
