import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as wit from 'weft:handler/handler@1.0.0';
import { type HostImports, witError } from '../../host/handler_author/native/script.ts';
import { buildHandlers } from '../../host/toolchain/build_handlers.ts';
import type { BoundaryEnd, HandlerFactory } from '../../testing/loaded_handler.ts';
import { nativeHandler } from '../../testing/native_handler.ts';
import { assert, suite } from '../../testing/suite.ts';
import { wasmHandler } from '../../testing/wasm_handler.ts';

const test = suite('guest SDK');

const directory = join(import.meta.dirname, 'fixtures');
let outDirectory: string;
let engines: readonly HandlerFactory[];

test.before(async () => {
  outDirectory = mkdtempSync(join(tmpdir(), 'weft-guest-test-'));
  const { handlers } = await buildHandlers({ directory, outDirectory });
  assert.equal(handlers[0]!.diagnostics, []);
  engines = [await nativeHandler(join(directory, 'probe/handler.ts')), await wasmHandler(handlers[0]!.path)];
});

test.after(() => rmSync(outDirectory, { recursive: true }));

const HOST: HostImports = {
  'weft:http/client': { send: () => ({ status: 204, headers: [], body: { tag: 'none' }, url: 'u', latencyMs: 1 }) },
  'weft:log/logger': { log() {} },
};

/** The end of a run, which both engines must agree on; `undefined` fields count as absent. */
function run(act: string, step: Partial<wit.Step> = {}, imports = HOST): BoundaryEnd {
  const [native, wasm] = engines.map((engine) => {
    const config = JSON.stringify({ act });
    const whole = { taskId: 't', stepId: 's', stepName: 'n', attempt: 2, idempotencyKey: 'k', config, inputs: '{}' };
    return JSON.parse(JSON.stringify(engine(imports).run({ ...whole, ...step }))) as BoundaryEnd;
  });
  assert.equal(native, wasm);
  return wasm!;
}

function completed(end: BoundaryEnd): unknown {
  assert.ok('outcome' in end && end.outcome.tag === 'complete', JSON.stringify(end));
  return JSON.parse(end.outcome.val as string);
}

test('parses the step and fills defaults of the config in', () => {
  const config = JSON.stringify({ act: 'echo', nested: {}, more: [1] });
  assert.equal(completed(run('', { config, inputs: '{"a":1}' })), {
    taskId: 't',
    stepId: 's',
    stepName: 'n',
    attempt: 2,
    idempotencyKey: 'k',
    config: { act: 'echo', greeting: 'hello', nested: { deep: 7 }, more: [1] },
    inputs: { a: 1 },
    resume: null,
  });
});

test('parses why a suspended step wakes', () => {
  const resumed = (resume: wit.Resume) => (completed(run('echo', { resume })) as { resume: unknown }).resume;
  assert.equal(resumed({ state: '{"n":1}', signals: '[{"id":"x"}]', fired: 'late' }), {
    state: { n: 1 },
    signals: [{ id: 'x' }],
    fired: 'late',
  });
  assert.equal(resumed({ state: 'null', signals: '[]' }), { state: null, signals: [], fired: null });
});

test('lowers a branch and a suspension', () => {
  assert.equal(run('branch'), { outcome: { tag: 'branch', val: { steps: ['a', 'b'], result: '{"why":"so"}' } } });
  assert.equal(run('suspend'), {
    outcome: {
      tag: 'suspend',
      val: {
        state: '[1]',
        request: '{"title":"?"}',
        signals: 'true',
        deadlines: [{ name: 'late', afterMs: 5 }],
      },
    },
  });
});

test('lowers batches, none of them included', () => {
  assert.equal(run('batches'), {
    outcome: {
      tag: 'batches',
      val: { items: ['1', '{"a":[null]}', '"x"'], maxConcurrency: 2, result: '{"batches":3}' },
    },
  });
  assert.equal(run('batches_plainly'), {
    outcome: { tag: 'batches', val: { items: [], maxConcurrency: 0, result: 'null' } },
  });
});

test('cuts numbers to what every engine carries across the boundary', () => {
  const most = 0x7fff_ffff;
  const beyond = run('beyond_u32');
  assert.ok('outcome' in beyond && beyond.outcome.tag === 'batches');
  assert.is(beyond.outcome.val.maxConcurrency, most);
  const waiting = run('wait_for_ever');
  assert.ok('outcome' in waiting && waiting.outcome.tag === 'suspend');
  assert.equal(
    waiting.outcome.val.deadlines.map(({ afterMs }) => afterMs),
    [most, most, 0, 1],
  );
  const failed = run('retry_never');
  assert.ok('failure' in failed);
  assert.is(failed.failure.retryAfterMs, most);
});

test('lowers failures; waits are whole milliseconds', () => {
  assert.equal(run('fail'), {
    failure: { code: 'refused', message: 'no', retryable: true, retryAfterMs: 2, details: '{"a":[1]}' },
  });
  assert.equal(run('fail_plainly'), { failure: { code: 'refused', message: 'no', retryable: false } });
});

test('makes any other exception a handler_bug without a stack', () => {
  for (const act of [
    'bug',
    'throw_text',
    'no_result',
    'no_outcome',
    'unknown_act',
    'batches_with_a_hole',
    'wait_for_nothing',
  ]) {
    for (const engine of engines) {
      const step = { taskId: 't', stepId: 's', stepName: 'n', attempt: 1, idempotencyKey: 'k', inputs: '{}' };
      const end = engine(HOST).run({ ...step, config: JSON.stringify({ act }) });
      assert.ok('failure' in end, act);
      assert.is(end.failure.code, 'handler_bug');
      assert.is(end.failure.retryable, false);
      assert.match(end.failure.message, act === 'throw_text' ? /^a text$/ : /^TypeError: /);
      assert.not.match(end.failure.message, /\n|\bat /);
    }
  }
});

test('has no time unless the clock is imported, but dates that are given', () => {
  for (const act of ['ask_the_time', 'make_a_date']) {
    const end = run(act);
    assert.ok('failure' in end);
    assert.match(end.failure.message, /this handler has no clock: declare weft:clock\/wall-clock@1\.0\.0/);
  }
  assert.is(completed(run('given_date')), '1970-01-01T00:00:00.000Z');
});

test('draws chance from the idempotency key', () => {
  const drawn = completed(run('chance')) as number[];
  assert.equal(completed(run('chance', { attempt: 3 })), drawn);
  assert.not.equal(completed(run('chance', { idempotencyKey: 'other' })), drawn);
});

test('lets libraries write to a console', () => {
  assert.is(completed(run('console')), null);
});

test('gives a response or the reason why there is none', () => {
  const response = { status: 204, headers: [], body: { tag: 'none' }, url: 'u', latencyMs: 1 };
  assert.equal(completed(run('send')), { response });
  const failing = (error: unknown): HostImports => ({
    ...HOST,
    'weft:http/client': {
      send() {
        throw error;
      },
    },
  });
  const denied = { tag: 'denied', val: 'no rule allows it' };
  assert.equal(completed(run('send', {}, failing(witError(denied)))), { error: denied });
});

test('writes log lines with their fields', () => {
  const lines: unknown[] = [];
  run('log', {}, { ...HOST, 'weft:log/logger': { log: (...line: unknown[]) => void lines.push(line) } });
  const expected = [
    ['warn', 'careful', '{"left":1}'],
    ['info', 'fine', ''],
  ];
  assert.equal(lines, [...expected, ...expected]);
});
