import { readdir, readFile, writeFile } from 'node:fs/promises';
import { satisfies } from '../../host/catalog/catalog.ts';
import { hostSchemaCompiler } from '../../host/schemas.ts';
import egressPolicy from '../../planner-plugins/validators/egress_policy/plugin.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { CatalogEntry } from '../capability/types.ts';
import { DIAGNOSTICS, type Diagnostic } from '../diagnostics.ts';
import { createHooks } from '../hooks/hooks.ts';
import type { Json } from '../json.ts';
import { createPlanningRegistries } from '../planning/registry.ts';
import { applyPlugins } from '../plugin.ts';
import { FRAGMENT_LIMITS } from './limits.ts';
import type { FragmentContext, FragmentValidation } from './types.ts';
import { validateFragment } from './validate.ts';

const CASES = new URL('cases/', import.meta.url);

const names = (await readdir(CASES, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const readCase = async (path: string) => JSON.parse(await readFile(new URL(path, CASES), 'utf8'));

const capabilities: readonly CatalogEntry['capability'][] = await readCase('catalog.json');
const catalog = capabilities.map((capability): CatalogEntry => {
  const { name, version } = capability;
  return { name, version, digest: `sha256:${name}@${version}`, capability };
});

const compiler = hostSchemaCompiler();
const hooks = createHooks();
applyPlugins([egressPolicy], {
  hooks,
  compiler,
  options: {},
  satisfies,
  servicesFor: () => ({ log: () => undefined, ...createPlanningRegistries(), variable: () => undefined }),
});

const surroundings: Omit<FragmentContext, 'catalog' | 'satisfies' | 'compiler' | 'hooks'> =
  await readCase('context.json');
const CONTEXT: FragmentContext = { ...surroundings, catalog, satisfies, compiler, hooks };

const expectedOf = new Map<string, Json>(
  await Promise.all(
    names.map(async (name) => [name, await readCase(`${name}/expected.json`).catch(() => null)] as const),
  ),
);

/**
 * Each folder of `cases/` is the text of a fragment, where it differs from `context.json` what surrounds it, and what
 * validation comes to: `fault_…` have one fault each, `several_…` many at once, `valid_…` none. A new case is a new
 * folder; WEFT_UPDATE_CASES=1 writes what is expected.
 */
const test = suite('fragments: cases');

const emitted = new Set<string>();

async function validate(name: string): Promise<FragmentValidation> {
  const text = await readFile(new URL(`${name}/fragment.json`, CASES), 'utf8');
  const own = await readCase(`${name}/context.json`).catch(() => ({}));
  return validateFragment({ kind: 'text', text }, { ...CONTEXT, ...own });
}

function describe({ stage: _, ...diagnostic }: Diagnostic): Json {
  emitted.add(diagnostic.code);
  return diagnostic as unknown as Json;
}

function summarize(validation: FragmentValidation): Json {
  if (!validation.ok) return validation.diagnostics.map(describe);
  const { steps, exit, bounds, warnings, graph } = validation.valid;
  const defined = steps.map(({ definition, gated }) => {
    const { name, dependencies, handler, inputs } = definition;
    return { name, gated, dependencies, config: handler.config, ...(inputs === undefined ? {} : { inputs }) };
  });
  const edges = graph.edges.map(({ from, to, kind }) => `${from} → ${to} (${kind})`);
  return { bounds: { ...bounds }, exit, warnings: warnings.map(describe), steps: defined, edges };
}

for (const name of names) {
  test(name, async () => {
    const found = summarize(await validate(name));
    if (process.env['WEFT_UPDATE_CASES'] === '1') {
      await writeFile(new URL(`${name}/expected.json`, CASES), `${JSON.stringify(found, null, 2)}\n`);
    } else assert.equal(found, expectedOf.get(name));
    assert.is(Array.isArray(found), !name.startsWith('valid_'));
  });
}

test('more than sixty single faults are in the gallery, and each has what a model needs to repair it', () => {
  const faults = names.filter((name) => name.startsWith('fault_'));
  assert.ok(faults.length > 60, `${faults.length}`);
  for (const name of faults) {
    const [first] = expectedOf.get(name) as unknown as readonly Diagnostic[];
    assert.ok(first!.suggestion !== undefined || first!.expected !== undefined || first!.got !== undefined, name);
  }
});

test('every code that only fragments can get is in some case', () => {
  const elsewhere = ['document_too_large', 'too_many_steps'];
  const own = Object.entries(DIAGNOSTICS).filter(
    ([code, { stage }]) =>
      stage === 'bounds' ||
      stage === 'convergence' ||
      /^(step_|exit_)(?!duplicate)/.test(code) ||
      /^max_items/.test(code),
  );
  assert.ok(own.length > 8);
  assert.equal(
    own.map(([code]) => code).filter((code) => !emitted.has(code) && !elsewhere.includes(code)),
    [],
  );
});

test('bounds a text before it is read, and a document before it is walked', () => {
  const codes = (validation: FragmentValidation) =>
    validation.ok ? [] : validation.diagnostics.map(({ code }) => code);
  const ofText = (text: string) => codes(validateFragment({ kind: 'text', text }, CONTEXT));
  assert.equal(ofText(`"${'x'.repeat(FRAGMENT_LIMITS.bytes_max)}"`), ['document_too_large']);
  assert.equal(ofText(`"${'\\"'.repeat(500_000)}`), ['json_invalid']);
  assert.equal(ofText('['.repeat(1_000_000)), ['document_too_deep']);
  assert.ok(
    ofText('{"a": [{"b": 1, "\\u0062": 2}], "a": "{\\"x\\\\"}').filter((code) => code === 'key_duplicate').length === 2,
  );
  let deep: Json = [];
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert.equal(codes(validateFragment({ kind: 'document', document: deep }, CONTEXT)), ['document_too_deep']);
  const steps = Array.from({ length: 100_000 }, () => ({}));
  assert.equal(codes(validateFragment({ kind: 'document', document: { steps } }, CONTEXT)), ['too_many_steps']);
});
