import { readdir, readFile, writeFile } from 'node:fs/promises';
import { Catalog } from '../../host/catalog/catalog.ts';
import type { LimitsConfig } from '../../host/config/types.ts';
import { hostSchemaCompiler } from '../../host/schemas.ts';
import { TemplateChecker } from '../../host/template/checker.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Capability } from '../capability/types.ts';
import { DIAGNOSTICS, type Diagnostic } from '../diagnostics.ts';
import { createHooks } from '../hooks/hooks.ts';

const CASES = new URL('cases/', import.meta.url);

const names = (await readdir(CASES, { withFileTypes: true })).filter((entry) => entry.isDirectory());

const catalog = new Catalog();
for (const capability of JSON.parse(await readFile(new URL('catalog.json', CASES), 'utf8')) as Capability[]) {
  const { name, version } = capability;
  catalog.register({ name, version, digest: `sha256:${name}@${version}`, capability });
}

const limits = { template_bytes_max: 1024 * 1024, template_steps_max: 10_000 } as LimitsConfig;
const checker = new TemplateChecker({
  catalog,
  compiler: hostSchemaCompiler(),
  hooks: createHooks(),
  limits,
  planners: () => ['recipes'],
});

/**
 * Each folder of `cases/` is a template and what validation says about it, one line for each problem. A new case is a
 * new folder; WEFT_UPDATE_CASES=1 writes what is expected.
 */
const test = suite('validation: cases');

const emitted = new Set<string>();

function check(text: string): readonly Diagnostic[] {
  const { diagnostics } = checker.check({ kind: 'text', text });
  for (const { code } of diagnostics) emitted.add(code);
  return diagnostics;
}

function describe({ line, column, severity, code, message, suggestion }: Diagnostic): string {
  const hint = suggestion === undefined ? '' : ` — ${suggestion}`;
  return `${line}:${column} ${severity} ${code}: ${message}${hint}`;
}

for (const { name } of names) {
  test(name, async () => {
    const folder = new URL(`${name}/`, CASES);
    const found = check(await readFile(new URL('template.yaml', folder), 'utf8')).map(describe);
    const expected = new URL('expected.json', folder);
    if (process.env['WEFT_UPDATE_CASES'] === '1') await writeFile(expected, `${JSON.stringify(found, null, 2)}\n`);
    assert.equal(found, JSON.parse(await readFile(expected, 'utf8')));
  });
}

/** A chain, or as many steps side by side, in JSON. */
function manySteps(count: number, dependencies: (index: number) => number[]): string {
  const steps = Array.from({ length: count }, (_, index) => ({
    name: `s${index}`,
    handler: { catalog: 'transform', config: { expression: 'a' } },
    dependencies: dependencies(index).map((other) => `s${other}`),
  }));
  return JSON.stringify({ name: 'many', steps });
}

test('counts steps, dependencies and references before anything is built from them', () => {
  const codes = (text: string) => check(text).map(({ code }) => code);
  assert.equal(codes(`{"name":"a","steps":[${'{},'.repeat(10_001).slice(0, -1)}]}`), ['too_many_steps']);
  const dense = manySteps(500, (index) => Array.from({ length: index }, (_, other) => other));
  assert.equal(codes(dense), ['too_many_dependencies']);
  const inputs = Array.from({ length: 1001 }, (_, i) => `"k${i}":"\${task.id}"`).join();
  const referring = `{"name":"a","steps":[{"name":"a","handler":{"catalog":"charge"},"inputs":{${inputs}}}]}`;
  assert.equal(codes(referring), ['too_many_references']);
});

test('takes a depth of 20,000 and 50 MB without a stack trace', () => {
  for (const text of ['['.repeat(20_000), `name: "${'x'.repeat(50_000_000)}"`]) {
    assert.is(check(text).length, 1);
  }
});

test('every code that templates can get is in some case', () => {
  const elsewhere = ['problems_omitted', 'plugin_failed', 'context_invalid', 'json_invalid', 'request_invalid'];
  // Of plans and their fragments, which have cases of their own.
  elsewhere.push('plan_truncated', 'plan_not_approved', 'plan_refused_by_plugin', 'not_supported_yet');
  const ofFragments = ['max_items_missing', 'step_orphaned', 'exit_unreachable', 'step_shadows_frame'];
  const ofTemplates = Object.entries(DIAGNOSTICS).flatMap(([code, { stage }]) => {
    const isOther = stage === 'bounds' || stage === 'convergence' || ofFragments.includes(code);
    return isOther || /^component_|^(case|capability|handler)_.*(valid|undeclared)$/.test(code) ? [] : [code];
  });
  assert.equal(
    ofTemplates.filter((code) => !emitted.has(code) && !elsewhere.includes(code)),
    [],
  );
});
