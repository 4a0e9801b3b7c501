import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnostic } from '../../../kernel/diagnostics.ts';
import { runCli } from '../../../testing/cli.ts';
import { assert, suite } from '../../../testing/suite.ts';

const test = suite('weft fragment');

const CACHE = fileURLToPath(new URL('../../../build/test_cache', import.meta.url));

const FRAME = `
name: orders
egress: [{ host: api.example.com }]
steps:
  - { name: load, handler: { catalog: http_request, config: { url: https://api.example.com/orders } } }
  - { name: plan, dependencies: [load], handler: { catalog: transform, config: { expression: a } } }
`;

const PLAN = `
fragment_version: "1.0"
planning_context: { goal: settle, reasoning: either way }
steps:
  - name: choose
    type: decision
    reasoning: large orders are looked at
    handler: { catalog: decide, config: { rules: [{ when: "true", then: [large] }], default: { then: [small] } } }
    inputs: { order: "\${steps.load.result.body}" }
  - { name: large, dependencies: [choose], reasoning: r, handler: { catalog: transform, config: { expression: "1" } } }
  - { name: small, dependencies: [choose], reasoning: r, handler: { catalog: transform, config: { expression: "2" } } }
  - name: done
    type: deferred
    dependencies: [large, small]
    reasoning: whichever it was
    handler: { catalog: transform, config: { expression: $ } }
convergence: { exit_step: done }
`;

let directory: string;
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-fragment-test-'));
  await writeFile(join(directory, 'frame.yaml'), FRAME);
  await writeFile(join(directory, 'plan.yaml'), PLAN);
});
test.after(() => rm(directory, { recursive: true, force: true }));

function weft(verb: string, file: string, ...words: readonly string[]) {
  const env = { WEFT_DATA_DIRECTORY: CACHE, WEFT_CACHE_DIRECTORY: CACHE };
  return runCli(['fragment', verb, file.includes('/') ? file : join(directory, file), ...words], { env });
}

const inFrame = () => ['--template', join(directory, 'frame.yaml'), '--step', 'plan'];

test('validate prints every problem with its place, and ends with 10', async () => {
  const text = PLAN.replace('[large, small]', '[large, smal]').replace('steps.load.', 'steps.lod.');
  await writeFile(join(directory, 'bad.yaml'), text);
  const { code, stdout } = await weft('validate', 'bad.yaml', ...inFrame(), '-o', 'json');
  const { valid, diagnostics } = JSON.parse(stdout) as { valid: boolean; diagnostics: readonly Diagnostic[] };
  assert.equal([code, valid], [10, false]);
  assert.equal(
    diagnostics.map(({ code, pointer, line, column, suggestion }) => [code, pointer, line, column, suggestion]),
    [
      ['dependency_unknown', '/steps/3/dependencies/1', 14, 27, 'did you mean "small"?'],
      ['reference_unknown_step', '/steps/0/inputs/order', 9, 15, 'did you mean "load"?'],
    ],
  );
});

test('validate tells what a fragment can come to', async () => {
  const { code, stdout } = await weft('validate', 'plan.yaml', ...inFrame(), '-o', 'table');
  assert.is(code, 0);
  assert.match(stdout, 'valid\nat most 4 steps, 3 deep, no fan-out, 12 calls, $0\n');
});

test('a fragment of the gallery is refused with exit code 10, whatever surrounds it', async () => {
  const file = fileURLToPath(new URL('../../../kernel/fragment/cases/several_hostile/fragment.json', import.meta.url));
  const { code, stdout } = await weft('validate', file, '-o', 'table');
  assert.is(code, 10);
  assert.match(stdout, /several_hostile\/fragment\.json:\d+:\d+: error key_unknown: unknown key "egress"/);
  assert.match(await readFile(file, 'utf8'), 'egress');
});

test('graph draws what validate accepts, and refuses the rest', async () => {
  const { code, stdout } = await weft('graph', 'plan.yaml', ...inFrame(), '--as', 'text');
  assert.is(code, 0);
  assert.match(stdout, 'after those that exist of large, small');
  const alone = await weft('graph', 'plan.yaml');
  assert.is(alone.code, 10);
  assert.match(alone.stderr, 'there is no step "load"');
});

test('simulate shows one way, how all runs ended, and what none came to', async () => {
  const words = [...inFrame(), '--runs', '1', '--seed', '4', '-o', 'json'];
  const [first, again] = await Promise.all([
    weft('simulate', 'plan.yaml', ...words),
    weft('simulate', 'plan.yaml', ...words),
  ]);
  assert.is(first.stdout, again.stdout);
  const { runs, unreached, bounds } = JSON.parse(first.stdout);
  const steps = runs[0].path.map(({ step }: { step: string }) => step);
  assert.equal([runs[0].status, steps[0], steps.at(-1), bounds.steps], ['complete', 'choose', 'done', 4]);
  assert.equal(
    ['large', 'small'].filter((name) => !steps.includes(name)),
    unreached,
  );
  const many = await weft('simulate', 'plan.yaml', ...inFrame(), '-o', 'table');
  assert.match(many.stdout, '20 runs: 20 complete');
});

test('says what is wrong with how it was called', async () => {
  const [half, nobody, runs] = await Promise.all([
    weft('validate', 'plan.yaml', '--step', 'plan'),
    weft('validate', 'plan.yaml', '--template', join(directory, 'frame.yaml'), '--step', 'pln'),
    weft('simulate', 'plan.yaml', '--runs', 'many'),
  ]);
  assert.equal([half.code, nobody.code, runs.code], [2, 2, 2]);
  assert.match(nobody.stderr, 'has no step "pln": did you mean "plan"?');
  assert.match(runs.stderr, '--runs takes a number from 1 to 10000, not "many"');
});
