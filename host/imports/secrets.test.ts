import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeftError } from '../../kernel/errors.ts';
import { STEP } from '../../testing/host_calls.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { SecretConfig, SecretPosition } from '../config/types.ts';
import type { AuditFact } from './audit.ts';
import { loadSecrets, SecretDenied } from './secrets.ts';

const test = suite('secrets');

const VALUE = 'canary-value-1';
const to = (host: string, secure = true) => ({ host, secure });

async function scoped(config: Partial<SecretConfig>, listed: readonly string[] = ['KEY']) {
  const events: AuditFact[] = [];
  const store = await loadSecrets(
    { KEY: { source: { env: 'KEY' }, hosts: ['api.test', '*.corp.test'], ...config } },
    'salt',
    { KEY: VALUE },
  );
  const scope = store.scope(STEP, listed, (event) => events.push(event));
  return { store, scope, events, held: store.placeholder(STEP, 'KEY') };
}

test('values come from the environment and from files, without a trailing line break', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weft-secrets-'));
  const file = join(directory, 'token');
  await writeFile(file, 'from-a-file\r\n');
  const configs = { A: { source: { env: 'A' }, hosts: ['h'] }, B: { source: { file }, hosts: ['h'] } };
  const store = await loadSecrets(configs, 'salt', { A: 'from-the-environment' });
  const scope = store.scope(STEP, ['A', 'B'], () => {});
  const text = `${store.placeholder(STEP, 'A')}|${store.placeholder(STEP, 'B')}`;
  assert.is(scope.reveal(text, 'auth', to('h')), 'from-the-environment|from-a-file');
  await rm(directory, { recursive: true });
});

test('every secret that cannot be read is named at once, with its source and never its value', async () => {
  const configs: Record<string, SecretConfig> = {
    ABSENT: { source: { env: 'WEFT_ABSENT' }, hosts: [] },
    SHORT: { source: { env: 'WEFT_SHORT' }, hosts: [] },
    GONE: { source: { file: '/nonexistent/token' }, hosts: [] },
    FINE: { source: { env: 'WEFT_FINE' }, hosts: [] },
  };
  const error = await loadSecrets(configs, 'salt', { WEFT_SHORT: 'hunter2', WEFT_FINE: VALUE }).catch((e) => e);
  assert.instance(error, WeftError);
  assert.is(error.code, 'secrets_unavailable');
  for (const part of ['3 secret', '"ABSENT"', 'WEFT_ABSENT', '"SHORT"', 'WEFT_SHORT', '"GONE"', '/nonexistent/token']) {
    assert.ok(error.message.includes(part), part);
  }
  assert.not.match(error.message, /FINE|hunter2/);
});

test('a placeholder is stable in a step and different for another step, name or store', async () => {
  const { store, held } = await scoped({});
  assert.match(held, /^weft-secret-[0-9a-f]{32}$/);
  assert.is(store.placeholder({ task_id: STEP.task_id, step_id: STEP.step_id }, 'KEY'), held);
  const other = await loadSecrets({}, 'other salt', {});
  const all = [
    held,
    other.placeholder(STEP, 'KEY'),
    store.placeholder(STEP, 'KEY2'),
    store.placeholder({ ...STEP, step_id: 's2' }, 'KEY'),
    store.placeholder({ ...STEP, task_id: 't2' }, 'KEY'),
  ];
  assert.is(new Set(all).size, all.length);
});

test('a value appears only where host, position, namespace and template grant it', async () => {
  const cases: [RegExp | null, Partial<SecretConfig>, SecretPosition, string, (string[] | undefined)?, boolean?][] = [
    [null, {}, 'auth', 'api.test'],
    [null, {}, 'header', 'eu.corp.test'],
    [null, { namespaces: ['sales'] }, 'auth', 'api.test'],
    [null, { positions: ['query'] }, 'query', 'api.test'],
    [/may not stand in query.*auth, header/, {}, 'query', 'api.test'],
    [/may not stand in body/, {}, 'body', 'api.test'],
    [/may not stand in auth/, { positions: ['header'] }, 'auth', 'api.test'],
    [/host "evil.test"/, {}, 'auth', 'evil.test'],
    [/host "corp.test"/, {}, 'auth', 'corp.test'],
    [/namespace "sales"/, { namespaces: ['other'] }, 'auth', 'api.test'],
    [/template/, {}, 'auth', 'api.test', []],
    [/plain http.*plain_http/, {}, 'auth', 'api.test', undefined, false],
    [null, { plain_http: true }, 'auth', 'api.test', undefined, false],
  ];
  for (const [refusal, config, position, host, listed, secure] of cases) {
    const { scope, events, held } = await scoped(config, listed);
    const attempt = () => scope.reveal(`Bearer ${held}!`, position, to(host, secure));
    if (refusal === null) {
      assert.is(attempt(), `Bearer ${VALUE}!`);
      assert.equal(events, [{ kind: 'secret_used', identity: STEP, secret: 'KEY', position, host }]);
      continue;
    }
    assert.throws(attempt, (error: Error) => error instanceof SecretDenied && refusal.test(error.message));
    const [event] = events;
    assert.is(event?.kind, 'secret_denied');
    if (event?.kind === 'secret_denied') assert.is(event.secret, 'KEY');
    assert.not.match(JSON.stringify(events), VALUE);
  }
});

test('what no secret of the step stands behind is denied, not sent on', async () => {
  const { store, scope, events } = await scoped({}, ['KEY', 'UNKNOWN']);
  const foreign = store.placeholder({ ...STEP, step_id: 's2' }, 'KEY');
  assert.throws(() => scope.reveal(foreign, 'auth', to('api.test')), /not made for this step/);
  assert.throws(() => scope.reveal(store.placeholder(STEP, 'UNKNOWN'), 'auth', to('api.test')), /operator's secrets/);
  assert.throws(() => scope.forbid(`/${foreign}/`, 'a path', 'api.test'), /may not stand in a path/);
  assert.is(events.length, 3);
});

test('a value that looks like a placeholder is not substituted again', async () => {
  const store = await loadSecrets(
    { A: { source: { env: 'A' }, hosts: ['h'] }, B: { source: { env: 'B' }, hosts: [] } },
    'salt',
    { A: (await loadSecrets({}, 'salt', {})).placeholder(STEP, 'B'), B: VALUE },
  );
  const scope = store.scope(STEP, ['A', 'B'], () => {});
  assert.is(scope.reveal(store.placeholder(STEP, 'A'), 'auth', to('h')), store.placeholder(STEP, 'B'));
});

test('a value that may be guessed is warned of, and never shown', async () => {
  const sources = { SHORT: { source: { env: 'A' }, hosts: ['h'] }, LONG: { source: { env: 'B' }, hosts: ['h'] } };
  const { warnings } = await loadSecrets(sources, 'salt', { A: 'hunter-22', B: 'a-value-that-is-long-enough' });
  assert.equal(warnings, ['secret "SHORT" has 9 bytes; one of at least 16 is hard to guess']);
});

test('redaction covers what a namespace could list, and nothing of the others', async () => {
  const hosts = ['h'];
  const store = await loadSecrets(
    {
      OPEN: { source: { env: 'OPEN' }, hosts },
      SALES: { source: { env: 'SALES' }, hosts, namespaces: ['sales'] },
      LEGAL: { source: { env: 'LEGAL' }, hosts, namespaces: ['legal'] },
    },
    'salt',
    { OPEN: 'open-canary-1', SALES: 'sales-canary-2', LEGAL: 'legal-canary-3' },
  );
  const text = 'open-canary-1 sales-canary-2 legal-canary-3';
  assert.is(store.scope(STEP, [], () => {}).redactor.text(text), '[redacted:OPEN] [redacted:SALES] legal-canary-3');
  assert.is(store.redactor('other').text(text), '[redacted:OPEN] sales-canary-2 legal-canary-3');
  assert.is(store.redactor().text(text), '[redacted:OPEN] [redacted:SALES] [redacted:LEGAL]');
  assert.is(store.redactor('b'), store.redactor('c'));
});

test('a text takes only so many references, for a value is longer than what stands for it', async () => {
  const { scope, held, events } = await scoped({});
  assert.is(scope.reveal(held.repeat(32), 'auth', to('api.test')), VALUE.repeat(32));
  assert.is(events.length, 1);
  assert.throws(() => scope.reveal(held.repeat(33), 'auth', to('api.test')), /32 references/);
});
