import fc from 'fast-check';
import { satisfies } from '../../host/catalog/catalog.ts';
import { sha256 } from '../../host/digest.ts';
import { hostSchemaCompiler } from '../../host/schemas.ts';
import { assert, suite } from '../../testing/suite.ts';
import { step, template } from '../../testing/task_player.ts';
import type { Capability, CatalogEntry } from '../capability/types.ts';
import { createHooks } from '../hooks/hooks.ts';
import type { Json, JsonObject } from '../json.ts';
import { type CompileEnvironment, compileTemplate, compileTrusted } from './compile.ts';
import type { StepDefinition, StepType } from './types.ts';

const test = suite('template compilation');

function entry(name: string, version: string, configSchema: JsonObject = {}): CatalogEntry {
  const capability = { name, version, configSchema, inputSchema: {}, outputSchema: {} } as unknown as Capability;
  return { name, version, digest: sha256(`${name}@${version}`), capability };
}

const expression = { type: 'object', properties: { expression: { type: 'string', 'x-weft-literal': true } } };

function environment(rest: Partial<CompileEnvironment> = {}): CompileEnvironment {
  const catalog = [entry('transform', '1.0.0', expression)];
  return { catalog, satisfies, compiler: hostSchemaCompiler(), digest: sha256, ...rest };
}

function compiled(document: Json, env = environment()) {
  const result = compileTemplate(document, env);
  assert.equal(result.diagnostics, []);
  return result.compiled!;
}

const smallest = { name: 'smallest', steps: [{ name: 'a', handler: { catalog: 'transform' } }] };

test('fills in every default', () => {
  assert.equal(compiled(smallest).template, {
    name: 'smallest',
    namespace: 'default',
    version: '1.0.0',
    description: '',
    egress: [],
    secrets: [],
    steps: [
      {
        name: 'a',
        type: 'standard',
        handler: { catalog: 'transform', config: {} },
        dependencies: [],
        retry: { max_attempts: 3, backoff: 'exponential', base_ms: 1000, max_ms: 60_000, jitter: 0.5 },
        timeout_ms: 30_000,
        on_failure: 'block',
      },
    ],
  });
});

test('gives equal documents one digest, whatever the order of their keys and whether defaults are written', () => {
  const [only] = smallest.steps;
  const written = {
    steps: [{ retry: { jitter: 0.5 }, type: 'standard', ...only! }],
    version: '1.0.0',
    name: 'smallest',
  };
  assert.is(compiled(written).digest, compiled(smallest).digest);
  assert.is.not(compiled({ ...smallest, version: '1.0.1' }).digest, compiled(smallest).digest);
});

test('keeps what the handler takes literally with the template, so that no catalog is needed to replay', () => {
  const config = { expression: '"${steps.x}"', note: 'for ${task.id}, not $${task.id}' };
  const {
    template: stored,
    steps,
    digest,
  } = compiled({
    name: 'literal',
    steps: [{ name: 'a', handler: { catalog: 'transform', config } }],
  });
  assert.equal(stored.steps[0]!.handler.literals, ['/expression']);
  const [first] = steps;
  const made = first!.config.kind === 'object' ? Object.fromEntries(first!.config.entries) : {};
  assert.equal(made['expression'], { kind: 'literal', value: config.expression });
  assert.is(made['note']?.kind, 'text');
  const replayed = compileTrusted(JSON.parse(JSON.stringify(stored)), digest);
  assert.equal(replayed.steps, steps);
});

test('marks nothing as literal that holds no reference', () => {
  const config = { expression: '$sum(items)' };
  const { template: stored } = compiled({
    name: 'a',
    steps: [{ name: 'a', handler: { catalog: 'transform', config } }],
  });
  assert.not('literals' in stored.steps[0]!.handler);
});

test('checks configs against the newest version that the range allows', () => {
  const catalog = [
    entry('transform', '2.0.0', { type: 'object', required: ['new'] }),
    entry('transform', '1.0.0', { type: 'object', required: ['old'] }),
  ];
  const problems = (range: string) =>
    compileTemplate(
      { name: 'a', steps: [{ name: 'a', handler: { catalog: `transform${range}` } }] },
      environment({ catalog }),
    ).diagnostics.map(({ message }) => message.slice(0, 24));
  assert.equal(problems(''), ['is missing the key "new"']);
  assert.equal(problems('@^1'), ['is missing the key "old"']);
});

test('compiles with warnings and not with errors', () => {
  const deferred = { ...smallest, steps: [{ ...smallest.steps[0], type: 'deferred' }] };
  const warned = compileTemplate(deferred, environment());
  assert.equal(
    warned.diagnostics.map(({ code }) => code),
    ['deferred_without_decision'],
  );
  assert.ok(warned.compiled);
  assert.is(compileTemplate({ ...smallest, name: '' }, environment()).compiled, undefined);
});

test('lets plugins change a template before it is checked, and stores what they made of it', () => {
  const hooks = createHooks();
  hooks.forPlugin('tagger').templateLoad.tap((document) => ({ ...(document as JsonObject), namespace: 'tagged' }));
  assert.is(compiled(smallest, environment({ hooks })).template.namespace, 'tagged');
  hooks.forPlugin('breaker').templateLoad.tap(() => JSON.parse('{"__proto__":1,"name":"a","steps":[]}'));
  const broken = compileTemplate(smallest, environment({ hooks }));
  assert.equal(broken.diagnostics.map(({ code }) => code).sort(), ['key_forbidden', 'value_invalid']);
});

test('lets plugins report at every stage, under their name', () => {
  const hooks = createHooks();
  const own = hooks.forPlugin('house_rules');
  own.validateGraph.tap((review, report) => {
    for (const { pointer, name } of review.steps) report({ code: 'bad_name', pointer, message: `"${name}" is dull` });
  });
  own.validatePolicy.tap((review, report) =>
    report({ code: 'hint', severity: 'warning', pointer: '/name', message: `${review.name}?` }),
  );
  const { diagnostics, compiled: none } = compileTemplate(smallest, environment({ hooks }));
  assert.equal(diagnostics, [
    { code: 'house_rules/bad_name', severity: 'error', stage: 'graph', pointer: '/steps/0', message: '"a" is dull' },
    { code: 'house_rules/hint', severity: 'warning', stage: 'policy', pointer: '/name', message: 'smallest?' },
  ]);
  assert.is(none, undefined);
});

test('refuses a template when a plugin fails, naming plugin and hook', () => {
  const hooks = createHooks();
  hooks.forPlugin('buggy').validatePolicy.tap(() => {
    throw new TypeError('oops');
  });
  const { diagnostics, compiled: none } = compileTemplate(smallest, environment({ hooks }));
  assert.is(none, undefined);
  assert.is(diagnostics[0]?.code, 'plugin_failed');
  assert.match(diagnostics[0]!.message, /"buggy".*"validatePolicy".*oops/);
});

/** Templates without a sense, but with a graph: each step depends on some before it. */
const graphs = fc
  .array(
    fc.record({
      type: fc.constantFrom<StepType>('standard', 'decision', 'deferred'),
      dependencies: fc.array(fc.nat(), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((drawn) =>
    drawn.map(
      ({ type, dependencies }, index): StepDefinition =>
        step(`s${index}`, {
          type,
          dependencies: index === 0 ? [] : [...new Set(dependencies.map((each) => `s${each % index}`))],
        }),
    ),
  );

test('a step is gated exactly when some way back from it meets a decision; dependents invert dependencies', () => {
  fc.assert(
    fc.property(graphs, (definitions) => {
      const { steps } = compileTrusted(template(...definitions), 'sha256:0');
      const afterDecision = (index: number): boolean =>
        steps[index]!.dependencies.some(
          (before) => steps[before]!.definition.type === 'decision' || afterDecision(before),
        );
      for (const { index, gated, dependencies } of steps) {
        assert.is(gated, afterDecision(index));
        for (const before of dependencies) assert.ok(steps[before]!.dependents.includes(index));
      }
      const count = (key: 'dependencies' | 'dependents') => steps.reduce((sum, each) => sum + each[key].length, 0);
      assert.is(count('dependencies'), count('dependents'));
    }),
    { numRuns: 500 },
  );
});

test('whatever is broken in a template, there are diagnostics or a compiled template, and no error', () => {
  const whole = {
    name: 'whole',
    input_schema: { type: 'object' },
    catalog: ['transform'],
    egress: [{ host: 'a.test' }],
    secrets: ['KEY'],
    steps: [
      { name: 'a', type: 'decision', handler: { catalog: 'transform', config: { expression: 'x' } }, retry: {} },
      { name: 'b', dependencies: ['a'], handler: { catalog: 'transform' }, inputs: { x: '${steps.a.result}' } },
      { name: 'c', type: 'deferred', dependencies: ['b'], handler: { catalog: 'transform' } },
    ],
  };
  const places = pathsIn(whole);
  const env = environment();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 })), { minLength: 1, maxLength: 3 }),
      (changes) => {
        const document = structuredClone(whole) as Json;
        for (const [path, value] of changes) replace(document, path, value as Json);
        const { compiled: made, diagnostics } = compileTemplate(document, env);
        assert.is(
          made === undefined,
          diagnostics.some(({ severity }) => severity === 'error'),
        );
      },
    ),
    { numRuns: 1000 },
  );
});

function pathsIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [[...path, key], ...pathsIn(member, [...path, key])]);
}

function replace(document: Json, path: readonly string[], value: Json): void {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | null)?.[key], document);
  if (typeof parent === 'object' && parent !== null) (parent as Record<string, Json>)[path.at(-1)!] = value;
}
