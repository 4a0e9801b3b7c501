import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../testing/cli.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { TestResult } from './run_tests.ts';
import { VirtualClock } from './virtual_clock.ts';

const test = suite('weft template test');

const TEMPLATE = `
name: tested
egress: [{ host: a.test }]
secrets: [KEY]
steps:
  - name: fetch
    handler: { catalog: http_request, config: { url: 'https://a.test/\${task.context.path}', auth: { bearer: '\${secrets.KEY}' } } }
    retry: { max_attempts: 3, base_ms: 60000, max_ms: 3600000 }
  - name: route
    type: decision
    handler: { catalog: decide, config: { rules: [{ when: 'n > 1', then: [ask] }], default: { then: [skip] } } }
    inputs: { n: '\${steps.fetch.result.body.n}' }
    dependencies: [fetch]
  - name: ask
    handler: { catalog: gate, config: { title: 'Go?', audience: ['role:boss'], timeout_ms: 86400000, on_timeout: reject } }
    dependencies: [route]
  - name: skip
    handler: { catalog: transform, config: { expression: '{"skipped": true}' } }
    inputs: {}
    dependencies: [route]
`;

const answer = (n: number) =>
  `{ result: { status: 200, headers: {}, latency_ms: 1, pages: 1, truncated: false, body: { n: ${n} } } }`;
const fetched = (n: number) => `fetch: { outcomes: [${answer(n)}] }`;

const CACHE = new URL('../../build/test_cache', import.meta.url).pathname;

/** Runs tests, each a document, all at once: what an engine costs to start is paid once. */
async function run(tests: Readonly<Record<string, string>>, template = TEMPLATE) {
  const directory = await mkdtemp(join(tmpdir(), 'weft-template-test-'));
  try {
    await mkdir(join(directory, 'tests'));
    await writeFile(join(directory, 'template.yaml'), template);
    for (const [name, text] of Object.entries(tests)) await writeFile(join(directory, 'tests', `${name}.yaml`), text);
    const env = { WEFT_CACHE_DIRECTORY: CACHE };
    const { code, stdout, stderr } = await runCli(['template', 'test', directory, '-o', 'json'], { env });
    const results = stdout === '' ? [] : (JSON.parse(stdout) as TestResult[]);
    const of = Object.fromEntries(results.map((each) => [/(\w+)\.yaml$/.exec(each.file)![1]!, each]));
    return { code, stderr, of };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('the tests of the examples pass', async () => {
  for (const example of ['orders', 'approval']) {
    const argv = ['template', 'test', `examples/${example}`, '-o', 'table'];
    const { code, stdout, stderr } = await runCli(argv, { env: { WEFT_CACHE_DIRECTORY: CACHE } });
    assert.is(code, 0, stdout + stderr);
    assert.match(stderr, /[1-9] passed, 0 failed/);
  }
});

test('retries, timeouts and signals happen in their order, and take no time', async () => {
  const failure = '{ failure: { code: http_status, retryable: true } }';
  const { code, of, stderr } = await run({
    retried: `
context: { path: x }
steps: { fetch: { outcomes: [${failure}, ${failure}, ${answer(1)}] } }
expect: { steps: { fetch: { attempt: 3, config: { url: 'https://a.test/x' } }, ask: { status: absent }, skip: { result: { skipped: true } } } }`,
    exhausted: `
steps: { fetch: { outcomes: [${failure}, ${failure}, ${failure}] } }
expect: { status: blocked_by_failures, steps: { fetch: { status: error, attempt: 3 } } }`,
    approved: `
steps: { ${fetched(2)}, ask: { signals: [{ by: ada, roles: [boss], data: { decision: approve }, after_ms: 86000000 }] } }
expect: { steps: { ask: { result: { decision: approve } } } }`,
    silent: `
steps: { ${fetched(2)} }
expect: { status: blocked_by_failures, steps: { ask: { status: error, failure: { code: timed_out } } } }`,
    left_waiting: `
steps: { ${fetched(2)} }
expect: { status: waiting, steps: { ask: { status: waiting_for_input } } }`,
    mocked_decision: `
steps:
  ${fetched(2)}
  route:
    outcomes:
      - branch: [skip]
        result: { branch: [skip], by_default: true, matched: [{ index: null, rule: null, reason: canned }] }
expect: { steps: { ask: { status: absent }, skip: { status: complete } } }`,
  });
  for (const { file, problems } of Object.values(of)) assert.equal(problems, [], file);
  assert.equal([code, Object.keys(of).length], [0, 6], stderr);
});

test('says what did not hold, where in the test, and how the steps ended', async () => {
  const { code, of, stderr } = await run({
    wrong: `steps: { ${fetched(1)} }
expect:
  steps:
    skip:
      result: { skipped: false }
    ask: { status: complete }`,
    network: 'expect: {}',
    forbidden: `steps: { ${fetched(2)}, ask: { signals: [{ by: eve, data: { decision: approve } }] } }
expect: { status: waiting }`,
    unheard: `steps: { ${fetched(1)}, ask: { signals: [{ by: ada, roles: [boss], data: { decision: approve } }] } }
expect: {}`,
    too_few: `steps: { fetch: { outcomes: [{ failure: { code: http_status, retryable: true } }] } }
expect: {}`,
  });
  assert.is(code, 1);
  assert.match(stderr, '0 passed, 5 failed');
  const [result, status] = of['wrong']!.problems;
  assert.equal([result!.line, result!.column, result!.message], [5, 17, 'expected false, got true']);
  assert.match(status!.message, 'got "absent"');
  assert.ok(of['network']!.steps.some(({ failure }) => failure?.startsWith('not_mocked: "http_request" needs')));
  assert.match(of['forbidden']!.problems[0]!.message, 'the signal was refused');
  assert.match(of['unheard']!.problems[0]!.message, 'did not wait');
  assert.ok(of['too_few']!.steps.some(({ failure }) => failure?.includes('attempt 2 of step "fetch"')));
});

test('refuses a test or template that is not valid, with its place and exit code 10', async () => {
  const broken = await run({ a: 'expct: {}\nsteps: { fetch: { outcomes: [] } }' });
  assert.is(broken.code, 10);
  assert.match(broken.stderr, /a\.yaml:1:1: error key_unknown/);
  assert.match(broken.stderr, /a\.yaml:2:\d+: error/);
  const misspelt = await run({ a: 'steps: { fetsh: {} }\nexpect: {}' });
  assert.is(misspelt.code, 10);
  assert.match(misspelt.stderr, 'did you mean "fetch"?');
  assert.is((await run({ a: 'expect: {}' }, 'name: x\nsteps: [{ name: a }]')).code, 10);
  assert.is((await run({})).code, 4);
});

const BATCH = `
name: batched
egress: [{ host: a.test }]
steps:
  - name: list
    handler: { catalog: transform, config: { expression: '{"ids": ["a", "b", "c", "d"]}' } }
    inputs: {}
  - name: spread
    type: batchable
    handler:
      catalog: fan_out
      config: { source: list.ids, worker: '{"id": item}', max_concurrency: 2, tolerance: { count: 1 } }
    dependencies: [list]
  - name: fetch
    type: batch_worker
    handler: { catalog: http_request, config: { url: 'https://a.test/\${batch.item.id}' } }
    retry: { max_attempts: 2, base_ms: 60000, max_ms: 60000 }
    dependencies: [spread]
  - name: total
    handler: { catalog: aggregate, config: { sum: {}, select: body.n, tolerance: { count: 1 } } }
    inputs: { items: '\${steps.fetch.results}' }
    dependencies: [fetch]
`;

const GATED = `
name: gated
steps:
  - { name: spread, type: batchable, handler: { catalog: fan_out } }
  - name: ask
    type: batch_worker
    handler: { catalog: gate, config: { title: 'May \${batch.item}?', timeout_ms: 86400000, on_reject: complete } }
    dependencies: [spread]
  - name: answers
    handler: { catalog: aggregate, config: { concat: {}, select: decision } }
    inputs: { items: '\${steps.ask.results}' }
    dependencies: [ask]
`;

test('workers follow what is said of all, by index or by item, and are expected in the same way', async () => {
  const busy = '{ failure: { code: http_status, retryable: true } }';
  const { code, of, stderr } = await run(
    {
      each_as_said: `
steps:
  fetch:
    outcomes: [${answer(1)}]
    workers:
      - { index: 0, outcomes: [${busy}, ${answer(10)}] }
      - { item: { id: c }, outcomes: [{ failure: { code: http_status, message: gone, retryable: false } }] }
expect:
  ran: [list, spread, fetch, total]
  steps:
    fetch:
      status: complete
      counts: { total: 4, complete: 3, error: 1, cancelled: 0 }
      results:
        - { index: 0, status: complete, result: { body: { n: 10 } } }
        - { index: 1, status: complete }
        - { index: 2, status: error, error: { code: http_status, message: gone } }
        - { index: 3 }
      workers:
        - { index: 0, attempt: 2 }
        - { index: [1, 3], attempt: 1, result: { body: { n: 1 } } }
        - { item: { id: c }, status: error, failure: { code: http_status }, config: { url: 'https://a.test/c' } }
    total: { result: { value: 12, counts: { failed: 1 } } }`,
      too_many_fail: `
steps:
  fetch:
    outcomes: [${answer(1)}]
    workers: [{ index: [0, 1], outcomes: [{ failure: { code: http_status, retryable: false } }] }]
expect:
  status: blocked_by_failures
  ran: [list, spread, fetch]
  steps:
    fetch: { status: error, failure: { code: batch_failed }, counts: { error: 2 } }
    total: { status: pending }`,
      canned_fan_out: `
steps:
  spread: { outcomes: [{ items: [{ id: x }, { id: y }], max_concurrency: 1 }] }
  fetch: { outcomes: [${answer(3)}] }
expect:
  steps:
    spread: { result: { batches: 2 } }
    fetch: { counts: { total: 2 }, workers: [{ item: { id: y }, config: { url: 'https://a.test/y' } }] }
    total: { result: { value: 6 } }`,
      no_items: `
steps: { spread: { outcomes: [{ items: [] }] } }
expect: { ran: [list, spread, total], steps: { fetch: { status: complete, results: [] }, total: { result: { value: 0 } } } }`,
    },
    BATCH,
  );
  for (const { file, problems } of Object.values(of)) assert.equal(problems, [], file);
  assert.equal([code, Object.keys(of).length], [0, 4], stderr);
});

test('people answer the workers of a batch, all alike or each in their own way', async () => {
  const approve = '{ by: ada, data: { decision: approve } }';
  const reject = '{ by: bob, data: { decision: reject }, after_ms: 3600000 }';
  const spread = 'spread: { outcomes: [{ items: [a, b, c] }] }';
  const { code, of, stderr } = await run(
    {
      answered: `
steps:
  ${spread}
  ask: { signals: [${approve}], workers: [{ item: b, signals: [${reject}] }] }
expect: { steps: { answers: { result: { value: [approve, reject, approve] } } } }`,
      left_waiting: `
steps:
  ${spread}
  ask: { workers: [{ index: 0, signals: [${approve}] }] }
expect: { status: waiting, steps: { ask: { counts: { complete: 1, waiting_for_input: 2 } } } }`,
    },
    GATED,
  );
  for (const { file, problems } of Object.values(of)) assert.equal(problems, [], file);
  assert.equal([code, Object.keys(of).length], [0, 2], stderr);
});

test('says which worker was not as expected, and what in a test of batches was for nothing', async () => {
  const { code, of } = await run(
    {
      wrong: `steps:
  spread: { outcomes: [{ items: [{ id: a }, { id: b }] }] }
  fetch:
    outcomes: [${answer(1)}]
    workers:
      - { index: 7, outcomes: [${answer(2)}] }
      - { item: { id: a } , outcomes: [${answer(1)}] }
      - { index: 0, outcomes: [${answer(2)}] }
expect:
  ran: [list, total]
  steps:
    fetch:
      counts: { error: 1 }
      workers:
        - { index: [0, 1], result: { body: { n: 2 } } }
        - { item: { id: z } }`,
    },
    BATCH,
  );
  assert.is(code, 1);
  const said = of['wrong']!.problems.map(({ line, message }) => [line, message]);
  assert.equal(said, [
    [6, 'the entry is not used: it names none of the 2 workers of "fetch"'],
    [8, 'the entry is not used: every worker it names follows an entry before it'],
    [10, 'expected ["list","total"], got ["list","spread","total","fetch"]'],
    [13, 'expected 1, got 0'],
    [15, 'fetch[0]: expected 2, got 1'],
    [15, 'fetch[1]: expected 2, got 1'],
    [16, 'expected {"item":{"id":"z"}}, got "none of 2 workers"'],
  ]);
});

test('refuses in a test of batches what no step of that type has, with its place', async () => {
  const { code, stderr } = await run(
    {
      a: `steps:
  list: { outcomes: [{ items: [1] }], workers: [{ index: 0 }] }
  spread: { outcomes: [{ result: {} }] }
  fetch[0]: {}
expect:
  ran: [lst]
  steps:
    total: { counts: { total: 1 } }`,
    },
    BATCH,
  );
  assert.is(code, 10);
  assert.match(stderr, /a\.yaml:2:\d+: error .*only a fan-out \(batchable\) ends with items/);
  assert.match(stderr, /a\.yaml:2:\d+: error .*only the worker of a batch \(batch_worker\) has workers/);
  assert.match(stderr, /a\.yaml:3:\d+: error .*it ends with items, or fails/);
  assert.match(stderr, /a\.yaml:4:\d+: error .*"fetch\[0\]" is a worker of the step "fetch"/);
  assert.match(stderr, /a\.yaml:6:\d+: error .*no step "lst"/);
  assert.match(stderr, /a\.yaml:8:\d+: error .*has counts; step "total" is of type standard/);
});

test('a virtual clock calls back in order, once, and never goes back', () => {
  const clock = new VirtualClock(1_000);
  const heard: string[] = [];
  clock.after(20, () => heard.push('b'));
  clock.after(10, () => heard.push('a'));
  clock.after(15, () => heard.push('never'))();
  assert.is(clock.nextAt(), 1_010);
  clock.advanceTo(1_020);
  clock.advanceTo(1_000);
  assert.equal([heard, clock.now(), clock.nextAt()], [['a', 'b'], 1_020, undefined]);
});
