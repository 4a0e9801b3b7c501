import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '../../../testing/suite.ts';
import { exampleCases } from '../case_file.ts';
import type { CaseEngine, EngineEnd } from '../engine.ts';
import { buildTarget } from '../load.ts';
import { findTarget, sourceTargets, type Target } from '../target.ts';
import { checkHandler } from './check_component.ts';
import { checkDenied, checkIdempotency, checkMemory } from './runs.ts';
import type { Subject } from './subject.ts';

const test = suite('conformance of components');

const HANDLERS = join(import.meta.dirname, '../../../handlers');
const CACHE = join(import.meta.dirname, '../../../build/test_cache');

let directory: string;
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-check-'));
});
test.after(() => rm(directory, { recursive: true, force: true }));

for (const target of sourceTargets(HANDLERS)) {
  test(`${target.name} conforms`, async () => {
    await buildTarget(target);
    const { ok, findings } = await checkHandler(target, CACHE);
    assert.equal(
      findings.filter(({ status }) => status === 'fail'),
      [],
    );
    assert.ok(ok);
    for (const check of ['component', 'source', 'examples', 'cases', 'native', 'killed', 'cold start'])
      assert.is(findings.find((finding) => finding.check === check)?.status, 'pass', check);
  });
}

test('a component alone is judged by what it carries, against a manifest that is not its own', async () => {
  const built = sourceTargets(HANDLERS).find(({ name }) => name === 'decide')!;
  const component = join(directory, 'decide.wasm');
  await copyFile(built.component, component);
  const manifest = JSON.parse(await readFile(built.component.replace('.wasm', '.json'), 'utf8'));
  await writeFile(
    join(directory, 'decide.json'),
    JSON.stringify({ ...manifest, digest: 'sha256:0', version: '9.9.9' }),
  );
  const { ok, findings } = await checkHandler(findTarget(component, { directory: HANDLERS }), CACHE);
  const statuses = Object.fromEntries(findings.map(({ check, status }) => [check, status]));
  assert.is(ok, false);
  assert.equal(
    [statuses['manifest'], statuses['source'], statuses['cases'], statuses['native']],
    ['fail', 'skip', 'skip', 'skip'],
  );
  assert.is(statuses['examples'], 'pass');
});

test('what is no component is refused, and nothing else is tried', async () => {
  const component = join(directory, 'junk.wasm');
  await writeFile(component, 'no component');
  const { ok, findings } = await checkHandler({ kind: 'component', name: 'junk', component }, CACHE);
  assert.is(ok, false);
  assert.equal(
    findings.map(({ check, status }) => [check, status]),
    [['component', 'fail']],
  );
  assert.match(findings[0]!.found, /not a WebAssembly binary/);
});

/** A subject whose engine ends as it is told. */
function subject(ends: (denied: boolean) => Partial<EngineEnd>): Subject {
  const whole = (denied: boolean): EngineEnd => ({
    verdict: { kind: 'outcome', outcome: { kind: 'complete', result: {} } },
    texts: ['{}'],
    problems: [],
    calls: { 'weft:http/client': 1 },
    instantiate_ms: 1,
    run_ms: 1,
    memory_bytes: 1024,
    ...ends(denied),
  });
  const wasm: CaseEngine = {
    name: 'wasm',
    run: async (_step, { denied = [] }) => whole(denied.length > 0),
    close: async () => undefined,
  };
  const capability = {
    outputSchema: { type: 'object' },
    errors: [{ code: 'request_failed', retryable: true, description: 'No answer.' }],
    imports: ['weft:http/client@1.0.0', 'weft:log/logger@1.0.0'],
    annotations: { idempotentHint: true },
    resources: { memoryMb: 1 },
    composition: { examples: [{ title: 'one', config: {}, inputs: {} }] },
  };
  const loaded = { capability } as unknown as Subject['loaded'];
  const target: Target = { kind: 'component', name: 'x', component: 'x.wasm' };
  const runs = exampleCases(loaded.capability).map((each) => ({ each, end: whole(false) }));
  return { target, loaded, wasm, runs, components: undefined as never };
}

const failure = (code: string) =>
  ({ verdict: { kind: 'failure', failure: { code, message: 'm', retryable: false } } }) as const;

test('a refusal must end in a failure that is documented', async () => {
  const statuses = async (each: Subject) => (await checkDenied(each)).map(({ status }) => status);
  assert.equal(await statuses(subject((denied) => (denied ? failure('request_failed') : {}))), ['pass', 'skip']);
  assert.equal(await statuses(subject((denied) => (denied ? failure('handler_bug') : {}))), ['fail', 'skip']);
  assert.equal(await statuses(subject((denied) => (denied ? failure('trap') : {}))), ['fail', 'skip']);
  assert.equal(await statuses(subject(() => ({ calls: {} }))), ['skip', 'skip']);
});

test('a repetition must end as before', async () => {
  let runs = 0;
  assert.is((await checkIdempotency(subject(() => ({})))).status, 'pass');
  assert.is((await checkIdempotency(subject(() => ({ texts: [String(runs++)] })))).status, 'fail');
});

test('memory beyond what is declared is said', () => {
  assert.is(checkMemory(subject(() => ({}))).status, 'pass');
  assert.is(checkMemory(subject(() => ({ memory_bytes: 2 * 1024 * 1024 }))).status, 'fail');
});
